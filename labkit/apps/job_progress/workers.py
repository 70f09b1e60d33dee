"""The jobs, and the processes that run them step by step."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import SpawnContext, SpawnProcess
from types import ModuleType
from typing import Any

from labkit.apps.requests import Values, text_in
from labkit.errors import LabError

Job = dict[str, Any]

PROCESSES = 2
STEPS = 50
LIMITS = range(1_000, 1_000_001)
#: The second one raises half-way. In the third one the process itself dies, as when the machine has no memory left.
WORKS = ("primes", "raises", "dies")


def job_in(values: Values) -> Job:
    """The job that a page asks for: "work", one of WORKS, and the "limit" below which it counts primes.

    Raises:
        LabError: it is no such job, or the limit is none of LIMITS.
    """
    work, limit = text_in(values, "work"), text_in(values, "limit", 20)
    if work not in WORKS:
        raise LabError(f"there is no work {work!r}. There is: {', '.join(WORKS)}")
    if not (limit.isascii() and limit.isdigit() and int(limit) in LIMITS):
        raise LabError(f"{limit!r} is no limit: a whole number from {LIMITS[0]:,} to {LIMITS[-1]:,} is needed")
    return {"work": work, "limit": int(limit), "state": "running", "done": 0, "of": STEPS, "found": 0, "error": ""}


class Workers:
    """Up to PROCESSES processes, each started when it is needed. They end with this one, however it ends.

    They are spawned: a server has threads, and a child that is forked from it can wait for ever for one of their locks.
    """

    def __init__(self) -> None:
        self._pool = _new_pool()
        self._working, self._never = asyncio.Event(), asyncio.Event()

    async def step(self, job: Job) -> None:
        """Takes a job one step further, while work() runs. Its state is "done" after the last one.

        Raises:
            Exception: what the job raised; BrokenProcessPool where its process died, and others with it.
        """
        await self._working.wait()
        loop, pool = asyncio.get_running_loop(), self._pool
        job["found"] += await loop.run_in_executor(pool, count_primes, job["work"], job["limit"], job["done"])
        job["done"] += 1
        if job["done"] == job["of"] and job["state"] == "running":
            job["state"] = "done"

    def renew_if_broken(self) -> None:
        """New processes, if one of these has died: then the pool takes no work any more."""
        try:
            self._pool.submit(int)
        except RuntimeError:  # BrokenProcessPool is one
            self._pool = _new_pool()

    async def work(self) -> None:
        """Lets jobs run until it is cancelled: the processes end then, each after its step. Called anew, jobs go on."""
        self._working.set()
        try:
            await self._never.wait()
        finally:
            self._working.clear()
            self._pool.shutdown(wait=False)
            self._pool = _new_pool()


def count_primes(work: str, limit: int, step: int) -> int:
    """How many primes there are in this step's part of the numbers below `limit`. A process of its own runs it.

    Raises:
        ValueError: half-way, where the work is "raises".
    """
    if work == "raises" and step == STEPS // 2:
        raise ValueError(f"the numbers from {limit // 2:,} on cannot be read")
    if work == "dies" and step == STEPS // 2:
        os._exit(1)
    numbers = range(max(2, limit * step // STEPS), limit * (step + 1) // STEPS)
    return sum(all(number % divisor for divisor in range(2, int(number**0.5) + 1)) for number in numbers)


class _Process(SpawnProcess):
    """A process that neither runs the caller's script again nor hears Ctrl-C.

    What is spawned imports the script that has started the server, in order to find functions there. None of ours is;
    and a script without `if __name__ == "__main__":` would start another server.
    """

    def start(self) -> None:
        script, sys.modules["__main__"] = sys.modules["__main__"], ModuleType("__main__")
        try:
            with _without_interrupts():
                super().start()
        finally:
            sys.modules["__main__"] = script


class _Context(SpawnContext):
    Process = _Process


def _new_pool() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(PROCESSES, _Context(), _prepare)


@contextlib.contextmanager
def _without_interrupts() -> Iterator[None]:
    """Ctrl-C goes to all processes of a terminal. It is the server that ends these: what starts in here hears nothing.

    Windows has no such mask.
    """
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _prepare() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Windows, it is deaf from here on
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A server that is killed tells its processes nothing, and they would wait for work for ever."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
