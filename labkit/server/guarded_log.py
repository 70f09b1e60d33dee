"""A channel's log: several threads may use it, and a slow one makes no event loop wait."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple, cast

from labkit.log import EventLog, Replay, SharedLog
from labkit.log.ids import number_in
from labkit.wire import Frame

#: So many appends may wait at once. Redis takes them one after the other in any case.
PUBLISHERS = 8


class Page(NamedTuple):
    """What a log said at one moment: a replay, or its beginning, and the id up to which the reader has all with it."""

    replay: Replay
    last_id: str

    @property
    def last_number(self) -> int:
        """The number of the last id."""
        return number_in(self.last_id)


class GuardedLog:
    """Guards a log, so that one thread at a time asks it; a shared log takes care of that itself."""

    def __init__(self, log: EventLog | SharedLog) -> None:
        self.log = log
        # A log in a file is asked by other threads than the server's. One that does not say is asked at once.
        self.blocking: bool = getattr(log, "blocking", False)
        self.shared: bool = getattr(log, "shared", False)
        self._lock = contextlib.nullcontext() if self.shared else threading.Lock()
        self._publishers: ThreadPoolExecutor | None = None

    @property
    def publishers(self) -> ThreadPoolExecutor:
        """Threads that may wait for the log, so that those which read are not kept by it."""
        if self._publishers is None:
            self._publishers = ThreadPoolExecutor(PUBLISHERS, thread_name_prefix="labkit publishes")
        return self._publishers

    def release(self) -> None:
        """Lets these threads end when they have published what they were given."""
        publishers, self._publishers = self._publishers, None
        if publishers is not None:
            publishers.shutdown(wait=False)

    def append(self, frame: Frame, and_then: Callable[[str], None]) -> str:
        """Appends the frame, calls `and_then(id)`, and returns the id.

        Both are one step: two threads that did them apart would send 2 before 1.
        """
        with self._lock:
            id = self.log.append(frame)
            and_then(id)
        return id

    def last_id(self) -> str:
        """The newest id; `epoch-0` before the first."""
        with self._lock:
            return self._last_id()

    async def page(self, last_event_id: str, max_bytes: int) -> Page:
        """The first page of what was appended after this id. A log that blocks is asked in another thread."""
        if self.blocking:
            return await asyncio.to_thread(self.read, last_event_id, max_bytes)
        return self.read(last_event_id, max_bytes)

    def read(self, last_event_id: str, max_bytes: int) -> Page:
        """The first page of what was appended after this id."""
        with self._lock:
            last_id = self._last_id()  # first: another process may append between the two questions
            replay = self.log.since(last_event_id, max_bytes)
        return Page(replay, (replay.frames[-1].id or last_id) if replay.frames else last_id)

    def _last_id(self) -> str:
        if self.shared:
            return cast(SharedLog, self.log).last_id()
        return f"{self.log.epoch}-{self.log.last_number}"
