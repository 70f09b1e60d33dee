"""A crowd that lost its server at the same moment."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence
from random import Random

from labkit.client import EventSource
from labkit.clock import wait_until
from labkit.server import Channel, serve
from labkit.wire.session import Policy, Session, Stop, Unreachable


def herd(n_clients: int, policy: Policy, outage_s: float, reconnection_ms: int = 3000, seed: int = 0) -> list[float]:
    """The seconds, counted from the moment when all connections broke, at which attempts to connect arrive; sorted.

    The server cannot be reached for `outage_s`. Time is simulated; the waits are those of labkit's own session. A
    client that its policy tells to stop, stops.
    """
    attempts: list[float] = []
    for client in range(n_clients):
        rng = Random(f"{seed}/{client}")
        session, at_s = Session(reconnection_ms=reconnection_ms).with_open_stream(), 0.0
        while True:
            session, step = session.next_step(Unreachable("the server is down"), policy, rng.random())
            if isinstance(step, Stop):
                break
            at_s += step.seconds
            attempts.append(at_s)
            if at_s >= outage_s:
                break
    return sorted(attempts)


async def herd_on_sockets(n_clients: int, policy: Policy, retry_ms: int = 1000) -> list[float]:
    """The same for real: so many clients of one server, which cuts them all; the seconds until each is back, sorted.

    `retry_ms` must be much longer than the server needs to accept them all (200 take some 0.2 s): else it is the server
    that spreads them.
    """
    channel = Channel(retry_ms=retry_ms)
    async with serve(channel) as server, contextlib.AsyncExitStack() as stack:
        sources = [
            await stack.enter_async_context(EventSource(server.url, policy=policy, rng=Random(client)))
            for client in range(n_clients)
        ]
        tasks = [asyncio.ensure_future(_drain(source)) for source in sources]
        try:
            await wait_until(lambda: channel.clients == n_clients, seconds=30)
            cut_s = time.monotonic()
            channel.cut()
            await wait_until(lambda: len(channel.visits) >= 2 * n_clients, seconds=30)
            back = [visit.opened_s for visit in list(channel.visits)[n_clients:]]
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
    return sorted(at_s - cut_s for at_s in back)


def per_tenth(attempts_s: Sequence[float], bin_s: float = 0.1) -> list[int]:
    """How many attempts fall into each tenth of a second, from 0 to the last."""
    if not attempts_s:
        return []
    counts = [0] * (int(max(attempts_s) / bin_s + 1e-9) + 1)
    for at_s in attempts_s:
        counts[int(at_s / bin_s + 1e-9)] += 1
    return counts


async def _drain(source: EventSource) -> None:
    async for _ in source:
        pass
