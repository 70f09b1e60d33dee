"""Something is said while a model thinks: when a reader of its answer is due a heartbeat."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from labkit.clock import Clock

#: A clock may wake a little early, and a sum of times is not exact: what is left then is no time to wait.
ROUNDING_S = 1e-3


class Beats:
    """Says when one reader has been told nothing for `every_s`, and again after as many. Close it with stop().

    Args:
        every_s: how long a reader is told nothing.
        clock: replaced in tests.
        wake: called when a heartbeat is due.
    """

    def __init__(self, every_s: float, clock: Clock, wake: Callable[[], object]) -> None:
        self._every_s, self._clock, self._wake = every_s, clock, wake
        self._last_s = clock.now_s()
        self._is_due = False
        self._task = asyncio.ensure_future(self._run())

    def note(self) -> None:
        """The reader was told something now."""
        self._last_s, self._is_due = self._clock.now_s(), False

    def take(self) -> bool:
        """Whether a heartbeat is due; then the next one is due after `every_s`."""
        is_due, self._is_due = self._is_due, False
        return is_due

    def stop(self) -> None:
        """No heartbeat is due any more."""
        self._task.cancel()

    async def _run(self) -> None:
        left_s = self._every_s
        while True:
            await self._clock.sleep_s(left_s)
            left_s = self._last_s + self._every_s - self._clock.now_s()
            if left_s < ROUNDING_S:
                self._last_s, self._is_due, left_s = self._clock.now_s(), True, self._every_s
                self._wake()
