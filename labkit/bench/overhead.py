"""What an event costs on the wire: bytes each way, and requests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from labkit.bench.clients import BARE, CLIENTS, COMPRESSED, OVER_HTTP
from labkit.bench.latency import opened
from labkit.bench.origin import Origin, origin
from labkit.bench.settings import check_settings
from labkit.client import Source
from labkit.errors import LabError
from labkit.proxy import Pipe, pipe

GRACE_S = 10.0
COUNTED = (*OVER_HTTP, *BARE, *COMPRESSED)
#: A request's or an answer's head: no payload here looks like one. Source: RFC 9112, 2.1
HEAD = re.compile(rb"(?:GET /\S* HTTP/1\.1|HTTP/1\.1 \d{3}).*?\r\n\r\n", re.DOTALL)


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
        rate = f"{self.requests:.2g}"
        return (
            f"{self.payload_bytes} bytes of payload + {self.overhead_bytes:.0f} for each event, "
            f"{self.once_bytes} once; {rate} request{'s' * (rate != '1')} for each event"
        )


async def wire(
    per_s: float = 20.0, events: int = 40, size_bytes: int = 64, transports: Sequence[str] = (*OVER_HTTP, *BARE)
) -> dict[str, Wire]:
    """For each transport what a counting pipe saw, at so many events a second. All listen at the same time.

    It counts from behind one event to the last: so no question is left out, and none counted that brings no event.

    Raises:
        LabError: not all events arrived, or that cannot be measured.
    """
    check_settings(transports, COUNTED, per_s=per_s, events=events, size_bytes=size_bytes)
    async with origin() as server, AsyncExitStack() as stack:
        counted = {name: await stack.enter_async_context(_counted(server, name, events + 1)) for name in transports}
        await asyncio.sleep(0.05)  # until what opening takes has passed
        for counter in counted.values():
            counter.end_opening()
        await server.play(events + 1, per_s, size_bytes)
        try:
            async with asyncio.timeout(events / per_s + GRACE_S):
                await asyncio.gather(*(counter.reading for counter in counted.values()))
        except TimeoutError:
            late = ", ".join(
                f"{name} {counter.event_count}" for name, counter in counted.items() if counter.event_count <= events
            )
            raise LabError(f"not all of {events + 1} events arrived in time: {late}") from None
        return {name: counter.cost(size_bytes) for name, counter in counted.items()}


class _Counted:
    """One client, its `event_count` so far, and all that passes between it and the server."""

    def __init__(self, source: Source, between: Pipe, events: int) -> None:
        self._source, self._events = source, events
        self.event_count = self._before = self._once_bytes = 0
        self._passed = {True: bytearray(), False: bytearray()}
        between.on_bytes = lambda up, data: self._passed[up].extend(data)
        self.reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for _ in self._source:
            self.event_count += 1
            if self.event_count == 1:
                # As soon as the other events of the same answer are read too, and before anything else passes.
                asyncio.get_running_loop().call_soon(self._begin)
            if self.event_count == self._events:
                return

    def end_opening(self) -> None:
        """What has passed belongs to the opening."""
        self._once_bytes = sum(map(len, self._passed.values()))

    def _begin(self) -> None:
        self._before = self.event_count
        for data in self._passed.values():
            data.clear()

    def cost(self, payload_bytes: int) -> Wire:
        events = self.event_count - self._before
        if not events:
            raise LabError(f"{self._source.url} brought all events in one answer: ask for more, or for fewer a second")
        heads = {up: HEAD.findall(data) for up, data in self._passed.items()}
        return Wire(
            payload_bytes,
            up_bytes=len(self._passed[True]) / events,
            down_bytes=len(self._passed[False]) / events,
            head_bytes=sum(map(len, heads[True] + heads[False])) / events,
            once_bytes=self._once_bytes,
            requests=len(heads[True]) / events,
        )


@asynccontextmanager
async def _counted(server: Origin, name: str, events: int) -> AsyncIterator[_Counted]:
    async with pipe(server.url) as between, CLIENTS[name](server, between.url, "") as source:
        counter = _Counted(source, between, events)
        try:
            await opened(source, counter.reading)
            yield counter
        finally:
            counter.reading.cancel()
