"""The body of a response, read line by line as the standard does, with the id line of each event."""

from __future__ import annotations

from dataclasses import dataclass, field

from labkit.wire import Event
from labkit.wire.explain import Step, explain

#: As much of the body is read line by line: mistakes repeat themselves, and the slow reader is slow.
MAX_BODY_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Block:
    """One dispatched event. `own_id` is the id that stands in its own block, None if there is none."""

    event: Event
    own_id: str | None


@dataclass(slots=True)
class Content:
    """What a body holds: the line-by-line steps of the standard's algorithm, and the events that they dispatch."""

    body: bytes
    steps: list[Step] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def whole_lines(self) -> int:
        """The number of complete lines."""
        return sum(step.role not in ("unfinished", "bom") for step in self.steps)

    def values(self, role: str) -> list[str]:
        """The values of all lines with this role, such as "data" or "retry", in order."""
        return [value_of(step.line) for step in self.steps if step.role == role]


def read_content(body: bytes) -> Content:
    """The lines and events of the first MAX_BODY_BYTES bytes of a body.

    Source: WHATWG HTML 9.2.6, "Interpreting an event stream".
    """
    content = Content(body[:MAX_BODY_BYTES])
    content.steps = explain(content.body, buffers=False)
    own_id: str | None = None
    for step in content.steps:
        if step.role == "id":
            own_id = value_of(step.line)
        elif step.role == "blank":
            if isinstance(step.signal, Event):
                content.blocks.append(Block(step.signal, own_id))
            own_id = None
    return content


def value_of(line: str) -> str:
    """The value in a line of the stream: what follows the first colon, without one space before it."""
    _, _, value = line.partition(":")
    return value.removeprefix(" ")
