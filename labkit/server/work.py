"""What a launched server does beside answering requests."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

#: A coroutine function without arguments, which may be called again after it was cancelled.
WorkFunction = Callable[[], Coroutine[Any, Any, None]]


async def telling(name: str, work: WorkFunction, problems: deque[str]) -> None:
    """Awaits `work()`. If it fails, `problems` gets a sentence: nothing may be printed from the background."""
    try:
        await work()
    except Exception as problem:
        problems.append(f"{name} ended early: {problem}")
        raise


class Work:
    """Work that runs until it returns, and that can be paused: then it is cancelled, and called anew when it goes on.

    It begins at once. Call every method on the server's loop.
    """

    def __init__(self, work: WorkFunction, problems: deque[str]) -> None:
        self._work, self._problems = work, problems
        self._task = self._start()

    def pause(self) -> None:
        """Cancels it, if it runs."""
        self._task.cancel()

    def resume(self) -> None:
        """Calls it anew, if it was cancelled. What has returned, or failed, stays ended."""
        if self._task.cancelled() or self._task.cancelling():
            self._task = self._start()

    def _start(self) -> asyncio.Task[None]:
        task = asyncio.ensure_future(telling(f"{self._work.__qualname__}()", self._work, self._problems))
        task.add_done_callback(lambda task: task.cancelled() or task.exception())  # or the loop complains about it
        return task


def pause_all(works: Iterable[Work]) -> None:
    """Pauses each of them. Call it on the server's loop."""
    for work in works:
        work.pause()


def resume_all(works: Iterable[Work]) -> None:
    """Lets each of them go on. Call it on the server's loop."""
    for work in works:
        work.resume()
