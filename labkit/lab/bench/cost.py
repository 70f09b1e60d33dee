"""What a connection costs the server: memory, descriptors and the processor's time, idle and with events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from labkit.errors import LabError
from labkit.lab.bench import compressed, threaded
from labkit.lab.bench.asked import check_asked
from labkit.lab.bench.origin import START, Origin, origin
from labkit.lab.bench.process import descriptor_limit
from labkit.lab.bench.readers import DEFLATE, SOCKET, Read, asks, listens

POLL_EVERY_S = 0.5
#: By name: the program, and who reads from it.
SERVERS = {
    "SSE": (START, listens("/events")),
    "WebSocket": (START, listens("/socket", SOCKET)),
    "long polling": (START, asks("/wait", every_s=0.0)),
    "polling": (START, asks("/poll", every_s=POLL_EVERY_S)),
    "SSE, a thread each": (threaded.START, listens("/events")),
    "SSE, compressed": (START, listens(compressed.path("/events"))),
    "WebSocket, compressed": (START, listens(compressed.path("/socket"), DEFLATE)),
}
WAYS = tuple(SERVERS)
SETTLE_S = 0.3
QUIET_S = 0.02  # of the processor's time, in a tenth of a second
IDLE_S = 0.5
#: What each connection is sent before it is measured: as much as a compressor remembers.
USED_EVENTS, USED_PER_S, USED_BYTES = 32, 200.0, 1000
SPARE_DESCRIPTORS = 60  # that a process has open anyhow


@dataclass(frozen=True)
class Cost:
    """What a connection costs the server.

    `memory_bytes` of its process (the system's own buffers for a socket are not in it) and `descriptors`, while it is
    idle again after 32 KB of events; `idle_cpu_us_per_s` of the processor between two heartbeats (for polling: what its
    questions cost, twice a second); and `cpu_us_per_event` more for each event that it is sent.
    """

    memory_bytes: float
    descriptors: float
    idle_cpu_us_per_s: float
    cpu_us_per_event: float

    def __repr__(self) -> str:
        each = f"{self.memory_bytes / 1024:.1f} KiB and {self.descriptors:.2g} descriptor{'s' * (self.descriptors > 1)}"
        idle = f"{self.idle_cpu_us_per_s:.0f} µs a second idle"
        return f"{each} each; processor: {idle}, {self.cpu_us_per_event:.0f} µs for each event"


async def cost(
    connections: int = 100, events: int = 20, per_s: float = 40.0, transports: Sequence[str] = WAYS
) -> dict[str, Cost]:
    """For each way to serve, in a process of its own, what `connections` cost, idle and with events. All are measured
    at the same time, so that what disturbs one disturbs all.

    Raises:
        LabError: this machine does not allow so many open connections, or one ended.
    """
    check_asked(transports, SERVERS, connections=connections, events=events, per_s=per_s)
    if connections < 2:
        raise LabError("connections=1: two at least, for the first half only takes up what is free")
    allowed, needed = descriptor_limit(), connections * len(transports) + SPARE_DESCRIPTORS
    if needed > allowed:
        raise LabError(
            f"{connections} connections to each of {len(transports)} servers need {needed} open files, and this "
            f"process may have {allowed}. Ask for fewer, or raise the limit (ulimit -n)"
        )
    measuring = [asyncio.ensure_future(_cost(name, connections, events, per_s)) for name in transports]
    try:
        return dict(zip(transports, await asyncio.gather(*measuring), strict=True))
    finally:
        for one in measuring:  # where one fails, the others end too
            one.cancel()
        await asyncio.gather(*measuring, return_exceptions=True)


async def _cost(name: str, connections: int, events: int, per_s: float) -> Cost:
    start, read = SERVERS[name]
    half = connections // 2
    async with origin(start) as server:
        await server.play(1, 100.0)  # whatever is made at first use is there before it is measured
        first, second = await server.usage(), await server.usage()
        await server.play(0, per_s)
        asking_s, playing_s = second["cpu_s"] - first["cpu_s"], (await server.usage())["cpu_s"] - second["cpu_s"]
        # The first half takes what the process has free; only the second half's memory is counted.
        async with _reading(server, read, second["last"], connections - half):
            before = await server.usage()
            async with _reading(server, read, before["last"], half):
                idle = await server.usage()
                await asyncio.sleep(IDLE_S)
                later = await server.usage()
                await server.play(events, per_s)
                await asyncio.sleep(events / per_s + SETTLE_S)
                busy = await server.usage()
    idle_share = max(0.0, later["cpu_s"] - idle["cpu_s"] - asking_s) / IDLE_S
    events_s = busy["cpu_s"] - later["cpu_s"] - playing_s - idle_share * (events / per_s + SETTLE_S)
    return Cost(
        (idle["memory_bytes"] - before["memory_bytes"]) / half,
        (idle["descriptors"] - before["descriptors"]) / half,
        idle_share * 1e6 / connections,
        max(0.0, events_s) * 1e6 / (events * connections),
    )


@contextlib.asynccontextmanager
async def _reading(server: Origin, read: Read, last: str, count: int) -> AsyncIterator[None]:
    """So many connections, which read and forget. They begin one behind the other, and have been used: a compressor
    that has seen nothing yet takes less memory."""
    spread = (number / count * POLL_EVERY_S for number in range(count))
    reading = [asyncio.ensure_future(read(server.url, last, wait_s)) for wait_s in spread]
    try:
        await asyncio.sleep(POLL_EVERY_S)  # until all have begun
        await server.play(USED_EVENTS, USED_PER_S, USED_BYTES)
        await asyncio.sleep(USED_EVENTS / USED_PER_S + SETTLE_S)
        await _quiet(server)
        yield
        if ended := [one for one in reading if one.done()]:
            raise LabError(f"{len(ended)} of {count} connections ended while they were measured: {_why(ended[0])}")
    finally:
        for one in reading:
            one.cancel()
        await asyncio.gather(*reading, return_exceptions=True)


async def _quiet(server: Origin) -> None:
    """Waits until the server has done what it was given to do, for 3 s at most: pollers never leave it alone."""
    used_s = float((await server.usage())["cpu_s"])
    for _ in range(30):
        await asyncio.sleep(0.1)
        before_s, used_s = used_s, (await server.usage())["cpu_s"]
        if used_s - before_s < QUIET_S:
            return


def _why(ended: asyncio.Future[None]) -> str:
    problem = ended.exception()
    return "the server ended it" if problem is None else f"{type(problem).__name__}: {problem}"
