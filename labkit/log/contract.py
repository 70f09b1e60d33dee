"""The contract of a log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from labkit.wire import Frame


@dataclass(frozen=True, slots=True)
class Replay:
    """What a client missed, oldest first. With `gap` there is a hole before the first frame, of unknown size.

    "Nothing missed" is Replay(()), and is another answer than "I no longer know", which is Replay(..., gap=True).
    """

    frames: tuple[Frame, ...]
    gap: bool = False


class EventLog(Protocol):
    """Appends frames, and tells what came after an id. Ids are `epoch-n`, n = 1, 2, 3, ... without a hole."""

    epoch: str

    @property
    def last_number(self) -> int:
        """The n of the newest id; 0 before the first."""

    def append(self, frame: Frame) -> str:
        """The id under which the frame was kept. An id that the frame brought is replaced."""

    def since(self, last_event_id: str) -> Replay:
        """All that was appended after that id; for "", a client that has seen nothing, nothing.

        `epoch-0` asks for everything from the beginning. An id of another epoch, an id beyond the end, or one whose
        successor has been dropped is a gap: then the frames are all that is left.
        """
