"""What every log can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from labkit.wire import Frame


@dataclass(frozen=True, slots=True)
class Replay:
    """The frames that a client missed, oldest first. With `gap`, an unknown number of frames before them is lost.

    "Nothing missed" is Replay(()), and is another answer than "I no longer know", which is Replay(..., gap=True).
    """

    frames: tuple[Frame, ...]
    gap: bool = False


class EventLog(Protocol):
    """What a log must do: append frames, and return those after an id.

    Ids are `epoch-n`, n = 1, 2, 3, ... without a hole. The `epoch` tells this log from every other; n never begins
    again, also where the epoch changes. A log that waits for a disk or a network says so by `blocking = True`: then a
    Channel asks it on another thread than its server's. What goes wrong is a LabError that names place and cause.
    """

    @property
    def epoch(self) -> str:
        """What stands before the hyphen of the newest id."""

    @property
    def last_number(self) -> int:
        """The n of the newest id; 0 before the first."""

    def append(self, frame: Frame) -> str:
        """Keeps the frame and returns its id. An id that the frame has already is replaced."""

    def since(self, last_event_id: str, max_bytes: int | None = None) -> Replay:
        """The frames that were appended after this id. None for "", the id of a client that has received nothing.

        `epoch-0` asks for everything from the beginning. An id of another epoch, an id beyond the end, or one whose
        successor has been dropped is a gap: then the frames are all that is left.

        With `max_bytes` they are the first of them, with at most so much data, and at least one.
        """


class SharedLog(EventLog, Protocol):
    """What a log must do that several processes append to and read: a Channel follows it.

    It says so by `shared = True`, and may be used by several threads at once. Its epoch changes where it may have
    forgotten what it had given out; ids from before stay good for as long as it still holds their event.
    """

    def last_id(self) -> str:
        """The newest id, `epoch-0` before the first: epoch and number of one moment."""

    def wait_since(self, last_event_id: str, wait_s: float) -> Replay:
        """The next frames after this id, as since() gives them, as soon as there are any; none after `wait_s`.

        They come in one piece: what stands behind a hole is asked for again, and is a gap.
        """

    def close(self) -> None:
        """Ends its connections."""
