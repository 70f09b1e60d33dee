"""Runs in the kernel of a lesson: before each cell half a minute passes, as it does while somebody reads.

Nobody waits. What runs on a loop of asyncio takes its waits from the loop's clock, and this clock is moved ahead from
timer to timer: servers go on publishing, heartbeats come, clients connect again, in their order. It is the time of the
loops alone: what reads the clock of the system, other processes and threads that sleep see nothing of it.
"""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time

#: The second time each lesson runs as on a machine that has nothing but Python, and with as few rounds as can be.
PROGRAMS = ("BROWSER", "NGINX", "HAPROXY", "APACHE", "CADDY", "VARNISH", "ENVOY", "REDIS", "AGENTS")
WITHOUT_PROGRAMS = {**{f"LABKIT_{name}": "none" for name in PROGRAMS}, "LABKIT_ROUNDS": "2"}
PAUSE_S = 30.0
#: A step of the clock takes as long as the loops take to do what is due, and their sockets to carry it.
SETTLING_S = 0.001

_ahead_s = 0.0


def _time(loop: asyncio.BaseEventLoop) -> float:
    return time.monotonic() + _ahead_s


def pass_time(seconds: float) -> None:
    """Lets so many seconds pass on every loop that runs on a thread of its own."""
    global _ahead_s
    loops = _running_loops()
    end_s = _ahead_s + seconds
    while _ahead_s < end_s:
        timers = [loop._scheduled[0].when() for loop in loops if loop._scheduled]
        due_s = min(timers, default=float("inf")) - time.monotonic()
        _ahead_s = min(max(due_s, _ahead_s + SETTLING_S), end_s)
        for loop in loops:
            _let_run(loop)
        time.sleep(SETTLING_S)


def _running_loops() -> list[asyncio.BaseEventLoop]:
    here = asyncio.get_event_loop()  # the kernel's own stands still while this runs
    return [
        found
        for found in gc.get_objects()
        if isinstance(found, asyncio.BaseEventLoop) and found.is_running() and found is not here
    ]


def _let_run(loop: asyncio.BaseEventLoop) -> None:
    done = threading.Event()
    loop.call_soon_threadsafe(done.set)
    done.wait(1.0)


_last_cell = ""


def _before_cell(info: object) -> None:
    global _last_cell
    source = info.raw_cell  # type: ignore[attr-defined]
    if source != _last_cell:  # who runs a cell twice does not read it again
        pass_time(PAUSE_S)
    _last_cell = source


def begin() -> None:
    """From now on each cell of the notebook waits for the reader."""
    os.environ.update(WITHOUT_PROGRAMS)
    asyncio.BaseEventLoop.time = _time
    get_ipython().events.register("pre_run_cell", _before_cell)  # type: ignore[name-defined] # noqa: F821
