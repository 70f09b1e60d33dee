"""Time comes in by the door: whoever waits is given a Clock."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from typing import Protocol


class Clock(Protocol):
    """Monotonic seconds, and a way to wait for them."""

    def now_s(self) -> float: ...

    async def sleep_s(self, seconds: float) -> None: ...


class SystemClock:
    """The machine's monotonic clock."""

    def now_s(self) -> float:
        return time.monotonic()

    async def sleep_s(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class VirtualClock:
    """A clock that stands still until advance_s() moves it. `sleeps` lists every wait that was asked for, in order."""

    def __init__(self) -> None:
        self.sleeps: list[float] = []
        self._now_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now_s(self) -> float:
        return self._now_s

    async def sleep_s(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        future = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now_s + seconds, len(self.sleeps), future))
        await future

    async def advance_s(self, seconds: float) -> None:
        """Moves time on, waking the sleepers that are due, in order, and lets each run before the next."""
        end_s = self._now_s + seconds
        while self._sleepers and self._sleepers[0][0] <= end_s:
            self._now_s, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)
            await asyncio.sleep(0)
        self._now_s = end_s


class ImpatientClock(VirtualClock):
    """A clock on which every wait is over at once, and has taken its time all the same."""

    async def sleep_s(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self._now_s += seconds
        await asyncio.sleep(0)


SYSTEM_CLOCK = SystemClock()


async def wait_until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """True as soon as the condition holds; False if it does not within `seconds`."""
    deadline_s = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline_s:
            return False
        await asyncio.sleep(0.01)
    return True
