"""A loop on a thread of its own: it goes on while a cell computes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")

ANSWER_TIMEOUT_S = 10.0


class Background:
    """An asyncio loop on a daemon thread. It ends with end(), and with the process at the latest."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"labkit {name}", daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Starts the work there, and returns at once."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of the work, done there."""
        return self.submit(work).result(timeout=ANSWER_TIMEOUT_S)

    def call(self, action: Callable[[], T]) -> T:
        """The result of `action()`, called there."""

        async def call() -> T:
            return action()

        return self.run(call())

    def end(self) -> None:
        """Cancels what still runs there, and ends the thread."""
        self.run(_cancel_other_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=ANSWER_TIMEOUT_S)
        self._loop.close()


async def _cancel_other_tasks() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
