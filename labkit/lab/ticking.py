"""A server as people write it, without any cure: its events carry the time at which they were sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Literal

from labkit.lab.raw_server import loopback
from labkit.wire.chunked import LAST_CHUNK, chunk

#: How the body's end can be seen: by chunks; by chunks whose size line goes out alone; by the end of the connection.
Framing = Literal["chunked", "size line apart", "until it closes"]


@dataclass(frozen=True, slots=True)
class Ticks:
    """A stream of `count` events, one every `interval_s`, each of `size_bytes`; then it ends.

    The first comes after `first_s`. `silence_s` is a pause after half of them; `heartbeat_s` sends a comment so often.
    `headers` are added to the answer's.
    """

    count: int = 30
    interval_s: float = 0.1
    size_bytes: int = 0
    first_s: float = 0.0
    silence_s: float = 0.0
    heartbeat_s: float = 0.0
    headers: tuple[tuple[str, str], ...] = ()
    framing: Framing = "chunked"

    def event(self, number: int) -> bytes:
        """The bytes of one event: its id, the time, and as much padding as its size asks for."""
        stamp: dict[str, object] = {"n": number, "sent": round(time.time(), 4)}
        missing = self.size_bytes - len(_event(number, stamp)) - len(', "pad": ""')
        return _event(number, {**stamp, "pad": "x" * missing} if missing >= 0 else stamp)


def _event(number: int, data: dict[str, object]) -> bytes:
    return f"id: {number}\ndata: {json.dumps(data)}\n\n".encode()


@contextlib.asynccontextmanager
async def ticking(ticks: Ticks | None = None) -> AsyncIterator[str]:
    """The URL of a server on this machine that plays these ticks to each client, and knows nothing of proxies.

    To HTTP/1.0 it answers until it closes, whatever the framing. It resumes: who comes with the id 7 gets 8 first.
    """
    chosen = ticks or Ticks()
    async with loopback(lambda reader, writer: _answer(reader, writer, chosen)) as url:
        yield url


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, ticks: Ticks) -> None:
    request = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    fields = dict(line.lower().split(": ", 1) for line in request.split("\r\n")[1:] if ": " in line)
    framing = "until it closes" if " HTTP/1.0\r\n" in request else ticks.framing
    headers = [("Content-Type", "text/event-stream"), *ticks.headers]
    if framing != "until it closes":
        headers.append(("Transfer-Encoding", "chunked"))
    writer.write("\r\n".join(["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers), "", ""]).encode())
    leaving = asyncio.ensure_future(reader.read())
    playing = asyncio.ensure_future(_play(writer, ticks, framing, int(fields.get("last-event-id", "0"))))
    try:
        await asyncio.wait([leaving, playing], return_when="FIRST_COMPLETED")
    finally:
        leaving.cancel()
        playing.cancel()
        await asyncio.gather(leaving, playing, return_exceptions=True)


async def _play(writer: asyncio.StreamWriter, ticks: Ticks, framing: Framing, last_number: int) -> None:
    await _pause(writer, ticks, framing, ticks.first_s)
    for number in range(last_number + 1, ticks.count + 1):
        await _write(writer, ticks.event(number), framing)
        pause_s = ticks.interval_s + (ticks.silence_s if number == ticks.count // 2 else 0.0)
        await _pause(writer, ticks, framing, pause_s)
    if framing != "until it closes":
        writer.write(LAST_CHUNK)
    await writer.drain()


async def _pause(writer: asyncio.StreamWriter, ticks: Ticks, framing: Framing, seconds: float) -> None:
    while ticks.heartbeat_s and seconds > ticks.heartbeat_s:
        await asyncio.sleep(ticks.heartbeat_s)
        seconds -= ticks.heartbeat_s
        await _write(writer, b": still here\n\n", framing)
    await asyncio.sleep(seconds)


async def _write(writer: asyncio.StreamWriter, data: bytes, framing: Framing) -> None:
    if framing == "until it closes":
        writer.write(data)
    elif framing == "chunked":
        writer.write(chunk(data))
    else:
        whole = chunk(data)
        line_end = whole.index(b"\r\n") + 2
        writer.write(whole[:line_end])
        await writer.drain()
        await asyncio.sleep(0.001)  # as two sends go out, in two segments
        writer.write(whole[line_end:])
    await writer.drain()


def cured(ticks: Ticks) -> Ticks:
    """The same, with the header that tells nginx to pass each event on."""
    return replace(ticks, headers=(*ticks.headers, ("X-Accel-Buffering", "no")))
