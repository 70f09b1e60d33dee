"""Streams as servers send them, to be put behind a product. Each client gets the stream from its beginning."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator, Callable
from email.utils import formatdate

from labkit.errors import LabError
from labkit.lab.raw_server import loopback
from labkit.server import Channel, serve
from labkit.system.sockets import reserved_port
from labkit.wire.chunked import LAST_CHUNK, chunk

#: What a stream writes to one client, with the number of the last event that the client names, 0 without one.
Writing = Callable[[int], AsyncIterator[bytes]]
FRAMES = (("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"))
CACHEABLE = FRAMES[:1]
#: To what a proxy asks beside the stream.
PATH = "events"


@contextlib.asynccontextmanager
async def answering(
    writing: Writing,
    headers: tuple[tuple[str, str], ...] = FRAMES,
    first_s: float = 0.0,
    clock_s: float = 0.0,
    status: str = "200 OK",
    length: int | None = None,
) -> AsyncIterator[str]:
    """The URL of a server that speaks HTTP/1.1 in chunks, and HTTP/1.0 until it closes.

    Args:
        writing: gives the bytes of the body, piece by piece.
        headers: the headers of its answer, beside Date and the framing.
        first_s: how long it works before the head.
        clock_s: how far its clock is behind ours.
        status: its status line's status.
        length: a Content-Length in place of chunks.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        fields = dict(line.lower().split(": ", 1) for line in request.split("\r\n")[1:] if ": " in line)
        await reader.readexactly(int(fields.get("content-length", "0")))
        if request.split(" ")[1].partition("?")[0] != f"/{PATH}":
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\nConnection: close\r\n\r\nnot here\n")
            return
        leaving = asyncio.ensure_future(reader.read())
        playing = asyncio.ensure_future(play(writer, " HTTP/1.0\r\n" in request, fields))
        try:
            await asyncio.wait([leaving, playing], return_when="FIRST_COMPLETED")
        finally:
            leaving.cancel()
            playing.cancel()
            await asyncio.gather(leaving, playing, return_exceptions=True)

    async def play(writer: asyncio.StreamWriter, is_old: bool, fields: dict[str, str]) -> None:
        await asyncio.sleep(first_s)
        chunked = not is_old and length is None
        date = formatdate(time.time() - clock_s, usegmt=True)
        lines = [f"HTTP/1.1 {status}", f"Date: {date}", *(f"{name}: {value}" for name, value in headers)]
        lines += ["Transfer-Encoding: chunked"] if chunked else ["Connection: close"]
        lines += [] if length is None else [f"Content-Length: {length}"]
        writer.write("\r\n".join([*lines, "", ""]).encode())
        digits = fields.get("last-event-id", "0")
        async for piece in writing(int(digits) if digits.isdigit() else 0):
            writer.write(chunk(piece) if chunked else piece)
            await writer.drain()
        if chunked:
            writer.write(LAST_CHUNK)
        await writer.drain()

    async with loopback(answer) as url:
        yield url + PATH


def ticker(
    count: int = 400, every_s: float = 0.1, pad: int = 0, clock_s: float = 0.0, silence_s: float = 0.0
) -> Writing:
    """A live ticker: numbered events with the sender's clock; after a third of `count` it may be silent for a time."""

    async def write(last: int) -> AsyncIterator[bytes]:
        for number in range(last + 1, count + 1):
            data: dict[str, object] = {"n": number, "sent": round(time.time() - clock_s, 4)}
            yield f"id: {number}\ndata: {json.dumps(data | ({'pad': 'x' * pad} if pad else {}))}\n\n".encode()
            await asyncio.sleep(every_s + (silence_s if number == count // 3 else 0.0))

    return write


def progress(count: int = 100, every_s: float = 0.25, first_s: float = 0.0) -> Writing:
    """A job that says how far it is, without a clock and without ids."""

    async def write(last: int) -> AsyncIterator[bytes]:
        await asyncio.sleep(first_s)
        for number in range(1, count + 1):
            yield f'event: progress\ndata: {{"done": {number}, "of": {count}}}\n\n'.encode()
            await asyncio.sleep(every_s)

    return write


def tokens(count: int = 60, every_s: float = 0.04, first_s: float = 0.2, end: bool = True) -> Writing:
    """A language model's answer in OpenAI's chat dialect."""

    async def write(last: int) -> AsyncIterator[bytes]:
        await asyncio.sleep(first_s)
        for number in range(count):
            yield _piece({"content": f" word{number}"}, None)
            await asyncio.sleep(every_s)
        if end:
            yield _piece({}, "stop") + b"data: [DONE]\n\n"

    return write


def _piece(delta: dict[str, str], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    data = {"id": "chatcmpl-8", "object": "chat.completion.chunk", "created": int(time.time()), "choices": [choice]}
    return f"data: {json.dumps(data)}\n\n".encode()


def polls(every_s: float = 2.0, query_s: float = 0.0) -> Writing:
    """A server that asks its database again and again, and sends what has happened since, with the time of each."""

    async def write(last: int) -> AsyncIterator[bytes]:
        number, began_s = last, time.time()
        while True:
            await asyncio.sleep(every_s)
            asked_s = time.time()
            await asyncio.sleep(query_s)
            rows, at_s = [], began_s
            while at_s < asked_s:
                number += 1
                rows.append(f"id: {number}\ndata: {json.dumps({'n': number, 'sent': round(at_s, 3)})}\n\n")
                at_s += 0.27 + 0.13 * (number * 7 % 5) / 5
            began_s = at_s
            yield "".join(rows).encode()

    return write


def page(text: str) -> Writing:
    """One text, and the end."""

    async def write(last: int) -> AsyncIterator[bytes]:
        yield text.encode()

    return write


@contextlib.asynccontextmanager
async def channel(every_s: float = 0.1) -> AsyncIterator[str]:
    """A labkit server, which tells how many readers it has."""
    source = Channel(retry_ms=2000)

    async def publish() -> None:
        while True:
            source.publish("tick")
            await asyncio.sleep(every_s)

    async with serve(source) as server:
        publishing = asyncio.create_task(publish())
        yield server.url
        publishing.cancel()


@contextlib.asynccontextmanager
async def nobody() -> AsyncIterator[str]:
    """The URL of a server that is not there: its port refuses connections."""
    with reserved_port() as port:
        url = f"http://127.0.0.1:{port}/{PATH}"
    yield url


@contextlib.asynccontextmanager
async def deaf() -> AsyncIterator[str]:
    """The URL of a server that takes a connection, and never answers."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with loopback(answer) as url:
        yield url + PATH


def missing(what: str, install: str) -> LabError:
    """The error that makes the runner skip a set-up."""
    return LabError(f"{what} is not installed here: {install}")
