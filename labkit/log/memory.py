"""A log in memory: it ends with its process."""

from __future__ import annotations

import secrets

from labkit.errors import counted
from labkit.log.contract import Replay
from labkit.log.ids import check_epoch, first_page, number_of
from labkit.wire import Frame

#: Precedent: Mercure's queue for each subscriber holds 1000 updates.
MAX_EVENTS = 1000


class MemoryLog:
    """Keeps the newest `max_events` frames in memory. Not for several threads at once: a Channel takes care of that.

    Args:
        max_events: how many frames it keeps.
        epoch: tells this log from every other, so that an id from before a restart is recognized as a stranger's;
            random unless given.

    Raises:
        ValueError: `max_events` is below 1, or the epoch is empty or holds a hyphen.
    """

    def __init__(self, max_events: int = MAX_EVENTS, epoch: str | None = None) -> None:
        if max_events < 1:
            raise ValueError(f"max_events={max_events}: a log must keep at least one event")
        if epoch is not None:
            check_epoch(epoch)
        self.epoch = epoch or secrets.token_hex(4)
        self._last_number = 0
        self._max_events = max_events
        self._frames: dict[int, Frame] = {}  # by their numbers: a page of them is found wherever it begins

    @property
    def last_number(self) -> int:
        """The n of the newest id; 0 before the first."""
        return self._last_number

    def append(self, frame: Frame) -> str:
        """Keeps the frame and returns its id. See EventLog."""
        id = f"{self.epoch}-{self.last_number + 1}"
        self._frames[self._last_number + 1] = frame._replace(id=id)
        self._last_number += 1  # only now: a frame that is refused takes no number
        self._frames.pop(self._last_number - self._max_events, None)
        return id

    def since(self, last_event_id: str, max_bytes: int | None = None) -> Replay:
        """The frames after this id, and whether there is a gap. See EventLog."""
        if not last_event_id:
            return Replay(())
        number = number_of(last_event_id, self.epoch)
        last_dropped_number = self._last_number - len(self._frames)
        gap = number is None or not last_dropped_number <= number <= self._last_number
        start = last_dropped_number if number is None or gap else number
        missed = (self._frames[n] for n in range(start + 1, self._last_number + 1))
        return Replay(tuple(first_page(missed, max_bytes)), gap)

    def __repr__(self) -> str:
        return f"<MemoryLog {self.epoch}: {len(self._frames)} of {counted(self.last_number, 'event')} kept>"
