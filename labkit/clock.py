"""Clocks, real and virtual: code that waits is given one, so that tests need not wait."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """What a clock must do: tell the time in monotonic seconds, and wait."""

    def now_s(self) -> float:
        """The time now, in seconds that never run backwards."""

    async def sleep_s(self, seconds: float) -> None:
        """Returns after so many seconds."""


class SystemClock:
    """The machine's monotonic clock."""

    def now_s(self) -> float:
        """The time now, in seconds."""
        return time.monotonic()

    async def sleep_s(self, seconds: float) -> None:
        """Returns after so many seconds."""
        await asyncio.sleep(seconds)


class VirtualClock:
    """A clock that stands still until advance_s() moves it. `sleeps` lists every wait that was asked for, in order."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self._now_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now_s(self) -> float:
        """The virtual time now, in seconds; it begins at 0."""
        return self._now_s

    async def sleep_s(self, seconds: float) -> None:
        """Returns when advance_s() has moved the clock by so many seconds."""
        self.sleeps.append(seconds)
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now_s + seconds, len(self.sleeps), future))
        await future

    async def advance_s(self, seconds: float) -> None:
        """Moves the clock forward. Wakes the sleepers that are due, in order, and lets each run before the next."""
        end_s = self._now_s + seconds
        while self._sleepers and self._sleepers[0][0] <= end_s:
            self._now_s, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
            await asyncio.sleep(0)
        self._now_s = end_s


class ImpatientClock(VirtualClock):
    """A virtual clock that moves by itself: every wait is over at once, and moves the clock by its time."""

    async def sleep_s(self, seconds: float) -> None:
        """Moves the clock by so many seconds and returns at once."""
        self.sleeps.append(seconds)
        self._now_s += seconds
        await asyncio.sleep(0)


SYSTEM_CLOCK = SystemClock()


async def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Waits until the condition holds. True as soon as it does; False if it does not within `seconds`."""
    deadline_s = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        await asyncio.sleep(0.01)
    return True
