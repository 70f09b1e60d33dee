from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import pytest

from labkit.client import EventSource
from labkit.log import MemoryLog
from labkit.server import Channel, multiplex, serve
from labkit.server.multiplexing import topic_frames
from labkit.wire import Decoder, Event, encode

from ..helpers import after, ids, request, soon, texts

TYPES = ("prices", "news", None, "größen", "prices")


def published(count: int, keep: int = 1000, heartbeat_s: float = 15.0) -> Channel:
    channel = Channel(MemoryLog(keep, epoch="e"), heartbeat_s=heartbeat_s)
    for number in range(1, count + 1):
        channel.publish(f"{number}\nü", TYPES[number % len(TYPES)])
    return channel


def wanted(count: int, topics: Sequence[str]) -> list[Event]:
    named = [(number, TYPES[number % len(TYPES)] or "message") for number in range(1, count + 1)]
    return [Event(f"{number}\nü", topic, f"e-{number}") for number, topic in named if topic in topics]


@pytest.mark.parametrize("topics", [("prices", "größen"), ("message",), ("news", "prices", "message", "größen")])
def test_whatever_byte_the_connection_is_cut_after_each_event_of_a_topic_comes_once(topics: tuple[str, ...]) -> None:
    async def read(channel: Channel, last_event_id: str, last: str) -> bytes:
        body = b""
        async with contextlib.aclosing(topic_frames(channel, topics, last_event_id)) as frames:
            async for frame in frames:
                body += encode(frame)
                if frame.id == last:
                    break
        return body

    async def main() -> None:
        channel, expected = published(12), wanted(12, topics)
        channel.bind(asyncio.get_running_loop())
        last = expected[-1].last_event_id
        whole = await read(channel, "e-0", last)
        for cut in range(len(whole)):
            decoder = Decoder()
            got = [signal for signal in decoder.feed(whole[:cut]) if isinstance(signal, Event)]
            rest = await read(channel, got[-1].last_event_id if got else "e-0", last)
            got += [signal for signal in Decoder().feed(rest) if isinstance(signal, Event)]
            assert got == expected, cut
        channel.unbind()

    asyncio.run(main())


@pytest.mark.live
def test_one_connection_carries_the_topics_that_its_reader_names() -> None:
    async def main() -> None:
        channel = published(5)
        async with (
            serve({"/all": channel, "/topics": multiplex(channel)}) as server,
            EventSource(f"{server.base_url}/topics?topics=prices,gr%C3%B6%C3%9Fen", last_event_id="e-0") as some,
            EventSource(f"{server.base_url}/topics", last_event_id="e-3") as all_of_them,
        ):
            assert [await anext(some) for _ in range(3)] == wanted(5, ("prices", "größen"))
            assert [(await anext(all_of_them)).last_event_id for _ in range(2)] == ["e-4", "e-5"]
            channel.publish("no", "news")
            channel.publish("yes", "prices")
            assert (await anext(some)).data == "yes"
            assert [(await anext(all_of_them)).data for _ in range(2)] == ["no", "yes"]
            too_many = ",".join(map(str, range(101))).encode()
            async with request(f"{server.base_url}/topics") as fresh:  # begins with what is published next
                await fresh.opening()
                channel.publish("now")
                assert texts(await fresh.events(1)) == ["now"]
            status = await _status(server.base_url, too_many)
            assert status == 400

    asyncio.run(main())


async def _status(base_url: str, topics: bytes) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(base_url.rpartition(":")[2]))
    writer.write(b"GET /topics?topics=" + topics + b" HTTP/1.0\r\nHost: localhost\r\n\r\n")
    first = await reader.readline()
    writer.close()
    return int(first.split()[1])


@pytest.mark.live
def test_who_reads_a_silent_topic_is_not_told_of_a_gap() -> None:
    """The log keeps two events; fifty of another topic go by. The heartbeat's id says how far the reader has got."""

    async def main() -> None:
        channel = published(0, keep=2, heartbeat_s=0.02)
        async with serve({"/all": channel, "/topics": multiplex(channel)}) as server:
            url = f"{server.base_url}/topics?topics=quiet"
            async with EventSource(url, reconnection_ms=1) as source:
                reading = asyncio.create_task(anext(source))
                await soon(lambda: source.last_event_id == "e-0", "it is open")
                for _ in range(50):
                    channel.publish("by", "busy")
                    await asyncio.sleep(0.001)  # the log forgets two at once: its readers must have seen them
                await soon(lambda: source.last_event_id == "e-50", "a heartbeat told how far it is")
                reading.cancel()
                last_event_id = source.last_event_id
            channel.publish("here", "quiet")
            async with EventSource(url, last_event_id=last_event_id) as source:
                assert (await anext(source)) == Event("here", "quiet", "e-51")
            async with EventSource(url, last_event_id="e-3") as source:  # but who missed some is told
                assert (await anext(source)).type == "gap"
                assert (await anext(source)).data == "here"

    asyncio.run(main())


@pytest.mark.live
def test_a_server_that_stops_ends_it() -> None:
    async def main() -> None:
        channel = published(1)
        async with (
            serve({"/all": channel, "/topics": multiplex(channel)}) as server,
            request(f"{server.base_url}/topics", after("e-0")) as reply,
        ):
            assert ids(await reply.events(1)) == ["e-1"]
            await server.site.stop()
            await reply.reader.read()

    asyncio.run(main())
