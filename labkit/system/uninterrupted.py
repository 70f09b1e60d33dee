"""Work that Ctrl-C must not leave half done, and that two threads must not do at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")

_locks: dict[str, threading.Lock] = {}


def uninterrupted(key: str, work: Callable[[], T]) -> T:
    """Returns `work()`, which runs to its end even if the caller is interrupted; one at a time for each key.

    Python raises KeyboardInterrupt in the main thread alone, between any two of its instructions: so what opens a port
    and then notes it would sometimes open it without a note. On another thread it does both.
    """
    lock = _locks.setdefault(key, threading.Lock())

    def work_alone() -> T:
        with lock:
            return work()

    if threading.current_thread() is not threading.main_thread():
        return work_alone()
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(work_alone())
        except BaseException as problem:
            answer.set_exception(problem)

    threading.Thread(target=run, name=f"labkit on its way: {key}", daemon=True).start()
    return answer.result()
