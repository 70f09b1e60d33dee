"""One log, many threads, many readers: every reader sees every event once, in order."""

from __future__ import annotations

import asyncio
import random
import socket
import threading
from collections.abc import Coroutine

import pytest
from tornado.iostream import IOStream

from labkit.client import EventSource
from labkit.errors import EncodeError, LabError
from labkit.log import MemoryLog
from labkit.server import Channel, launch, serve

from ..live_helpers import eventually

pytestmark = pytest.mark.live


def run(main: Coroutine[object, object, None]) -> None:
    asyncio.run(asyncio.wait_for(main, 60))


async def numbers(url: str, until: int, last_event_id: str = "") -> list[int]:
    """The numbers of the ids that a client sees, up to that one."""
    seen: list[int] = []
    async with EventSource(url, last_event_id=last_event_id, reconnection_ms=10) as source:
        async for event in source:
            seen.append(int(event.last_event_id.rpartition("-")[2]))
            if seen[-1] >= until:
                break
    return seen


def test_a_ticker_on_the_loop_and_a_thread_publish_2000_each() -> None:
    channel = Channel(MemoryLog(10_000, epoch="e"), room_bytes=10**7)
    server = launch({"/events": channel}, name="test two publishers")

    def on_the_loop() -> None:
        for _ in range(2000):
            channel.publish("loop")

    async def main() -> None:
        readers = [asyncio.create_task(numbers(server.url + "/events", 4000)) for _ in range(5)]
        await eventually(lambda: channel.clients == 5)
        ticker = threading.Thread(target=lambda: server.call(on_the_loop))
        ticker.start()
        for _ in range(2000):
            await asyncio.to_thread(channel.publish, "cell")
        await asyncio.to_thread(ticker.join)
        for seen in await asyncio.gather(*readers):
            assert seen == list(range(1, 4001))

    try:
        run(main())
    finally:
        server.stop()


def test_whoever_joins_while_events_are_published_loses_none_and_doubles_none() -> None:
    channel = Channel(MemoryLog(10_000, epoch="e"), room_bytes=10**7)
    server = launch({"/events": channel}, name="test joining")
    total = 3000

    def publish() -> None:
        for _ in range(total):
            channel.publish("x")

    async def main() -> None:
        rng = random.Random(1)
        publisher = threading.Thread(target=publish)
        readers = []
        publisher.start()
        for _ in range(40):
            seen_by_then = channel.log.last_number  # type: ignore[attr-defined]
            asked = rng.randint(0, seen_by_then)
            readers.append((asked, asyncio.create_task(numbers(server.url + "/events", total, f"e-{asked}"))))
            await asyncio.sleep(rng.random() * 0.01)
        await asyncio.to_thread(publisher.join)
        channel.publish("the end")
        for asked, reader in readers:
            assert (await reader)[: total - asked] == list(range(asked + 1, total + 1))

    try:
        run(main())
    finally:
        server.stop()


def test_cut_again_and_again_every_event_arrives_once() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"), retry_ms=5)
        async with serve(channel) as server:
            reader = asyncio.create_task(numbers(server.url, 300))
            await eventually(lambda: channel.clients == 1)
            for number in range(300):
                channel.publish(str(number))
                if number % 20 == 10:
                    channel.cut(reset=number % 40 == 10)
                await asyncio.sleep(0.002)
            assert await reader == list(range(1, 301))
            assert len(channel.visits) > 5

    run(main())


def test_what_cannot_be_sent_is_neither_logged_nor_written() -> None:
    channel = Channel(MemoryLog(epoch="e"))
    with pytest.raises(EncodeError):
        channel.publish("x", event="a\nb")
    assert channel.publish("x") == "e-1"


def test_a_channel_belongs_to_one_server_at_a_time() -> None:
    channel = Channel()
    one = launch({"/": channel}, name="test one")
    try:
        with pytest.raises(LabError, match="another server"):
            launch({"/": channel}, name="test other")
    finally:
        one.stop()
    launch({"/": channel}, name="test other").stop()


def test_before_there_is_a_server_events_go_to_the_log() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        channel.publish("early")
        async with serve(channel) as server:
            assert await numbers(server.url, 1, "e-0") == [1]

    run(main())


@pytest.mark.parametrize("asked", ["e-0", ""])
def test_an_event_that_waits_to_be_sent_reaches_a_new_reader_once_and_the_others_once(asked: str) -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        async with serve(channel):
            readers = [pipe(channel, ""), pipe(channel, "")]
            channel.publish("one")  # logged, and queued for the next turn of the loop: now somebody joins
            readers.append(pipe(channel, asked))
            channel.publish("two")
            await asyncio.sleep(0.05)
            channel.end()
            for reader, texts in zip(
                readers, [["one", "two"], ["one", "two"], ["one", "two"] if asked else ["two"]], strict=True
            ):
                body = await asyncio.wait_for(reader.read(), 10)
                assert [line for line in body.decode().splitlines() if "data" in line] == [
                    f"data: {text}" for text in texts
                ]

    class Read:
        def __init__(self, end: socket.socket) -> None:
            self.end = end

        async def read(self) -> bytes:
            reader, _ = await asyncio.open_connection(sock=self.end)
            return await reader.read()

    def pipe(channel: Channel, last_event_id: str) -> Read:
        ours, theirs = socket.socketpair()
        channel.open(IOStream(theirs), last_event_id, chunked=False)
        return Read(ours)

    run(main())


def test_what_waits_for_a_connection_that_is_gone_is_nothing() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server:
            reader = asyncio.create_task(numbers(server.url, 10))
            await eventually(lambda: channel.clients == 1)
            (connection,) = channel._connections
            connection._stream.close()
            assert connection.waiting_bytes == 0
            reader.cancel()

    run(main())
