"""When does polling cost no more than a connection that is kept?"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from labkit.bench.clients import TRANSPORTS
from labkit.bench.latency import opened
from labkit.bench.origin import origin
from labkit.bench.settings import check_settings
from labkit.client import Polling
from labkit.clock import wait_until
from labkit.proxy import pipe
from labkit.server.channel import HEARTBEAT_S
from labkit.wire import Frame, encode
from labkit.wire.chunked import chunk

HEARTBEAT_BYTES = len(chunk(encode(Frame(comment="heartbeat"))))


@dataclass(frozen=True)
class BreakEven:
    """`poll_bytes` of a question that brings nothing, both ways; `heartbeat_bytes` every `heartbeat_s` of a stream on
    which nothing happens."""

    poll_bytes: float
    heartbeat_bytes: int = HEARTBEAT_BYTES
    heartbeat_s: float = HEARTBEAT_S

    @property
    def interval_s(self) -> float:
        """Polls so far apart cost as many bytes as the silent stream."""
        return self.with_packets(0)

    @property
    def stream_bytes_per_hour(self) -> float:
        """What the silent stream takes in an hour."""
        return self.heartbeat_bytes * 3600 / self.heartbeat_s

    def with_packets(self, packet_bytes: int = 40) -> float:
        """The same, where each packet takes so many bytes more (TCP and IPv4 without options: 40): two for a question
        and its answer, one for a heartbeat. Acknowledgements of their own are not counted."""
        return self.heartbeat_s * (self.poll_bytes + 2 * packet_bytes) / (self.heartbeat_bytes + packet_bytes)

    def __repr__(self) -> str:
        return (
            f"{self.poll_bytes:.0f} bytes for a question that brings nothing, {self.heartbeat_bytes} for a heartbeat "
            f"every {self.heartbeat_s:g} s: equal at a question every {self.interval_s:.0f} s"
        )


async def polling_break_even(questions: int = 10) -> BreakEven:
    """Measured on a counting pipe: the bytes of questions that bring nothing."""
    check_settings(questions=questions)
    async with origin() as server, pipe(server.url) as between:
        source = TRANSPORTS["polling"](server, between.url, "")
        assert isinstance(source, Polling)
        async with source:
            reading = asyncio.ensure_future(anext(source))
            await opened(source, reading)
            await asyncio.sleep(0.02)
            between.reset()
            requests_before = source.requests
            await wait_until(lambda: source.requests >= requests_before + questions)
            await asyncio.sleep(0.02)
            bytes_each = between.total_bytes / (source.requests - requests_before)
            reading.cancel()
    return BreakEven(bytes_each)
