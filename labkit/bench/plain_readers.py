"""Readers so plain that hundreds of them hardly load the machine: they read, and forget."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import quote, urlsplit

#: Reads from the server at this URL, behind this id, beginning so many seconds later, until it is cancelled.
Reader = Callable[[str, str, float], Awaitable[None]]
#: Headers that ask for a WebSocket, and for a compressed one.
SOCKET = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    f"Sec-WebSocket-Key: {base64.b64encode(bytes(16)).decode()}\r\n"
)
DEFLATE = f"{SOCKET}Sec-WebSocket-Extensions: permessage-deflate\r\n"


@contextlib.asynccontextmanager
async def _connected(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        yield reader, writer
    finally:
        writer.close()


def _request(url: str, path: str, headers: str = "") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {urlsplit(url).netloc}\r\n{headers}\r\n".encode()


def listens(path: str, headers: str = "") -> Reader:
    """Asks once, and takes what comes."""

    async def read(url: str, last: str, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        async with _connected(url) as (reader, writer):
            writer.write(_request(url, path, headers))
            while await reader.read(65536):
                pass

    return read


def asks(path: str, every_s: float) -> Reader:
    """Asks for what came after the newest id, `every_s` after each answer, over one connection."""

    async def read(url: str, last: str, wait_s: float) -> None:
        await asyncio.sleep(wait_s)
        async with _connected(url) as (reader, writer):
            while True:
                writer.write(_request(url, f"{path}?since={quote(last)}", f'If-None-Match: "{last}"\r\n'))
                head = await reader.readuntil(b"\r\n\r\n")
                length = re.search(rb"Content-Length: (\d+)", head)  # a 304, "nothing new", has none
                if length:
                    last = json.loads(await reader.readexactly(int(length[1])))["last"]
                await asyncio.sleep(every_s)

    return read
