"""A server that is written by hand for one set-up: it gets each request as a Visit, and writes what it likes."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from labkit.lab.raw_server import loopback

from .set_up import Address, SetUp

STREAM = "text/event-stream"
NO_CACHE = "Cache-Control: no-cache"


@dataclass
class Visit:
    """One request to a server that is written by hand, and the connection that it came on.

    `number` counts the requests for the stream, from 0. `began_s` is when the server began, by the monotonic clock.
    """

    number: int
    method: str
    target: str
    headers: dict[str, str]
    began_s: float
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    chunked: bool = field(default=False)

    @property
    def last_id(self) -> int | None:
        """The Last-Event-ID as a number; None without one."""
        text = self.headers.get("last-event-id", "")
        return int(text) if text.isdigit() else None

    async def head(self, *lines: str, status: str = "200 OK", kind: str = STREAM, cache: str = NO_CACHE) -> None:
        """Writes a head. The body is chunked unless a line says how long it is, or that the connection closes."""
        given = [*([f"Content-Type: {kind}"] if kind else []), *([cache] if cache else []), *lines]
        framed = any(line.lower().startswith(("content-length", "connection: close")) for line in given)
        self.chunked = not framed
        given += [] if framed else ["Transfer-Encoding: chunked"]
        self.writer.write("\r\n".join([f"HTTP/1.1 {status}", *given, "", ""]).encode())
        await self.writer.drain()

    async def send(self, data: bytes) -> None:
        """Writes a piece of the body."""
        self.writer.write(b"%x\r\n%b\r\n" % (len(data), data) if self.chunked else data)
        await self.writer.drain()

    async def end(self) -> None:
        """Ends the body as HTTP says."""
        if self.chunked:
            self.writer.write(b"0\r\n\r\n")
            await self.writer.drain()

    async def stay(self) -> None:
        """Waits until the client has left."""
        await self.reader.read()

    async def page(self, text: str, *lines: str, status: str = "200 OK", kind: str = "text/html") -> None:
        """Writes a whole answer."""
        body = text.encode()
        await self.head(*lines, f"Content-Length: {len(body)}", status=status, kind=kind)
        await self.send(body)

    async def follow(
        self, frame: Callable[[int], bytes], every_s: float = 0.25, count: int | None = None, start: int = 0
    ) -> None:
        """Writes what all readers get: event n when it is due, and first of all what a returning reader has missed.

        With `count` it ends; each reader then gets its own, from `start` or from the last id on.
        """
        began_s = self.began_s if count is None else time.monotonic()
        now_n = int((time.monotonic() - began_s) / every_s) if count is None else start
        first = now_n if self.last_id is None else self.last_id + 1
        n = first
        while count is None or n < count:
            due_s = began_s + (n if count is None else n - first) * every_s
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            await self.send(frame(n))
            n += 1


Answer = Callable[[Visit], Awaitable[None]]


@contextlib.asynccontextmanager
async def by_hand(answer: Answer, path: str = "/events") -> AsyncIterator[Address]:
    """The address of a server on this machine that gives each request for the stream to `answer`.

    Whatever else is asked gets a 404, as from any server.
    """
    count, began_s = 0, time.monotonic()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        text = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = text.split("\r\n")
        words = first.split(" ")
        if len(words) != 3:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            return
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        if words[0] == "HEAD":
            writer.write(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
            return
        if length := int(headers.get("content-length", "0")):
            await reader.readexactly(length)
        number, count = count, count + (words[0] != "OPTIONS")
        await answer(Visit(number, words[0], words[1], headers, began_s, reader, writer))

    async with loopback(serve) as url:
        yield Address(url.rstrip("/") + path)


def set_up_of(
    answer: Answer, name: str, *causes: str, product: str = "raw bytes", remedy: str = "", **options: object
) -> SetUp:
    """A set-up with this answer at /events."""
    return SetUp(name, product, causes, lambda: by_hand(answer), remedy, options)


def stamped(n: int, text: str = "tick") -> bytes:
    """An event as a careful server writes it: an id, and JSON with the time of its sending."""
    return b'id: %d\ndata: {"n": %d, "text": "%b", "at": %.3f}\n\n' % (n, n, text.encode(), time.time())


def plain(n: int) -> bytes:
    """An event as a careful server writes it, without a time."""
    return b'id: %d\ndata: {"n": %d, "price": %.2f}\n\n' % (n, n, 100 + n % 7 / 3)
