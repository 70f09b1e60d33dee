"""A log in memory: it ends with its process."""

from __future__ import annotations

import secrets
from collections import deque
from itertools import islice

from labkit.errors import counted
from labkit.log.contract import Replay
from labkit.log.ids import check_epoch, number_of
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
        self._frames: deque[Frame] = deque(maxlen=max_events)

    @property
    def last_number(self) -> int:
        """The n of the newest id; 0 before the first."""
        return self._last_number

    def append(self, frame: Frame) -> str:
        """Keeps the frame and returns its id. See EventLog."""
        id = f"{self.epoch}-{self.last_number + 1}"
        self._frames.append(frame._replace(id=id))
        self._last_number += 1  # only now: a frame that is refused takes no number
        return id

    def since(self, last_event_id: str) -> Replay:
        """The frames after this id, and whether there is a gap. See EventLog."""
        if not last_event_id:
            return Replay(())
        number = number_of(last_event_id, self.epoch)
        last_dropped_number = self.last_number - len(self._frames)
        if number is None or number > self.last_number or number < last_dropped_number:
            return Replay(tuple(self._frames), gap=True)
        # From the right: a reader that is nearly up to date costs what it has missed, however long the log is.
        return Replay(tuple(islice(reversed(self._frames), self.last_number - number))[::-1])

    def __repr__(self) -> str:
        return f"<MemoryLog {self.epoch}: {len(self._frames)} of {counted(self.last_number, 'event')} kept>"
