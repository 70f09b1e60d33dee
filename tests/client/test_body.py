"""What comes out of decompression is bounded, for each reader of this project."""

from __future__ import annotations

import asyncio
import functools
import gzip
import json
import tracemalloc
import zlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tornado.websocket import WebSocketHandler

from labkit.client import EventSource, LongPolling, Polling, WebSocketSource, watch
from labkit.client.body import read_body
from labkit.command.listen import ListenOptions, run_listen
from labkit.command.terminal import Failure
from labkit.errors import DecompressionBomb, LabError, LimitExceeded, StreamLost
from labkit.lab.raw_server import raw_server
from labkit.llm import Upstream
from labkit.server import serve

pytestmark = pytest.mark.live

MIB = 1024 * 1024
COMMENT = b": " + b"x" * 4000 + b"\n"
#: What a reader may hold; the body holds 64 MiB.
ROOM_BYTES = 24 * MIB


@functools.cache
def bomb(codings: str, piece: bytes) -> bytes:
    """A body of a few bytes that holds 64 MiB, in these codings."""
    machine = zlib.compressobj(9, wbits=31)
    part = piece * (MIB // len(piece))
    body = b"".join(machine.compress(part) for _ in range(64)) + machine.flush()
    for _ in codings.split(",")[1:]:
        body = gzip.compress(body)
    return body


def head(kind: str, encoding: str = "", length: int = 0) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {kind}", f"Content-Encoding: {encoding}", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


async def by_event_source(url: str) -> None:
    async with EventSource(url) as source:
        async for _ in source:
            pass


async def by_polling(url: str) -> None:
    async with Polling(url) as source:
        await anext(source)


async def by_long_polling(url: str) -> None:
    async with LongPolling(url) as source:
        await anext(source)


async def by_model_reader(url: str) -> None:
    async for _ in Upstream(url + "v1", "any", key="").tokens("hello"):
        pass


async def by_model_list(url: str) -> None:
    async for _ in Upstream(url + "v1", "", key="").tokens("hello"):
        pass


READERS: dict[str, tuple[str, Callable[[str], Awaitable[None]]]] = {
    "EventSource": ("text/event-stream", by_event_source),
    "polling": ("application/json", by_polling),
    "long polling": ("application/json", by_long_polling),
    "the model reader": ("text/event-stream", by_model_reader),
    "the list of models": ("application/json", by_model_list),
}


@pytest.mark.parametrize("encoding", ["gzip", "gzip, gzip", "gzip, identity, x-gzip"])
@pytest.mark.parametrize("reader", READERS)
def test_a_decompression_bomb_is_given_up_before_it_fills_the_memory(reader: str, encoding: str) -> None:
    kind, read = READERS[reader]
    body = bomb(encoding.replace("identity, ", ""), COMMENT)

    async def main() -> None:
        async with raw_server([body], head=head(kind, encoding, len(body)), stay=True) as url:
            tracemalloc.start()
            try:
                with pytest.raises(LimitExceeded) as caught:
                    await asyncio.wait_for(read(url), 20)
                assert "grew past" in str(caught.value)
                assert tracemalloc.get_traced_memory()[1] < ROOM_BYTES
            finally:
                tracemalloc.stop()

    asyncio.run(main())


def test_listen_gives_a_bomb_up_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    body = bomb("gzip, gzip", COMMENT)

    async def main() -> str:
        async with raw_server([body], head=head("text/event-stream", "gzip, gzip", len(body)), stay=True) as url:
            options = ListenOptions(url, "text", "", {}, None, False, MIB)
            with pytest.raises(Failure) as caught:
                await asyncio.to_thread(run_listen, options)
            return caught.value.message

    assert "decompresses to grew past 8,388,608 bytes" in asyncio.run(main())


def test_the_doctor_reads_stacked_codings_up_to_its_bound() -> None:
    whole = b"data: a\n\n" * 10

    async def seen(body: bytes, encoding: str) -> Any:
        async with raw_server([body], head=head("text/event-stream", encoding, len(body))) as url:
            return await watch(url, 5.0)

    async def main() -> None:
        stacked = await seen(gzip.compress(gzip.compress(whole)), "gzip, gzip")
        assert stacked.decompressed.body == whole
        body = bomb("gzip, gzip", COMMENT)
        recording = await seen(body, "gzip, gzip")
        tracemalloc.start()
        try:
            assert len(recording.decompressed.body) <= 8 * MIB
            assert tracemalloc.get_traced_memory()[1] < ROOM_BYTES
        finally:
            tracemalloc.stop()

    asyncio.run(main())


def test_a_websocket_message_that_is_too_large_when_decompressed_is_refused() -> None:
    class Bomb(WebSocketHandler):
        def get_compression_options(self) -> dict[str, Any]:
            return {}

        async def open(self, *args: str, **kwargs: str) -> None:
            await self.write_message(json.dumps({"id": "1", "type": "message", "data": "x" * (4 * MIB)}))

    async def main() -> None:
        async with serve({"/socket": Bomb}) as server, WebSocketSource(server.url, compression=True) as source:
            with pytest.raises(LimitExceeded, match="one message grew past 1,048,576 bytes"):
                await anext(source)

    asyncio.run(main())


def answered(body: bytes, encoding: str, piece_bytes: int = 0) -> httpx.Response:
    class Stream(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            for place in range(0, len(body), piece_bytes or len(body)):
                yield body[place : place + (piece_bytes or len(body))]

    return httpx.Response(
        200, headers={"Content-Encoding": encoding}, stream=Stream(), request=httpx.Request("GET", "http://test/")
    )


async def whole(response: httpx.Response) -> bytes:
    return b"".join([part async for part in read_body(response)])


TEXT = bytes(range(256)) * 1000


@pytest.mark.parametrize("piece_bytes", [0, 1, 7])
@pytest.mark.parametrize(
    "encoding, body",
    [
        ("gzip", gzip.compress(TEXT)),
        ("GZIP , gzip", gzip.compress(gzip.compress(TEXT))),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)[2:-4]),
        ("gzip", gzip.compress(TEXT) + b"and what follows its end"),
        ("", TEXT),
        ("identity", TEXT),
        ("none", TEXT),
    ],
    ids=["gzip", "twice", "deflate", "raw deflate", "a tail", "plain", "identity", "no coding's name"],
)
def test_a_body_is_read_as_browsers_read_it(encoding: str, body: bytes, piece_bytes: int) -> None:
    assert asyncio.run(whole(answered(body, encoding, piece_bytes))) == TEXT


