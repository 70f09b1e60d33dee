from __future__ import annotations

import asyncio

import httpx
import pytest

from labkit.clock import wait_until
from labkit.lab import curl, raw_server, record, send
from labkit.lab.lesson_01 import chunk_by_chunk, labkit_decoder, survives_every_cut
from labkit.wire import Event

pytestmark = pytest.mark.live


def test_a_recording_keeps_status_headers_pieces_and_end() -> None:
    seen = asyncio.run(send(b"data: a\n", b"\n", b"data: b\n\n"))
    assert (seen.status, seen.ended, seen.body) == (200, True, b"data: a\n\ndata: b\n\n")
    assert seen.headers["content-type"] == "text/event-stream"
    assert seen.events == [Event("a"), Event("b")]
    assert seen.cuts == [8, 9]


def test_record_stops_after_so_many_events_or_seconds() -> None:
    async def main() -> None:
        async with raw_server([b"data: a\n\n", b"data: b\n\n"], stay=True) as url:
            few = await record(url, seconds=5, events=1)
            assert few.events[:1] == [Event("a")]
            assert not few.ended
            assert not (await record(url, seconds=0.1)).ended

    asyncio.run(main())


def test_record_says_so_when_nothing_answers() -> None:
    async def dead() -> None:
        async with raw_server([]) as url:
            pass
        await record(url, seconds=1)

    with pytest.raises(httpx.TransportError):
        asyncio.run(dead())


def test_raw_server_gives_each_client_its_own_script() -> None:
    async def main() -> list[bytes]:
        async with raw_server([b"data: 1\n\n"], [b"data: 2\n\n"]) as url:
            return [(await record(url)).body for _ in range(3)]

    assert asyncio.run(main()) == [b"data: 1\n\n", b"data: 2\n\n", b"data: 2\n\n"]


def test_curl_prints_the_bytes_and_takes_options() -> None:
    async def main() -> str:
        async with raw_server([b"data: hello\n\n"]) as url:
            return await curl(url, 2.0, "-i")

    printed = asyncio.run(main())
    assert "text/event-stream" in printed
    assert printed.endswith("data: hello\n\n")


def test_a_hasty_reader_fails_where_a_decoder_does_not() -> None:
    raw = "data: 5 €\n\n".encode()
    assert all(survives_every_cut(labkit_decoder, raw))
    assert not all(survives_every_cut(chunk_by_chunk, raw))
    assert chunk_by_chunk([raw]) == labkit_decoder([raw]) == ["5 €"]


def test_until_gives_up() -> None:
    assert asyncio.run(wait_until(lambda: True))
    assert not asyncio.run(wait_until(lambda: False, seconds=0.02))
