"""What an event costs on the wire: bytes each way, and requests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from labkit.client import Polling, Source
from labkit.lab.bench.clients import BARE, EVERY, PUSHING
from labkit.lab.bench.latency import opened
from labkit.lab.bench.origin import Origin, origin
from labkit.proxy import Pipe, pipe

GRACE_S = 10.0
#: A request's or an answer's head: no payload here looks like one. Source: RFC 9112, 2.1
HEAD = re.compile(rb"(?:GET /\S* HTTP/1\.1|HTTP/1\.1 \d{3})[^\0]*?\r\n\r\n")


@dataclass(frozen=True)
class Wire:
    """The cost of one transport: `payload_bytes` of each event, all the bytes that an event took (`up_bytes` from the
    client, `down_bytes` to it; `head_bytes` of both are heads of HTTP), and what opening took, once. `requests` for
    each event."""

    payload_bytes: int
    up_bytes: float
    down_bytes: float
    head_bytes: float
    once_bytes: int
    requests: float

    @property
    def total_bytes(self) -> float:
        """All that an event took."""
        return self.up_bytes + self.down_bytes

    @property
    def overhead_bytes(self) -> float:
        """What an event takes beyond its payload."""
        return self.total_bytes - self.payload_bytes

    @property
    def framing_bytes(self) -> float:
        """What it takes beyond its payload and the heads: fields or JSON, ids, types, chunks, frames. Below zero, where
        a compressor saved more."""
        return self.overhead_bytes - self.head_bytes

    def __repr__(self) -> str:
        return (
            f"{self.payload_bytes} bytes of payload + {self.overhead_bytes:.0f} for each event, "
            f"{self.once_bytes} once; {self.requests:.2g} requests for each event"
        )


async def wire(
    per_s: float = 20.0, events: int = 40, size_bytes: int = 64, transports: Sequence[str] = (*PUSHING, *BARE)
) -> dict[str, Wire]:
    """For each transport what a counting pipe saw, at so many events a second. All listen at the same time.

    Raises:
        TimeoutError: not all events arrived.
    """
    async with origin() as server, AsyncExitStack() as stack:
        counted = {name: await stack.enter_async_context(_counted(server, name, events)) for name in transports}
        await asyncio.sleep(0.05)  # until what opening takes has passed
        for one in counted.values():
            one.begin()
        await server.play(events, per_s, size_bytes)
        async with asyncio.timeout(events / per_s + GRACE_S):
            await asyncio.gather(*(one.reading for one in counted.values()))
        return {name: one.cost(size_bytes) for name, one in counted.items()}


class _Counted:
    """One client, and all that passes between it and the server."""

    def __init__(self, source: Source, between: Pipe, events: int) -> None:
        self._source, self._between, self._events = source, between, events
        self._once_bytes = self._asked_before = 0
        self._passed = {True: bytearray(), False: bytearray()}
        between.on_bytes = lambda up, data: self._passed[up].extend(data)
        self.reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        seen = 0
        async for _ in self._source:
            seen += 1
            if seen == self._events:
                return

    def begin(self) -> None:
        """What has passed belongs to the opening; from now on it is the events'."""
        self._once_bytes, self._asked_before = self._between.total_bytes, self._asked
        self._between.reset()
        for data in self._passed.values():
            data.clear()

    def cost(self, payload_bytes: int) -> Wire:
        heads = sum(len(head) for data in self._passed.values() for head in HEAD.findall(data))
        return Wire(
            payload_bytes,
            up_bytes=self._between.up_bytes / self._events,
            down_bytes=self._between.down_bytes / self._events,
            head_bytes=heads / self._events,
            once_bytes=self._once_bytes,
            requests=(self._asked - self._asked_before) / self._events,
        )

    @property
    def _asked(self) -> int:
        return self._source.requests if isinstance(self._source, Polling) else 0


@asynccontextmanager
async def _counted(server: Origin, name: str, events: int) -> AsyncIterator[_Counted]:
    async with pipe(server.url) as between, EVERY[name](server, between.url, "") as source:
        made = _Counted(source, between, events)
        try:
            await opened(source, made.reading)
            yield made
        finally:
            made.reading.cancel()
