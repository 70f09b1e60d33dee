"""Asynchronous work with a result for those who do not await: on a loop of its own, within a bound."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from labkit.system.background import Background

T = TypeVar("T")


def result_within(seconds: float, work: Coroutine[Any, Any, T]) -> T:
    """The result of the work. It runs on a thread of its own: the caller's may be running a loop already.

    Raises:
        TimeoutError: there is none within so many seconds. The work is cancelled.
    """
    background = Background("check")
    try:
        future = background.submit(work)
        try:
            return future.result(seconds)
        except TimeoutError:
            future.cancel()
            raise
    finally:
        background.end()
