"""One client for each transport, and the null transport: a bare TCP connection with a line for each event."""

from __future__ import annotations

import asyncio
from collections import ChainMap
from collections.abc import AsyncGenerator, Callable

from labkit.client import EventSource, LongPolling, Polling, Source, WebSocketSource
from labkit.client.source import CLOSED, OPEN
from labkit.lab.bench.origin import Origin
from labkit.lab.bench.result import NULL
from labkit.wire import Event

POLL_EVERY_S = 0.1


class NullSource(Source):
    """Lines from a TCP connection. No ids, no coming back: it is there to be compared with."""

    def __init__(self, url: str, port: int) -> None:
        super().__init__(url)
        self._port = port

    async def _run(self) -> AsyncGenerator[Event, None]:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        self.connections += 1
        self._change(OPEN, "connected")
        try:
            while (line := await reader.readline()) and self.state != CLOSED:
                yield Event(line.decode().rstrip("\n"))
        finally:
            writer.close()


class BareSocket(WebSocketSource):
    """A WebSocket whose messages are the data alone: no ids, so no resuming."""

    def event(self, message: str | bytes) -> Event:
        return Event(str(message))


#: By name: a client of this server (through the URL, if something stands in between), from this id on.
Make = Callable[[Origin, str, str], Source]

TRANSPORTS: dict[str, Make] = {
    NULL: lambda origin, url, since: NullSource(origin.url, origin.null_port),
    "SSE": lambda origin, url, since: EventSource(f"{url}/events", last_event_id=since, reconnection_ms=200),
    "WebSocket": lambda origin, url, since: WebSocketSource(f"{url}/socket", last_event_id=since, reconnection_ms=200),
    "long polling": lambda origin, url, since: LongPolling(f"{url}/wait", last_event_id=since, reconnection_ms=200),
    "polling": lambda origin, url, since: Polling(
        f"{url}/poll", last_event_id=since, every_s=POLL_EVERY_S, reconnection_ms=200
    ),
}
ALL = tuple(TRANSPORTS)
#: The same two without ids and types: what the framing alone costs.
BARE: dict[str, Make] = {
    "SSE, data alone": lambda origin, url, since: EventSource(f"{url}/bare/events"),
    "WebSocket, data alone": lambda origin, url, since: BareSocket(f"{url}/bare/socket"),
}
EVERY = ChainMap(TRANSPORTS, BARE)
#: Those that go over HTTP, and can be put behind a pipe.
PUSHING = tuple(name for name in ALL if name != NULL)
