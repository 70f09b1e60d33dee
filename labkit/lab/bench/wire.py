"""What an event costs on the wire: bytes each way, and requests."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from labkit.client import Polling
from labkit.lab.bench.clients import BARE, EVERY, PUSHING
from labkit.lab.bench.latency import opened
from labkit.lab.bench.origin import Origin, origin
from labkit.proxy import pipe

GRACE_S = 10.0


@dataclass(frozen=True)
class Wire:
    """The cost of one transport: `payload_bytes` of each event, all the bytes that an event took (`up_bytes` from the
    client, `down_bytes` to it), and what opening took, once. `requests` for each event."""

    payload_bytes: int
    up_bytes: float
    down_bytes: float
    once_bytes: int
    requests: float

    @property
    def overhead_bytes(self) -> float:
        """What an event takes beyond its payload."""
        return self.up_bytes + self.down_bytes - self.payload_bytes

    def __repr__(self) -> str:
        return (
            f"{self.payload_bytes} bytes of payload + {self.overhead_bytes:.0f} for each event, "
            f"{self.once_bytes} once; {self.requests:.2g} requests for each event"
        )


async def wire(
    per_s: float = 20.0, events: int = 40, size_bytes: int = 64, transports: Sequence[str] = (*PUSHING, *BARE)
) -> dict[str, Wire]:
    """For each transport what a counting pipe saw, at so many events a second.

    Raises:
        TimeoutError: not all events arrived.
    """
    async with origin() as server:
        return {name: await _through_a_pipe(server, name, per_s, events, size_bytes) for name in transports}


async def _through_a_pipe(server: Origin, name: str, per_s: float, events: int, size_bytes: int) -> Wire:
    async with pipe(server.url) as between, EVERY[name](server, between.url, "") as source:
        seen = 0

        async def read() -> None:
            nonlocal seen
            async for _ in source:
                seen += 1
                if seen == events:
                    return

        reading = asyncio.ensure_future(read())
        async with asyncio.timeout(events / per_s + GRACE_S):
            await opened(source, reading)
            await asyncio.sleep(0.05)  # until what opening takes has passed
            once = between.total_bytes
            between.reset()
            requests = source.requests if isinstance(source, Polling) else 0
            await server.play(events, per_s, size_bytes)
            await reading
        asked = source.requests - requests if isinstance(source, Polling) else 0
        return Wire(size_bytes, between.up_bytes / events, between.down_bytes / events, once, asked / events)
