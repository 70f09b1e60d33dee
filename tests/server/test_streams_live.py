"""What the server puts on the wire, byte by byte, over real sockets."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Coroutine

import pytest

from labkit.log import MemoryLog
from labkit.server import Channel, serve
from labkit.wire import Frame

from ..live_helpers import Raw, eventually

pytestmark = pytest.mark.live


def run(main: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 60))


OPENING = b": the stream is open\nretry: 3000\n\n"


def test_headers_and_a_first_comment_come_at_once_and_each_event_is_one_chunk() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        async with serve(channel) as server:
            client = await Raw.get(server.port)
            head = (await client.head()).lower()
            assert head.startswith("http/1.1 200")
            for line in (
                "content-type: text/event-stream",
                "cache-control: no-cache",
                "x-accel-buffering: no",
                "transfer-encoding: chunked",
            ):
                assert f"{line}\r\n" in head
            assert await client.until(b"\n\n\r\n") == b"%x\r\n%b\r\n" % (len(OPENING), OPENING)
            channel.publish("hello", event="greeting")
            frame = b"event: greeting\nid: e-1\ndata: hello\n\n"
            assert await client.until(b"\n\n\r\n") == b"%x\r\n%b\r\n" % (len(frame), frame)
            channel.end()
            assert await client.rest() == b"0\r\n\r\n"

    run(main())


def test_http_1_0_gets_no_chunks_and_the_end_of_the_connection_is_the_end() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        async with serve(channel) as server:
            client = await Raw.get(server.port, line="GET /events HTTP/1.0")
            assert "chunked" not in await client.head()
            assert await client.until(b"\n\n") == OPENING
            channel.publish("x")
            channel.end()
            assert await client.rest() == b"id: e-1\ndata: x\n\n"

    run(main())


def test_head_has_the_headers_and_no_stream() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server:
            client = await Raw.get(server.port, line="HEAD /events HTTP/1.1")
            head = await client.head()
            assert "text/event-stream" in head and "Content-Length" not in head
            assert await client.rest() == b""
            assert channel.clients == 0

    run(main())


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [("http://localhost:8888", True), ("http://127.0.0.1:8888", True), ("https://localhost", True), ("http://[::1]:1", True),
     ("https://example.org", False), ("http://localhost.example.org", False), ("http://127.0.0.1:80.example.org", False), ("null", False)],
)  # fmt: skip
def test_only_pages_of_this_machine_may_read(origin: str, allowed: bool) -> None:
    async def main() -> None:
        async with serve(Channel()) as server:
            for line in ("GET /events HTTP/1.1", "OPTIONS /events HTTP/1.1"):
                client = await Raw.get(server.port, f"Origin: {origin}\r\n", line)
                head = await client.head()
                assert (f"Access-Control-Allow-Origin: {origin}\r\n" in head) == allowed
                assert ("Access-Control-Allow-Origin" in head) == allowed
                client.close()

    run(main())


@pytest.mark.parametrize("asked", ["e-1", "other-1", "…"])
def test_a_reader_resumes_or_is_told_of_the_gap(asked: str) -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        async with serve(channel) as server:
            for text in "abc":
                channel.publish(text)
            client = Raw(*await asyncio.open_connection("127.0.0.1", server.port))
            client.writer.write(b"GET /events HTTP/1.0\r\nLast-Event-ID: " + asked.encode() + b"\r\n\r\n")
            await client.head()
            channel.end()
            body = (await client.rest()).decode().removeprefix(OPENING.decode())
            assert channel.visits[0].last_event_id == asked
            kept = [f"id: e-{n}\ndata: {text}\n\n" for n, text in enumerate("abc", start=1)]
            if asked == "e-1":
                assert body == "".join(kept[1:])
            else:
                gap, _, rest = body.partition("\n\n")
                assert gap.startswith("event: gap\ndata: {") and '"oldest_kept": "e-1"' in gap and "id:" not in gap
                assert rest == "".join(kept)

    run(main())


def test_silence_is_filled_with_heartbeats_and_a_busy_stream_is_not() -> None:
    async def main() -> None:
        channel = Channel(heartbeat_s=0.05)
        async with serve(channel) as server:
            client = await Raw.get(server.port)
            await client.until(OPENING)
            for _ in range(3):
                await client.until(b": heartbeat\n\n")

        busy = Channel(heartbeat_s=0.5)
        async with serve(busy) as server:
            client = await Raw.get(server.port)
            for _ in range(30):
                busy.publish("x")
                await asyncio.sleep(0.03)
            busy.end()
            assert b"heartbeat" not in await client.rest()

    run(main())


def test_a_client_that_leaves_is_noticed() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server:
            client = await Raw.get(server.port)
            await client.head()
            await eventually(lambda: channel.clients == 1)
            client.close()
            await eventually(lambda: channel.clients == 0)
            assert channel.visits[0].left == "client left"

    run(main())


def test_a_cut_has_no_last_chunk_and_a_reset_is_a_reset() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server:
            client = await Raw.get(server.port)
            await client.until(OPENING)
            channel.cut()
            assert await client.rest() == b"\r\n"
            client = await Raw.get(server.port)
            await client.until(OPENING + b"\r\n")
            channel.cut(reset=True)
            with pytest.raises(ConnectionResetError):
                await client.rest()
            assert [visit.left for visit in channel.visits] == ["cut", "cut"]

    run(main())


def test_a_stream_ends_by_itself_at_its_planned_age() -> None:
    async def main() -> None:
        channel = Channel(max_age_s=0.1)
        async with serve(channel) as server:
            client = await Raw.get(server.port)
            assert (await client.rest()).endswith(b"0\r\n\r\n")
            await eventually(lambda: channel.visits[0].left == "reached its planned age")

    run(main())


def test_nagle_is_off() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server:
            await (await Raw.get(server.port)).head()
            await eventually(lambda: channel.clients == 1)
            (connection,) = channel._connections
            assert connection._stream.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    run(main())


def test_a_reader_that_sleeps_is_sent_away_and_the_others_stay_on_time() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"), room_bytes=10_000)
        async with serve(channel) as server:
            sleeper = await Raw.get(server.port, line="GET /events HTTP/1.0")
            sleeper.writer.transport.pause_reading()  # type: ignore[attr-defined]
            reader = await Raw.get(server.port, line="GET /events HTTP/1.0")
            await eventually(lambda: channel.clients == 2)
            most = 0
            for number in range(1, 2001):
                channel.publish("x" * 10_000)
                await reader.until(b"id: e-%d\n" % number)
                most = max(most, channel.waiting_bytes)
                if channel.clients == 1:
                    break
            assert channel.visits[0].left == "too slow: its buffer was full"
            assert most <= 10_000 + 10_100 and channel.clients == 1

    run(main())


def test_stopping_sends_what_is_queued_ends_every_stream_and_frees_the_port() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        async with serve(channel) as server:
            client = await Raw.get(server.port)
            await client.until(OPENING + b"\r\n")
            await eventually(lambda: channel.clients == 1)
            channel.publish("last words")
        body = await client.rest()
        assert b"last words" in body and body.endswith(b"0\r\n\r\n")
        assert channel.clients == 0 and channel.visits[0].left == "server stopped"
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", server.port)

    run(main())


def test_a_source_runs_once_for_each_client_and_is_closed_when_that_one_leaves() -> None:
    closed = []

    async def count(last_event_id: str) -> AsyncGenerator[Frame, None]:
        try:
            for number in range(int(last_event_id or 0) + 1, 1000):
                yield Frame(data=str(number), id=str(number))
                await asyncio.sleep(0.01)
        finally:
            closed.append(last_event_id)

    async def main() -> None:
        async with serve(count) as server:
            one = await Raw.get(server.port)
            two = await Raw.get(server.port, "Last-Event-ID: 41\r\n")
            assert b"data: 1\n" in await one.until(b"\n\n")
            assert b"data: 42\n" in await two.until(b"\n\n")
            two.close()
            await eventually(lambda: closed == ["41"])
            assert [visit.last_event_id for visit in server.site.visits] == ["", "41"]
        assert closed == ["41", ""]

    run(main())


def test_an_unknown_path_says_what_there_is() -> None:
    async def main() -> None:
        async with serve({"/a": Channel(), "/b": Channel()}) as server:
            client = await Raw.get(server.port, "Connection: close\r\n", "GET /nope HTTP/1.1")
            assert "404" in await client.head()
            assert await client.rest() == b"Nothing is served at /nope. This server has: /a, /b\n"

    run(main())
