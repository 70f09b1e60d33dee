"""The body of a response, read line by line as the standard does, in paragraphs and with the id line of each event."""

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
class Paragraph:
    """The lines between two blank lines, whether they dispatch an event or not.

    `closed` says whether a blank line came behind them; `event` is what that dispatched, None if nothing.
    """

    steps: list[Step] = field(default_factory=list)
    closed: bool = False
    event: Event | None = None

    def has(self, *roles: str) -> bool:
        """Whether some line has one of these roles, such as "data" or "event"."""
        return any(step.role in roles for step in self.steps)

    def lines(self, role: str) -> list[str]:
        """The lines with this role, in order."""
        return [step.line for step in self.steps if step.role == role]


@dataclass(slots=True)
class Content:
    """What a body holds: the line-by-line steps of the standard's algorithm, and the events that they dispatch.

    `whole` is False if the body holds more than was read.
    """

    body: bytes
    steps: list[Step] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    paragraphs: list[Paragraph] = field(default_factory=list)
    whole: bool = True

    @property
    def whole_lines(self) -> int:
        """The number of complete lines."""
        return sum(step.role not in ("unfinished", "bom") for step in self.steps)

    def values(self, role: str) -> list[str]:
        """The values of all lines with this role, such as "data" or "retry", in order."""
        return [value_of(step.line) for step in self.steps if step.role == role]


def read_content(body: bytes) -> Content:
    """The lines, paragraphs and events of the first MAX_BODY_BYTES bytes of a body.

    Source: WHATWG HTML 9.2.6, "Interpreting an event stream".
    """
    content = Content(body[:MAX_BODY_BYTES], whole=len(body) <= MAX_BODY_BYTES)
    content.steps = explain(content.body, buffers=False)
    paragraph = Paragraph()
    for step in content.steps:
        if step.role != "blank":
            paragraph.steps.append(step)
            continue
        if isinstance(step.signal, Event):
            paragraph.event = step.signal
            ids = paragraph.lines("id")
            content.blocks.append(Block(step.signal, value_of(ids[-1]) if ids else None))
        if paragraph.steps:
            paragraph.closed = True
            content.paragraphs.append(paragraph)
        paragraph = Paragraph()
    if paragraph.steps:
        content.paragraphs.append(paragraph)
    return content


def value_of(line: str) -> str:
    """The value in a line of the stream: what follows the first colon, without one space before it."""
    _, _, value = line.partition(":")
    return value.removeprefix(" ")


def shorten(text: str, longest: int = 50) -> str:
    """The text as evidence shows it: quoted, in ASCII, in at most `longest` characters."""
    escaped = ascii(text)
    return escaped if len(escaped) <= longest else f"{escaped[: longest - 3]}..."


def as_written(text: str) -> str:
    """The same without quotes, and with each backslash once, as it stands in the stream."""
    return shorten(text)[1:-1].replace("\\\\", "\\")
