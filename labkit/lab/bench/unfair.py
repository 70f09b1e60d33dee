"""A benchmark with three mistakes, each with a switch that mends it."""

from __future__ import annotations

import asyncio
import socket
import statistics
import time

from labkit.lab.raw import loopback

#: What the clock of the "other machine" is ahead.
AHEAD_S = 0.015
EVERY_S = 0.05


async def unfair(
    events: int = 20, *, warm_up: int = 0, one_clock: bool = False, nodelay: bool = False
) -> dict[str, float]:
    """Mean lag in ms, "measured" as one finds it in blogs: SSE against WebSocket, and SSE loses by far.

    `warm_up`: how many of the first events do not count. `one_clock`: whether sender and receiver of the event stream
    share a clock, as those of the WebSocket do. `nodelay`: whether its server turns Nagle's algorithm off, or writes an
    event in two pieces and lets the second wait until the first was acknowledged.
    """
    behind_s = 0.0 if one_clock else AHEAD_S
    return {
        "SSE": await _mean_lag_ms(events, warm_up, nodelay, behind_s, opening_s=0.3),
        "WebSocket": await _mean_lag_ms(events, warm_up, True, 0.0, opening_s=0.0),
    }


async def _mean_lag_ms(events: int, warm_up: int, nodelay: bool, behind_s: float, opening_s: float) -> float:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay)
        await reader.readuntil(b"\r\n\r\n")
        for number in range(events):
            sent = f"{time.monotonic() - behind_s:.6f}"  # by the clock of the machine that sends
            if number == 0:
                await asyncio.sleep(opening_s)  # a cold start: imports, caches, a first connection to a database
            writer.write(f"data: {sent}".encode())
            writer.write(b"\n\n")
            await asyncio.sleep(EVERY_S)

    lags_ms = []
    async with loopback(serve) as url:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rstrip("/").rpartition(":")[2]))
        writer.write(b"GET / HTTP/1.1\r\n\r\n")
        while line := await reader.readline():
            if line.startswith(b"data: "):
                await reader.readline()  # the empty line: only now is it an event
                lags_ms.append((time.monotonic() - float(line[6:])) * 1000)
                writer.write(b"ok\r\n")  # Linux holds an acknowledgement back only for a side that talks back
        writer.close()
    return statistics.mean(lags_ms[warm_up:])
