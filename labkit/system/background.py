"""An asyncio loop on a thread of its own, which runs on while a notebook cell computes."""

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
        """Starts the coroutine on the loop, and returns at once with a Future for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs the coroutine on the loop and returns its result.

        Raises:
            TimeoutError: there is no result within ANSWER_TIMEOUT_S.
        """
        return self.submit(work).result(timeout=ANSWER_TIMEOUT_S)

    def call(self, action: Callable[[], T]) -> T:
        """Calls `action()` on the loop and returns its result.

        Raises:
            TimeoutError: there is no result within ANSWER_TIMEOUT_S.
        """

        async def call() -> T:
            return action()

        return self.run(call())

    def end(self) -> None:
        """Cancels the tasks that still run on the loop, and ends the thread."""
        self.run(_cancel_other_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=ANSWER_TIMEOUT_S)
        self._loop.close()


async def _cancel_other_tasks() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()
