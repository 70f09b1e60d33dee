"""Clients of the null transports: what is left is the measuring, and the client library."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable

import httpx

from labkit.bench_servers.null_servers import LINES
from labkit.client import CLOSED, Policy, Source, WebSocketSource
from labkit.client.httpx_client import new_client
from labkit.errors import StreamLost
from labkit.wire import Event
from labkit.wire.decoder import MAX_EVENT_BYTES

ONCE = Policy("once", resend=False)


class NullSource(Source):
    """Lines from a TCP connection. No ids, no coming back: it is there to be compared with."""

    def __init__(self, port: int) -> None:
        super().__init__(f"tcp://127.0.0.1:{port}", policy=ONCE)
        self._port = port

    async def _connect(self) -> AsyncGenerator[Iterable[Event], None]:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=MAX_EVENT_BYTES)
        except OSError as problem:
            raise StreamLost(f"{self.url} cannot be reached: {problem}") from None
        try:
            writer.write(LINES)
            await reader.readline()
            self._open("connected")
            while (line := await reader.readline()) and self.state != CLOSED:
                yield (Event(line.decode().rstrip("\n")),)
        except OSError as problem:
            raise StreamLost(f"{self.url} is gone: {problem}") from None
        finally:
            writer.close()


class NullHttp(Source):
    """Lines from an answer that httpx reads: what this library takes, without any event stream."""

    def __init__(self, port: int) -> None:
        super().__init__(f"http://127.0.0.1:{port}/", policy=ONCE)
        self._http = new_client(self.url)

    async def _connect(self) -> AsyncGenerator[Iterable[Event], None]:
        try:
            async with self._http, self._http.stream("GET", self.url) as response:
                self._open("status 200")
                async for line in response.aiter_lines():
                    yield (Event(line),)
        except httpx.TransportError as problem:
            raise StreamLost(f"{self.url} is gone: {type(problem).__name__}") from None

    async def _release(self) -> None:
        await self._http.aclose()


class BareWebSocketSource(WebSocketSource):
    """A WebSocket whose messages are the data alone: no ids, so no resuming. To a null it is tornado's client alone."""

    def event(self, message: str | bytes) -> Event:
        return Event(str(message))
