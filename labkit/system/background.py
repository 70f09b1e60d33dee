"""An asyncio loop on a thread of its own, which runs on while a notebook cell computes."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from labkit.errors import LoopBlocked
from labkit.system.standing import standing_at

T = TypeVar("T")

ANSWER_TIMEOUT_S = 10.0


class Background:
    """An asyncio loop on a daemon thread. It ends with end(), and with the process at the latest."""

    def __init__(self, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run_loop, name=f"labkit {name}", daemon=True)
        self._thread.start()

    def _run_loop(self) -> None:
        with contextlib.suppress(SystemExit):  # of abandon()
            self._loop.run_forever()

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Starts the coroutine on the loop, and returns at once with a Future for its result."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs the coroutine on the loop and returns its result.

        Raises:
            LoopBlocked: there is no result within ANSWER_TIMEOUT_S.
        """
        future = self.submit(work)
        try:
            return future.result(timeout=ANSWER_TIMEOUT_S)
        except TimeoutError:
            if future.done():
                raise  # it is the work's own
            line = standing_at(self._thread)
            future.cancel()
            raise LoopBlocked(self._thread.name.removeprefix("labkit "), ANSWER_TIMEOUT_S, line) from None

    def call(self, action: Callable[[], T]) -> T:
        """Calls `action()` on the loop and returns its result.

        Raises:
            LoopBlocked: there is no result within ANSWER_TIMEOUT_S.
        """

        async def call() -> T:
            return action()

        return self.run(call())

    def end(self) -> None:
        """Cancels the tasks that still run on the loop, and ends the thread.

        Raises:
            LoopBlocked: it does not answer.
        """
        self.run(_cancel_other_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=ANSWER_TIMEOUT_S)
        self._loop.close()

    def abandon(self) -> None:
        """Leaves a loop that does not answer to itself. Its thread ends at the next line of Python that it comes to."""
        with contextlib.suppress(RuntimeError):  # it has ended meanwhile
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._loop.set_exception_handler(lambda loop, context: None)  # its tasks end in disorder, and need not say so
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(self._thread.ident or 0), ctypes.py_object(SystemExit)
        )


async def _cancel_other_tasks() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()
