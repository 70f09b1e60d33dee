"""The connection breaks in mid-stream: what is lost, what comes twice, and how long it takes to recover."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.bench.clients import OVER_HTTP, TRANSPORTS
from labkit.bench.latency import opened
from labkit.bench.origin import Origin, origin
from labkit.bench.settings import check_settings
from labkit.bench_servers.payload import now_ms
from labkit.errors import counted
from labkit.proxy import pipe

GRACE_S = 5.0


@dataclass(frozen=True)
class Outage:
    """Of `events` published, how many were `lost` and how many came `doubled`; `recovered_ms` from the break to the
    next event (None: never); over so many `connections`."""

    events: int
    lost: int
    doubled: int
    recovered_ms: float | None
    connections: int

    def __repr__(self) -> str:
        back = "never came back" if self.recovered_ms is None else f"back after {self.recovered_ms:.0f} ms"
        return f"{self.lost} lost, {self.doubled} doubled, {back}, over {counted(self.connections, 'connection')}"


async def outage(per_s: float = 50.0, events: int = 40, transports: Sequence[str] = OVER_HTTP) -> dict[str, Outage]:
    """For each transport what a reset in the middle of so many events does. Each client waits 0.2 s before it comes
    back."""
    check_settings(transports, OVER_HTTP, per_s=per_s, events=events)
    async with origin() as server:
        return {name: await _broken(server, name, per_s, events) for name in transports}


async def _broken(server: Origin, name: str, per_s: float, events: int) -> Outage:
    ids: list[str] = []
    came_ms: list[float] = []
    async with pipe(server.url) as between, TRANSPORTS[name](server, between.url, "") as source:

        async def read() -> None:
            async for event in source:
                ids.append(event.last_event_id)
                came_ms.append(now_ms())
                if len(set(ids)) == events:
                    return

        reading = asyncio.ensure_future(read())
        try:
            async with asyncio.timeout(events / per_s + GRACE_S):
                await opened(source, reading)
                await server.play(events, per_s)
                await asyncio.sleep(events / per_s / 2)
                between.cut()
                cut_ms = now_ms()
                await reading
        except TimeoutError:
            reading.cancel()
        after = [at - cut_ms for at in came_ms if at > cut_ms]
        return Outage(
            events, events - len(set(ids)), len(ids) - len(set(ids)), min(after, default=None), source.connections
        )
