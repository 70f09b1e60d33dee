"""Something is said when nothing else is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Heartbeat:
    """Calls `beat()` after so many seconds in which nothing was written, and again after as many."""

    def __init__(self, every_s: float, beat: Callable[[], object]) -> None:
        self._every_s, self._beat = every_s, beat
        self._timer: asyncio.TimerHandle | None = None
        self._last_write_s = 0.0
        self._time_s: Callable[[], float] = lambda: 0.0

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begins, on this loop."""
        self._time_s = loop.time
        self._wait(loop, self._every_s)

    def stop(self) -> None:
        """Ends."""
        if self._timer is not None:
            self._timer.cancel()

    def note_write(self) -> None:
        """Something was written now."""
        self._last_write_s = self._time_s()

    def _wait(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self._timer = loop.call_later(seconds, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        idle_s = loop.time() - self._last_write_s
        if idle_s >= self._every_s:
            self._beat()
            idle_s = 0.0
        self._wait(loop, self._every_s - idle_s)
