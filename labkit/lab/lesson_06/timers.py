"""Timers that end streams, and what a heartbeat can and cannot do about them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from labkit.client import EventSource, watch
from labkit.clock import wait_until
from labkit.faults import Fault, IdleTimeout, TotalTimeout
from labkit.lab.record import collect
from labkit.lab.ticking import Ticks, ticking
from labkit.proxy import HAProxy, Nginx, front, relay
from labkit.server import Channel, serve

#: Six heartbeats long: a busy machine may be late with one.
IDLE_S = 1.2
HEARTBEAT_S = 0.2
TOTAL_S = 1.5
SILENT = Ticks(count=10, interval_s=0.05, silence_s=2.0)

#: Three idle timers and a total one, all set to about a second.
TIMERS: Mapping[str, Nginx | HAProxy | Fault] = {
    "nginx: proxy_read_timeout": Nginx(to_origin="1.1", read_timeout_s=IDLE_S),
    "HAProxy: timeout server": HAProxy(no_delay=True, server_timeout_s=IDLE_S),
    "a relay's idle timer": IdleTimeout(IDLE_S),
    "a relay's total timer": TotalTimeout(TOTAL_S),
}


async def delivered(timer: Nginx | HAProxy | Fault, heartbeat_s: float = 0.0) -> int:
    """How many of ten events arrive through this timer, when the server is silent for two seconds in between."""
    async with ticking(replace(SILENT, heartbeat_s=heartbeat_s)) as url:
        if isinstance(timer, Fault):
            async with relay(url, timer) as proxy:
                return len((await watch(proxy.url, 6.0)).events)
        with await asyncio.to_thread(front, url, timer) as real:
            return len((await watch(real.url, 6.0)).events)


async def by_heartbeat() -> dict[str, tuple[int, int]]:
    """For each timer, how many of ten events arrive without heartbeats, and with one every 0.2 s."""

    async def both(timer: Nginx | HAProxy | Fault) -> tuple[int, int]:
        without, with_them = await asyncio.gather(delivered(timer), delivered(timer, HEARTBEAT_S))
        return without, with_them

    counts = await asyncio.gather(*(both(timer) for timer in TIMERS.values()))
    return dict(zip(TIMERS, counts, strict=True))


class Ends(NamedTuple):
    """Which events arrived, over how many streams, and how many of those ended as the server had planned."""

    texts: list[str]
    streams: int
    planned: int


async def under_a_total_timer(published: Sequence[str], max_age_s: float | None = None) -> Ends:
    """What arrives through a total timer of 0.7 s from a channel that ends its streams at this age; None: it does not.

    One text is published every 50 ms. The client resumes.
    """
    channel = Channel(retry_ms=20, max_age_s=max_age_s)
    texts: list[str] = []
    async with (
        serve(channel) as server,
        relay(server.url, TotalTimeout(0.7)) as proxy,
        EventSource(proxy.url) as source,
    ):
        reading = asyncio.ensure_future(collect(source, texts))
        await wait_until(lambda: channel.clients == 1)
        for text in published:
            channel.publish(text)
            await asyncio.sleep(0.05)
        await wait_until(lambda: len(texts) >= len(published), seconds=3)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        planned = sum("planned age" in visit.left for visit in channel.visits)
        return Ends(texts, len(channel.visits), planned)
