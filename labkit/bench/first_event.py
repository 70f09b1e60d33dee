"""How many round trips until the first event? Counted on a way that is long enough to count them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from labkit.bench.clients import OVER_HTTP, TRANSPORTS
from labkit.bench.origin import origin
from labkit.bench.result import Result
from labkit.bench.settings import allowed_rounds, check_settings
from labkit.proxy import pipe


async def first_event(delay_s: float = 0.1, rounds: int = 3, transports: Sequence[str] = OVER_HTTP) -> Result:
    """Round trips from the start of a client until it has an event that is there already, TCP's own handshake not
    counted: the time, divided by twice the delay."""
    check_settings(transports, OVER_HTTP, delay_s=delay_s, rounds=rounds)
    rounds = allowed_rounds(rounds)
    samples: dict[str, list[list[float]]] = {name: [] for name in transports}
    async with origin() as server:
        since = (await server.usage())["last"]
        await server.play(1, 100.0)
        await asyncio.sleep(0.1)
        for _ in range(rounds):
            for name in transports:
                async with pipe(server.url, delay_s) as between, TRANSPORTS[name](server, between.url, since) as source:
                    began_s = time.monotonic()
                    await anext(source)
                    samples[name].append([(time.monotonic() - began_s) / (2 * delay_s)])
    return Result("How many round trips until the first event?", "round trips", samples, {"delay_s": delay_s})
