"""A body as the standard reads it, with the ids that each event brought itself."""

from __future__ import annotations

from dataclasses import dataclass, field

from labkit.wire import Event
from labkit.wire.explain import Step, explain

#: As much of the body is read line by line: mistakes repeat themselves, and the slow reader is slow.
LOOKED_AT_BYTES = 128 * 1024


@dataclass(frozen=True, slots=True)
class Block:
    """One dispatched event, and the id line in its own block; None if it had none."""

    event: Event
    own_id: str | None


@dataclass(slots=True)
class Content:
    """The steps of the standard over a body, its events, and how many lines of each kind it has."""

    body: bytes
    steps: list[Step] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)

    @property
    def whole_lines(self) -> int:
        """How many complete lines came."""
        return sum(step.role not in ("unfinished", "bom") for step in self.steps)

    def values(self, role: str) -> list[str]:
        """The values of all lines that played this part."""
        return [value_of(step.line) for step in self.steps if step.role == role]


def read_content(body: bytes) -> Content:
    """The body, up to LOOKED_AT_BYTES."""
    content = Content(body[:LOOKED_AT_BYTES])
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
    """The value of a field's line."""
    _, _, value = line.partition(":")
    return value.removeprefix(" ")