@pytest.mark.parametrize(
    "encoding, says",
    [("dcb", "were asked for"), ("gzip", "is not"), (", ".join(["gzip"] * 6), "6 codings on top of each other")],
)
def test_a_body_that_cannot_be_decompressed_is_told(encoding: str, says: str) -> None:
    with pytest.raises(httpx.DecodingError, match=says):
        asyncio.run(whole(answered(b"no compression", encoding)))


def test_an_ordinary_compressed_stream_goes_on_for_ever() -> None:
    machine = zlib.compressobj(wbits=31)

    class Stream(httpx.AsyncByteStream):
        async def __aiter__(self) -> Any:
            for number in range(200):
                data = b"".join(b'data: {"token": %d}\n\n' % place for place in range(number, number + 5000))
                yield machine.compress(data) + machine.flush(zlib.Z_SYNC_FLUSH)

    response = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Stream())
    assert len(asyncio.run(whole(response))) > 2 * 8 * MIB  # more than the bound for one piece


def test_an_answer_that_nests_too_deeply_is_no_answer() -> None:
    body = b"[" * 100_000

    async def main() -> None:
        async with raw_server([body], head=head("application/json", "", len(body))) as url:
            with pytest.raises(StreamLost, match="no answer to polling"):
                await anext(Polling(url))

    asyncio.run(main())


def test_the_error_says_what_to_do() -> None:
    problem = DecompressionBomb(MIB)
    assert isinstance(problem, LabError) and "Accept-Encoding: identity" in str(problem)
