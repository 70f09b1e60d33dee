"""What a connection costs the server: memory while it is idle, time of the processor for each event."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from labkit.lab.bench import threaded
from labkit.lab.bench.origin import START, Origin, origin

SOCKET = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n"
)
#: By name: the program, the path, and the request's own headers.
SERVERS = {
    "SSE": (START, "/events", ""),
    "WebSocket": (START, "/socket", SOCKET),
    "long polling": (START, "/wait?since={last}", ""),
    "SSE, a thread each": (threaded.START, "/events", ""),
}
SETTLE_S = 0.3


@dataclass(frozen=True)
class Cost:
    """Of `connections`: memory of the server for each while idle, and its time of the processor for each event that it
    sent to one of them. A question that waits is over with its event: long polling has no second one here."""

    connections: int
    memory_bytes: float
    cpu_us_per_event: float

    def __repr__(self) -> str:
        return f"{self.memory_bytes / 1024:.1f} KiB each, {self.cpu_us_per_event:.0f} µs for each event"


async def cost(connections: int = 200, events: int = 20, per_s: float = 20.0) -> dict[str, Cost]:
    """For each way to serve, in a process of its own, what `connections` cost, idle and with events."""
    return {name: await _cost(name, connections, events, per_s) for name in SERVERS}


async def _cost(name: str, connections: int, events: int, per_s: float) -> Cost:
    start, path, headers = SERVERS[name]
    events = 1 if name == "long polling" else events
    async with origin(start) as server:
        await server.play(1, 100.0)  # whatever is made at first use is there before it is measured
        await asyncio.sleep(SETTLE_S)
        before = await server.usage()
        async with _readers(server, path.format(last=before["last"]), headers, connections):
            await asyncio.sleep(SETTLE_S)
            idle = await server.usage()
            await server.play(events, per_s)
            await asyncio.sleep(events / per_s + SETTLE_S)
            busy = await server.usage()
    memory = (idle["memory_bytes"] - before["memory_bytes"]) / connections
    return Cost(connections, memory, (busy["cpu_s"] - idle["cpu_s"]) * 1e6 / (events * connections))


@contextlib.asynccontextmanager
async def _readers(server: Origin, path: str, headers: str, count: int) -> AsyncIterator[None]:
    """So many open connections, which read and forget."""
    parts = urlsplit(server.url)
    request = f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{headers}\r\n".encode()
    writers, reading = [], []
    try:
        for _ in range(count):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            writer.write(request)
            writers.append(writer)
            reading.append(asyncio.ensure_future(_forget(reader)))
        yield
    finally:
        for task in reading:
            task.cancel()
        for writer in writers:
            writer.close()
        await asyncio.gather(*reading, return_exceptions=True)


async def _forget(reader: asyncio.StreamReader) -> None:
    while await reader.read(65536):
        pass
