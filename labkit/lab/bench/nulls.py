"""Null transports: an event as plainly as TCP, HTTP or a WebSocket can carry it, so that what is left is the measuring,
and the client library."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Callable

import httpx
from tornado.websocket import WebSocketProtocol13

from labkit.client import Source, WebSocketSource
from labkit.client.http import new_client
from labkit.client.source import CLOSED, OPEN
from labkit.errors import StreamLost
from labkit.server import Channel
from labkit.wire import Event, Frame
from labkit.wire.chunked import chunk
from labkit.wire.decoder import MAX_EVENT_BYTES

KEY = re.compile(rb"sec-websocket-key: (\S+)\r\n", re.IGNORECASE)
LINES = b"lines\r\n\r\n"  # what the bare client says


async def coming(channel: Channel, last_event_id: str = "") -> AsyncGenerator[Frame, None]:
    """What is published from now on, or behind that id."""
    since = last_event_id or channel.last_event_id
    while True:
        replay, since = await channel.news(since)
        for frame in replay.frames:
            yield frame


async def answer(channel: Channel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serves one client of a null transport: lines, lines in the chunks of HTTP, or a WebSocket's messages."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
        head = await reader.readuntil(b"\r\n\r\n")
        opening, framed = _protocol(head)
        writer.write(opening)  # nothing is published before it is read: it says that the client is listened to
        async with contextlib.aclosing(coming(channel)) as frames:
            async for frame in frames:
                writer.write(framed((frame.data or "").encode()))
                await writer.drain()


def _protocol(head: bytes) -> tuple[bytes, Callable[[bytes], bytes]]:
    """What is said first, and how an event is written, for a client that begins so."""
    if head == LINES:
        return b"\n", lambda data: data + b"\n"
    key = KEY.search(head)
    if key is None:
        opening = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
        return opening, lambda data: chunk(data + b"\n")
    accept = WebSocketProtocol13.compute_accept_value(key[1]).encode()
    opening = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    return opening + b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n", _message


def _message(data: bytes) -> bytes:
    """One message of text, unmasked, in one frame. Source: RFC 6455, 5.2."""
    size = len(data)
    if size < 126:
        length = bytes([size])
    else:
        length = bytes([126]) + size.to_bytes(2) if size < 1 << 16 else bytes([127]) + size.to_bytes(8)
    return b"\x81" + length + data


class NullSource(Source):
    """Lines from a TCP connection. No ids, no coming back: it is there to be compared with."""

    def __init__(self, port: int) -> None:
        super().__init__(f"tcp://127.0.0.1:{port}")
        self._port = port

    async def _run(self) -> AsyncGenerator[Event, None]:
        self.connections += 1
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=MAX_EVENT_BYTES)
        except OSError as problem:
            raise StreamLost(f"{self.url} cannot be reached: {problem}") from None
        try:
            writer.write(LINES)
            await reader.readline()
            self._change(OPEN, "connected")
            while (line := await reader.readline()) and self.state != CLOSED:
                yield Event(line.decode().rstrip("\n"))
        except OSError as problem:
            raise StreamLost(f"{self.url} is gone: {problem}") from None
        finally:
            writer.close()


class NullHttp(Source):
    """Lines from an answer that httpx reads: what this library takes, without any event stream."""

    def __init__(self, port: int) -> None:
        super().__init__(f"http://127.0.0.1:{port}/")
        self._http = new_client(self.url)

    async def _run(self) -> AsyncGenerator[Event, None]:
        self.connections += 1
        try:
            async with self._http, self._http.stream("GET", self.url) as response:
                self._change(OPEN, "status 200")
                async for line in response.aiter_lines():
                    yield Event(line)
        except httpx.TransportError as problem:
            raise StreamLost(f"{self.url} is gone: {type(problem).__name__}") from None

    async def _release(self) -> None:
        await self._http.aclose()


class BareSocket(WebSocketSource):
    """A WebSocket whose messages are the data alone: no ids, so no resuming. To a null it is tornado's client alone."""

    def event(self, message: str | bytes) -> Event:
        return Event(str(message))
