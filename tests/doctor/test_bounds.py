"""The doctor and the clients keep to their time and to a bound on memory, whatever the server does."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import tracemalloc
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from labkit.client import STANDARD, EventSource, Polling, ResponseRecorder, watch
from labkit.client import eventsource as eventsource_module
from labkit.doctor import NotExamined, examine, leaving
from labkit.doctor import body as body_module
from labkit.doctor.examine import FirstEvent
from labkit.doctor.judge import judge
from labkit.doctor.leaving import Readers
from labkit.errors import StreamLost
from labkit.lab.raw_server import loopback
from labkit.recording import Arrival, Recording
from labkit.recording import recording as recording_module

pytestmark = pytest.mark.live

MIB = 1024 * 1024
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


@contextlib.asynccontextmanager
async def dripping(beginning: bytes, drop: bytes) -> AsyncIterator[str]:
    """A server whose answer never comes to an end, and always goes on."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(beginning)
        while True:
            writer.write(drop)
            await writer.drain()
            await asyncio.sleep(0.005)

    async with loopback(answer) as url:
        yield url


async def in_time(work: asyncio.Future[object] | object) -> object:
    return await asyncio.wait_for(work, 20)  # type: ignore[arg-type]


def test_a_head_that_drips_ends_the_doctors_watching() -> None:
    async def main() -> None:
        async with dripping(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n") as url:
            with pytest.raises(NotExamined, match=r"sent no head within 0\.5 s"):
                await in_time(examine(url, seconds=0.5, patience_s=0))

    asyncio.run(main())


def test_a_head_that_drips_ends_the_count_of_readers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "ANSWER_S", 0.05)

    async def main() -> None:
        async with dripping(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n") as url:
            readers = Readers(url, {}, True, 0.5)
            readers._url = url
            assert await in_time(readers.leaving_noticed(2)) is None

    asyncio.run(main())


def test_a_head_that_drips_is_no_answer_for_a_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(eventsource_module, "CONNECT_TIMEOUT_S", 0.1)

    async def main() -> None:
        policy = replace(STANDARD, must_open_first=True)
        async with dripping(b"HTTP/1.1 200 OK\r\n", b"X: a\r\n") as url:
            with pytest.raises(StreamLost, match="no byte for"):
                await in_time(anext(EventSource(url, read_timeout_s=0.1, policy=policy)))

    asyncio.run(main())


def test_an_open_stream_may_last_longer_than_its_head() -> None:
    async def main() -> None:
        async with dripping(STREAM + b"\r\n", b"data: a\n\n") as url, EventSource(url, read_timeout_s=5) as source:
            source._head_timeout_s = 1.0
            began_s, loop = asyncio.get_running_loop().time(), asyncio.get_running_loop()
            async for _ in source:
                if loop.time() - began_s > 1.1:
                    break
            assert source.connections == 1

    asyncio.run(main())


def test_an_answer_to_polling_that_drips_is_lost() -> None:
    async def main() -> None:
        async with dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b" ") as url:
            with pytest.raises(StreamLost, match="cannot be reached"):
                await in_time(anext(Polling(url, read_timeout_s=0.1)))

    asyncio.run(main())


@contextlib.asynccontextmanager
async def redirecting() -> AsyncIterator[str]:
    """A redirect whose body has no end, and an event where it leads."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if head.startswith(b"GET /there"):
            writer.write(STREAM + b"\r\nid: 1\ndata: a\n\n")
            await writer.drain()
            await reader.read()
            return
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /there\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    async with loopback(answer) as url:
        yield url


async def first_data(url: str) -> str:
    async with EventSource(url) as source:
        return (await anext(source)).data


async def watched_data(url: str) -> str:
    return (await watch(url, 10.0, stop_when=FirstEvent())).events[0].data


@pytest.mark.parametrize("read", [first_data, watched_data])
def test_the_body_of_a_redirect_is_not_read(read: Callable[[str], object]) -> None:
    async def main() -> None:
        async with redirecting() as url:
            assert await in_time(read(url)) == "a"

    asyncio.run(main())


@pytest.mark.parametrize(
    "piece, encoding",
    [(b"data\n\n", "gzip"), (b"data\n\n", ""), (b":\n", ""), (b"\n", "gzip"), (b"id:1\ndata\n\n", "")],
    ids=["compressed events", "events", "comments", "compressed lines", "ids"],
)
def test_millions_of_tiny_things_are_judged_by_the_first_of_them(
    piece: bytes, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording_module, "MAX_SIGNALS", 5_000)
    monkeypatch.setattr(body_module, "MAX_BODY_BYTES", 16 * 1024)
    body = piece * (2 * MIB // len(piece))
    headers = {"content-type": "text/event-stream", "content-encoding": encoding}
    data = gzip.compress(body) if encoding else body
    recording = Recording(200, headers, (Arrival(0.1, data),), head_s=0.1, end_s=2.0, url="http://localhost/")
    tracemalloc.start()
    try:
        diagnosis = judge(recording)
        assert tracemalloc.get_traced_memory()[1] < 40 * MIB
    finally:
        tracemalloc.stop()
    events = recording.decompressed.events
    assert len(events) == (5_000 if b"data" in piece else 0)
    if events:
        assert "5,000 events and more in 2.0 s" in diagnosis.facts[1]


def test_the_first_event_is_found_as_it_comes_and_nothing_is_read_twice() -> None:
    recorder, has_come = ResponseRecorder(), FirstEvent()
    seen = []
    for piece in (b": hello\n\ndata: gre", b"eting\n\n", b"id: 7\nda", b"ta: a\n\n"):
        recorder.record_bytes(piece)
        seen.append(has_come(recorder))
    assert seen == [False, False, False, True]
    recorder.record_bytes(b"x" * (2 * MIB))
    assert has_come(recorder)
