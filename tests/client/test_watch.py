"""Recording one response: what came, when, and how it ended."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from labkit.client import watch
from labkit.lab.raw_server import HEAD, loopback, raw_server

from ..helpers import free_port

pytestmark = pytest.mark.live


def test_the_moments_of_a_response_are_in_order() -> None:
    async def main() -> None:
        async with raw_server([b"data: a\n\n", 0.02, b"data: b\n\n"]) as url:
            seen = await watch(url, 10)
        assert (seen.status, seen.ended, seen.broken) == (200, True, "")
        assert seen.body == b"data: a\n\ndata: b\n\n"
        first_s, last_s = seen.arrivals[0].at_s, seen.arrivals[-1].at_s
        assert 0 < seen.sent_s < seen.head_s <= first_s <= last_s <= seen.end_s, seen
        assert first_s < last_s, "what came apart is recorded apart"
        assert seen.end_s < 60, "times are seconds since it began"

    asyncio.run(main())


@pytest.mark.parametrize("head, broken", [(b"", "connected, and no head came"), (HEAD, "")], ids=["no head", "a head"])
def test_time_that_is_up_says_how_far_it_went(head: bytes, broken: str) -> None:
    async def main() -> None:
        async with raw_server([], head=head, stay=True) as url:
            seen = await watch(url, 0.1)
        assert (seen.status, seen.broken, seen.ended) == (200 if head else 0, broken, False)
        assert seen.sent_s > 0 and (seen.head_s > 0) == bool(head)

    asyncio.run(main())


def test_a_break_is_recorded_after_the_head_and_raised_before_it() -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    async def main() -> None:
        short = HEAD[:-2] + b"Content-Length: 100\r\n\r\n"
        async with raw_server([b"data: a\n\n"], head=short) as url:
            seen = await watch(url, 10)
        assert (seen.status, seen.body, seen.ended) == (200, b"data: a\n\n", False) and seen.broken
        async with loopback(hang_up) as url:
            with pytest.raises(httpx.RemoteProtocolError):
                await watch(url, 10)
        with pytest.raises(httpx.ConnectError):
            await watch(f"http://127.0.0.1:{free_port()}/", 10)

    asyncio.run(main())


def test_watching_stops_when_it_has_enough() -> None:
    async def main() -> None:
        async with raw_server([b"data: a\n\n"] * 50, stay=True) as url:
            seen = await watch(url, 10, max_bytes=100)
            assert 100 <= len(seen.body) <= 50 * 9 and not seen.ended
            seen = await watch(url, 10, stop_when=lambda recorder: recorder.bytes >= 30)
            assert len(seen.body) >= 30 and not seen.ended

    asyncio.run(main())
