"""How late is an event? Each transport in turn, round by round, so that what disturbs one disturbs all."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

from labkit.bench.clients import ALL, CLIENTS
from labkit.bench.origin import Origin, origin
from labkit.bench.progress import progress
from labkit.bench.result import Result
from labkit.bench.settings import allowed_rounds, check_settings
from labkit.bench_servers.payload import now_ms, sent_ms
from labkit.client import OPEN, Source
from labkit.clock import wait_until
from labkit.errors import LabError, counted
from labkit.system.child import Child

WARM_UP = 3  # events of each round that do not count: caches, first writes
GRACE_S = 5.0


class Speed(NamedTuple):
    """How events come."""

    per_s: float
    size_bytes: int
    jitter: float


async def delivery(
    per_s: float = 50.0,
    events: int = 20,
    rounds: int = 5,
    transports: Sequence[str] = ALL,
    size_bytes: int = 64,
    busy: int = 0,
    jitter: float = 1.0,
    bar: bool = False,
) -> Result:
    """From the moment of publishing until the client has the event, in ms; the server is a process of its own.

    Each event comes up to `jitter` intervals late, by chance: no poller keeps step with them. `busy` processes do
    nothing but take the processor's time meanwhile. With `bar` it shows how far it is.
    """
    check_settings(transports, CLIENTS, per_s=per_s, events=events, rounds=rounds, size_bytes=size_bytes)
    rounds = allowed_rounds(rounds)
    speed = Speed(per_s, size_bytes, jitter)
    samples: dict[str, list[list[float]]] = {name: [] for name in transports}
    missing: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(origin())
        for _ in range(busy):
            stack.enter_context(Child([sys.executable, "-c", "while True: pass"]))
        for turn in progress(range(rounds), "measuring", show=bar):
            first = turn % len(transports)  # nobody comes first, or behind the same one, in every round
            for name in (*transports[first:], *transports[:first]):
                lags, problem = await _round(server, name, events + WARM_UP, speed)
                samples[name].append(lags[WARM_UP:])
                if problem:
                    missing[name] = problem
    settings = {**speed._asdict(), "events": events, "rounds": rounds, "busy": busy}
    return Result(f"How late is an event, at {per_s:g} a second?", "ms", samples, settings, missing)


async def _round(server: Origin, name: str, events: int, speed: Speed) -> tuple[list[float], str]:
    """The lags of one round, and what is missing from it."""
    lags: list[float] = []
    async with CLIENTS[name](server, server.url, "") as source:
        reading = asyncio.ensure_future(_read(source, events, lags))
        try:
            async with asyncio.timeout(events / speed.per_s + GRACE_S):
                await opened(source, reading)
                await server.play(events, *speed)
                await reading
                if len(lags) < events:
                    raise LabError("the client was closed")
        except (TimeoutError, LabError) as problem:
            why = "not all came in time" if isinstance(problem, TimeoutError) else str(problem)
            return lags, f"{len(lags)} of {events} events arrived in one round: {why}"
        finally:
            reading.cancel()
    backwards = [lag for lag in lags if lag < 0]
    return lags, f"{counted(len(backwards), 'event')} arrived earlier than sent: the clock jumped" if backwards else ""


async def _read(source: Source, events: int, lags: list[float]) -> None:
    async for event in source:
        lags.append(now_ms() - sent_ms(event.data))
        if len(lags) == events:
            return


async def opened(source: Source, reading: asyncio.Future[Any]) -> None:
    """Waits until the client is open, or has given up."""
    in_time = await wait_until(lambda: source.state == OPEN or reading.done())
    if reading.done():
        reading.result()
        raise LabError(f"{source.url} ended before it began")
    if not in_time:
        raise LabError(f"{source.url} did not open")
