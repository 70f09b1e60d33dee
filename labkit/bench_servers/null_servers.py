"""The servers of the null transports: an event as plainly as TCP, HTTP or a WebSocket can carry it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Callable

from tornado.websocket import WebSocketProtocol13

from labkit.server import Channel
from labkit.wire import Frame
from labkit.wire.chunked import chunk

KEY = re.compile(rb"sec-websocket-key: (\S+)\r\n", re.IGNORECASE)
LINES = b"lines\r\n\r\n"  # what the bare client says


async def frames_since(channel: Channel, last_event_id: str = "") -> AsyncGenerator[Frame, None]:
    """What is published from now on, or behind that id."""
    since = last_event_id or channel.last_event_id
    while True:
        replay, since = await channel.wait_for_events(since)
        for frame in replay.frames:
            yield frame


async def answer(channel: Channel, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serves one client of a null transport: lines, lines in the chunks of HTTP, or a WebSocket's messages."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
        head = await reader.readuntil(b"\r\n\r\n")
        opening, framed = _protocol(head)
        writer.write(opening)  # nothing is published before it is read: it says that the client is listened to
        async with contextlib.aclosing(frames_since(channel)) as frames:
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
