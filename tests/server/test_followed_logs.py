"""Channels of several servers on one Redis: the same ids, no hole, no double, and silence nowhere."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator

import pytest
from redis import Redis

from labkit.client import EventSource
from labkit.cluster.redis_server import RedisServer
from labkit.errors import LogFailed
from labkit.log import RedisLog
from labkit.server import Channel, serve
from labkit.wire import Event

from ..helpers import soon, texts

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def redis(tool: Callable[[str], str]) -> Iterator[RedisServer]:
    tool("redis")
    with RedisServer(persistent=True) as server:
        yield server
        server.start()


@pytest.fixture
def make(redis: RedisServer) -> Callable[[], Channel]:
    """A channel of one more server on the log of this test."""
    name = f"test {uuid.uuid4().hex[:8]}"
    return lambda: Channel(RedisLog(redis.url, name), retry_ms=20, heartbeat_s=0.05)


async def read(url: str, events: list[Event], last_event_id: str = "") -> None:
    async with EventSource(url, last_event_id=last_event_id) as source:
        async for event in source:
            events.append(event)


def test_what_one_publishes_reaches_the_readers_of_all_with_the_same_ids(make: Callable[[], Channel]) -> None:
    async def test() -> None:
        here, there = make(), make()
        async with serve(here) as one, serve(there) as other:
            heard: list[list[Event]] = [[], []]
            readers = [
                asyncio.create_task(read(server.url, got)) for server, got in zip((one, other), heard, strict=True)
            ]
            await soon(lambda: here.clients == there.clients == 1)
            ids = [await (here, there)[n % 2].publish_async(str(n)) for n in range(20)]
            await soon(lambda: min(map(len, heard)) == 20)
            assert texts(heard[0]) == texts(heard[1]) == list(map(str, range(20)))
            assert [event.last_event_id for event in heard[0]] == ids == [event.last_event_id for event in heard[1]]
            for reader in readers:
                reader.cancel()

    asyncio.run(test())


def test_who_changes_the_server_at_every_event_loses_nothing_and_gets_nothing_twice(
    make: Callable[[], Channel],
) -> None:
    async def test() -> None:
        channels = [make(), make()]
        async with serve(channels[0]) as one, serve(channels[1]) as other:
            got: list[Event] = []
            first = await channels[0].publish_async("0")
            last_event_id = first.rpartition("-")[0] + "-0"
            for number in range(1, 30):
                await channels[number % 2].publish_async(str(number))
                async with EventSource((one, other)[number % 2].url, last_event_id=last_event_id) as source:
                    got.append(await anext(aiter(source)))
                last_event_id = got[-1].last_event_id
            assert texts(got) == list(map(str, range(29)))
            assert {event.type for event in got} == {"message"}

    asyncio.run(test())


def test_while_redis_is_away_streams_stay_open_and_beat_and_publishing_says_why(
    redis: RedisServer, make: Callable[[], Channel]
) -> None:
    async def test() -> None:
        channel = make()
        async with serve(channel) as server:
            got: list[Event] = []
            pieces: list[bytes] = []
            source = EventSource(server.url, on_bytes=pieces.append)
            reading = asyncio.create_task(collect(source, got))
            await soon(lambda: channel.clients == 1)
            await channel.publish_async("before")
            await soon(lambda: texts(got) == ["before"])
            await asyncio.to_thread(redis.kill)
            with pytest.raises(LogFailed, match="Does Redis run there"):
                await channel.publish_async("lost")
            await soon(lambda: channel.log_trouble)
            pieces.clear()
            await soon(lambda: b": heartbeat\n\n" in b"".join(pieces))
            await asyncio.to_thread(redis.start)
            await soon(lambda: not channel.log_trouble)
            await channel.publish_async("after")
            await soon(lambda: texts(got) == ["before", "after"])
            assert source.connections == 1
            reading.cancel()

    asyncio.run(test())


async def collect(source: EventSource, events: list[Event]) -> None:
    async with source:
        async for event in source:
            events.append(event)


def test_a_redis_that_was_emptied_is_a_gap_for_every_reader(redis: RedisServer, make: Callable[[], Channel]) -> None:
    async def test() -> None:
        here, there = make(), make()
        async with serve(here) as one, serve(there) as other:
            heard: list[list[Event]] = [[], []]
            readers = [
                asyncio.create_task(read(server.url, got)) for server, got in zip((one, other), heard, strict=True)
            ]
            await soon(lambda: here.clients == there.clients == 1)
            await here.publish_async("a")
            await soon(lambda: min(map(len, heard)) == 1)
            Redis.from_url(redis.url).flushall()
            await here.publish_async("b")
            await soon(lambda: min(map(len, heard)) == 3)
            for got in heard:
                assert [event.type for event in got] == ["message", "gap", "message"]
                assert (got[0].data, got[2].data) == ("a", "b")
                assert got[0].last_event_id != got[2].last_event_id
            for reader in readers:
                reader.cancel()

    asyncio.run(test())


def test_one_thread_follows_for_all_readers_and_ends_with_the_server(make: Callable[[], Channel]) -> None:
    earlier = set(threading.enumerate())

    def followers() -> int:
        return sum("follows a log" in thread.name for thread in set(threading.enumerate()) - earlier)

    async def test() -> None:
        channel = make()
        async with serve(channel) as server:
            tasks = [asyncio.create_task(read(server.url, [])) for _ in range(10)]
            await soon(lambda: channel.clients == 10)
            assert followers() == 1
            for task in tasks:
                task.cancel()
        await soon(lambda: followers() == 0, "the thread has ended")

    asyncio.run(test())
