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

    Ids are `epoch-n`, n = 1, 2, 3, ... without a hole. The `epoch` tells this log from every other.
    """

    epoch: str

    @property
    def last_number(self) -> int:
        """The n of the newest id; 0 before the first."""

    def append(self, frame: Frame) -> str:
        """Keeps the frame and returns its id. An id that the frame has already is replaced."""

    def since(self, last_event_id: str) -> Replay:
        """The frames that were appended after this id. None for "", the id of a client that has received nothing.

        `epoch-0` asks for everything from the beginning. An id of another epoch, an id beyond the end, or one whose
        successor has been dropped is a gap: then the frames are all that is left.
        """
