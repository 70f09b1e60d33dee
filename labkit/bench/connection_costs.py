"""A server in a process of its own, more and more connections to it, and what each of them takes."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import NamedTuple

from labkit.bench.origin import START, Origin, origin
from labkit.bench.plain_readers import DEFLATE, SOCKET, asks, listens
from labkit.bench_servers import compressed, threaded_program
from labkit.errors import LabError

POLL_EVERY_S = 0.5
#: By name: the program, and who reads from it.
SERVERS = {
    "SSE": (START, listens("/events")),
    "WebSocket": (START, listens("/socket", SOCKET)),
    "long polling": (START, asks("/wait", every_s=0.0)),
    "polling": (START, asks("/poll", every_s=POLL_EVERY_S)),
    "SSE, a thread each": (threaded_program.START, listens("/events")),
    "SSE, compressed": (START, listens(compressed.path("/events"))),
    "WebSocket, compressed": (START, listens(compressed.path("/socket"), DEFLATE)),
}
SETTLE_S = 0.3
QUIET_S = 0.02  # of the processor's time, in a tenth of a second
IDLE_S = 0.5
#: What each connection is sent before it is measured: as much as a compressor remembers.
USED_EVENTS, USED_PER_S, USED_BYTES = 32, 200.0, 1000


class Cost(NamedTuple):
    """What one connection took in one round."""

    memory_kib: float
    descriptors: float
    idle_us_per_s: float
    us_per_event: float


class Served:
    """One of SERVERS, and its connections: each start() and measure() opens so many more."""

    def __init__(self, name: str, connections: int) -> None:
        self._start, self._read = SERVERS[name]
        self._connections_to_add = connections
        self._reading: list[asyncio.Future[None]] = []
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """The server runs, and its first connections, which are not measured, have taken what its process had free."""
        self._server: Origin = await self._stack.enter_async_context(origin(self._start))
        await self._server.play(1, 100.0)  # whatever is made at first use is there before it is measured
        first, second = await self._server.usage(), await self._server.usage()
        await self._server.play(0, 1.0)
        self._asking_s = second["cpu_s"] - first["cpu_s"]
        self._playing_s = (await self._server.usage())["cpu_s"] - second["cpu_s"]
        await self._connect(second["last"])

    async def measure(self, events: int, per_s: float) -> Cost:
        """What each of the next connections takes; and each of all, of the processor's time.

        Raises:
            LabError: one of them ended.
        """
        before = await self._server.usage()
        await self._connect(before["last"])
        idle = await self._server.usage()
        await asyncio.sleep(IDLE_S)
        later = await self._server.usage()
        await self._server.play(events, per_s)
        await asyncio.sleep(events / per_s + SETTLE_S)
        busy = await self._server.usage()
        if ended := [reading for reading in self._reading if reading.done()]:
            count = len(self._reading)
            raise LabError(f"{len(ended)} of {count} connections ended while they were measured: {_why(ended[0])}")
        idle_share = max(0.0, later["cpu_s"] - idle["cpu_s"] - self._asking_s) / IDLE_S
        events_s = busy["cpu_s"] - later["cpu_s"] - self._playing_s - idle_share * (events / per_s + SETTLE_S)
        return Cost(
            (idle["memory_bytes"] - before["memory_bytes"]) / 1024 / self._connections_to_add,
            (idle["descriptors"] - before["descriptors"]) / self._connections_to_add,
            idle_share * 1e6 / len(self._reading),
            max(0.0, events_s) * 1e6 / (events * len(self._reading)),
        )

    async def stop(self) -> None:
        """Ends the connections and the server."""
        for reading in self._reading:
            reading.cancel()
        try:
            await asyncio.gather(*self._reading, return_exceptions=True)
        finally:
            await self._stack.aclose()

    async def _connect(self, last: str) -> None:
        """So many more connections, which read and forget. They begin one behind the other, and are used: a compressor
        that has seen nothing yet takes less memory."""
        for number in range(self._connections_to_add):
            wait_s = number / self._connections_to_add * POLL_EVERY_S
            self._reading.append(asyncio.ensure_future(self._read(self._server.url, last, wait_s)))
        await asyncio.sleep(POLL_EVERY_S)  # until all have begun
        await self._server.play(USED_EVENTS, USED_PER_S, USED_BYTES)
        await asyncio.sleep(USED_EVENTS / USED_PER_S + SETTLE_S)
        await self._quiet()

    async def _quiet(self) -> None:
        """Waits until the server has done what it was given to do, for 3 s at most: pollers never leave it alone."""
        used_s = float((await self._server.usage())["cpu_s"])
        for _ in range(30):
            await asyncio.sleep(0.1)
            before_s, used_s = used_s, (await self._server.usage())["cpu_s"]
            if used_s - before_s < QUIET_S:
                return


def _why(ended: asyncio.Future[None]) -> str:
    problem = ended.exception()
    return "the server ended it" if problem is None else f"{type(problem).__name__}: {problem}"
