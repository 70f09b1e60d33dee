"""A while of each transport: who says something when."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Sequence

from labkit.bench.clients import OVER_HTTP, TRANSPORTS
from labkit.bench.origin import Origin, origin
from labkit.bench.settings import check_settings
from labkit.proxy import pipe

Talk = list[tuple[float, bool, int]]


async def talks(seconds: float = 3.0, per_s: float = 1.0, transports: Sequence[str] = OVER_HTTP) -> dict[str, Talk]:
    """For each transport what passed a pipe while events came: (seconds, whether up to the server, bytes). All listen
    at the same time to the same server."""
    check_settings(transports, OVER_HTTP, seconds=seconds, per_s=per_s)
    async with origin() as server:
        began_s = time.monotonic()
        talking = [asyncio.ensure_future(_talk(server, name, began_s, seconds)) for name in transports]
        await asyncio.sleep(0.2)  # until all are open
        await server.play(int(seconds * per_s), per_s)
        return dict(zip(transports, await asyncio.gather(*talking), strict=True))


async def _talk(server: Origin, name: str, began_s: float, seconds: float) -> Talk:
    async with pipe(server.url) as between, TRANSPORTS[name](server, between.url, "") as source:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for _ in source:
                    pass
        return [(at_s - began_s, up, size) for at_s, up, size in between.pieces]
