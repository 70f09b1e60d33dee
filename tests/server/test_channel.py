from __future__ import annotations

import asyncio
import random
import socket
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from labkit.client import EventSource
from labkit.errors import EncodeError, LabError
from labkit.log import MemoryLog
from labkit.server import Channel, launch, serve
from labkit.server.connection import Connection
from labkit.wire import Comment, Event, Frame, Retry

from ..helpers import after, eventually, ids, request, soon, texts

pytestmark = pytest.mark.live


def channel_of(*data: str, keep: int = 1000) -> Channel:
    channel = Channel(MemoryLog(keep, epoch="e"))
    for text in data:
        channel.publish(text)
    return channel


def numbered(first: int, last: int) -> list[str]:
    return [f"e-{number}" for number in range(first, last + 1)]


def test_a_comment_and_the_reconnection_time_come_at_once() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"), retry_ms=1234)
        async with (
            serve(channel) as server,
            request(server.url) as reply,
            request(server.url, after("e-0")) as resuming,
        ):
            assert await reply.chunk() == b": the stream is open\nid: e-0\nretry: 1234\n\n"
            assert await resuming.chunk() == b": the stream is open\nretry: 1234\n\n"

    asyncio.run(main())


def test_each_event_is_a_chunk_of_its_own_and_comes_once() -> None:
    async def main() -> None:
        channel = channel_of()
        async with serve(channel) as server, request(server.url) as reply:
            await reply.opening()
            assert [channel.publish("a"), channel.publish("b", "named"), channel.publish("")] == numbered(1, 3)
            chunks = [await reply.chunk() for _ in range(3)]
            assert chunks == [b"id: e-1\ndata: a\n\n", b"event: named\nid: e-2\ndata: b\n\n", b"id: e-3\ndata: \n\n"]
            channel.end()
            assert await reply.reader.read() == b"0\r\n\r\n"

    asyncio.run(main())


def test_http_1_0_gets_plain_bytes_until_the_connection_closes() -> None:
    async def main() -> None:
        channel = channel_of("a", "b")
        async with serve(channel) as server, request(server.url, after("e-1"), version="1.0") as reply:
            assert "transfer-encoding" not in reply.headers
            await reply.opening()
            channel.publish("c")
            channel.end()
            assert b"".join([line async for line in reply.reader]).endswith(b"id: e-3\ndata: c\n\n")

    asyncio.run(main())


def test_publishing_without_a_server_is_logged() -> None:
    channel = channel_of("a", "b")
    assert channel.log.since("e-0").frames[1].data == "b"
    assert "2 of 2 events kept" in repr(channel)


@pytest.mark.parametrize("asked, missed", [("", []), ("e-0", ["a", "b", "c"]), ("e-2", ["c"]), ("e-3", [])])
def test_who_comes_back_gets_what_it_missed_and_then_the_rest(asked: str, missed: list[str]) -> None:
    async def main() -> None:
        channel = channel_of("a", "b", "c")
        headers = [after(asked)] if asked else []
        async with serve(channel) as server, request(server.url, *headers) as reply:
            await soon(lambda: channel.clients == 1)
            channel.publish("live")
            events = await reply.events(len(missed) + 1)
            assert texts(events) == [*missed, "live"]
            assert ids(events) == numbered(4 - len(missed), 4)
            assert channel.visits[0].last_event_id == asked

    asyncio.run(main())


@pytest.mark.parametrize("asked, oldest", [("x-1", "e-2"), ("e-99", "e-2"), ("e-0", "e-2")])
def test_a_gap_is_told_first_and_without_an_id(asked: str, oldest: str) -> None:
    async def main() -> None:
        async with serve(channel_of("a", "b", "c", keep=2)) as server, request(server.url, after(asked)) as reply:
            gap, *events = await reply.events(3)
            assert gap == Event(f'{{"asked": "{asked}", "oldest_kept": "{oldest}"}}', "gap", "")
            assert ids(events) == numbered(2, 3)

    asyncio.run(main())


def test_a_gap_in_an_empty_log_keeps_nothing() -> None:
    async def main() -> None:
        async with serve(channel_of()) as server, request(server.url, after("x-1")) as reply:
            assert (await reply.events(1))[0].data == '{"asked": "x-1", "oldest_kept": null}'

    asyncio.run(main())


@pytest.mark.parametrize("asked, seen", [("e-0", 1), ("", 0)])
def test_what_is_published_just_before_a_reader_joins_reaches_all_once(asked: str, seen: int) -> None:
    async def main() -> None:
        channel = channel_of()
        join = channel.open

        def publish_and_join(*reader: Any) -> Connection:
            channel.publish("just before")  # queued, and not yet sent to anybody
            return join(*reader)

        async with serve(channel) as server, request(server.url) as first:
            await first.opening()
            channel.open = publish_and_join  # type: ignore[method-assign]
            async with request(server.url, after(asked)) as second:
                await second.opening()
                channel.publish("after")
                channel.end()
                assert texts(await first.events(9)) == ["just before", "after"]
                assert texts(await second.events(9)) == ["just before"] * seen + ["after"]

    asyncio.run(main())


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads take turns every few microseconds, and not every 5 ms: what is not guarded breaks."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual_s)


@pytest.mark.usefixtures("eager_threads")
def test_a_replay_joins_the_live_stream_without_a_hole_or_a_double() -> None:
    events = 3000
    channel = channel_of(keep=events)
    channel.room_bytes = 2**24  # the subject is order, not slowness
    server = launch({"/events": channel}, name="replay")

    def publish() -> None:
        for number in range(events):
            channel.publish(str(number))
            if number % 20 == 0:
                time.sleep(0.005)

    async def reader(seed: int) -> None:
        rng = random.Random(seed)
        await asyncio.sleep(rng.random() * 0.7)
        start = rng.randint(0, channel.log.last_number)  # type: ignore[attr-defined]
        async with request(server.url + "/events", after(f"e-{start}"), version=rng.choice(["1.0", "1.1"])) as reply:
            assert ids(await reply.events(events - start)) == numbered(start + 1, events)

    async def main() -> None:
        await asyncio.gather(asyncio.to_thread(publish), *map(reader, range(30)))

    try:
        asyncio.run(main())
    finally:
        server.stop()


@pytest.mark.usefixtures("eager_threads")
def test_a_ticker_and_a_cell_publish_together_and_every_reader_sees_one_order() -> None:
    each = 2000
    channel = channel_of(keep=2 * each)
    channel.room_bytes = 2**24
    server = launch({"/events": channel}, name="threads")

    async def read(version: str) -> list[Event]:
        async with request(server.url + "/events", version=version) as reply:
            return await reply.events(2 * each)

    async def main() -> None:
        readers = [asyncio.create_task(read(version)) for version in ("1.1", "1.0", "1.1")]
        await soon(lambda: channel.clients == 3)
        playing = server.play(channel, (f"ticker {number}" for number in range(each)), every_s=0)

        def cell() -> None:
            for number in range(each):
                channel.publish(f"cell {number}")
                if number % 10 == 0:
                    time.sleep(0)  # let the other thread in

        await asyncio.to_thread(cell)
        for events in await asyncio.gather(*readers):
            assert ids(events) == numbered(1, 2 * each)
            for who in ("ticker", "cell"):
                assert [text for text in texts(events) if text.startswith(who)] == [f"{who} {n}" for n in range(each)]
        assert playing.done()

    try:
        asyncio.run(main())
    finally:
        server.stop()


@pytest.mark.usefixtures("eager_threads")
def test_publishing_is_safe_from_several_threads_and_calls() -> None:
    channel = channel_of(keep=2000)
    channel.room_bytes = 2**24
    server = launch({"/events": channel}, name="publishers")

    async def main() -> None:
        async with request(server.url + "/events") as reply:
            await reply.opening()
            threads = [
                threading.Thread(target=lambda: [channel.publish("x") for _ in range(450)], daemon=True)
                for _ in range(4)
            ]
            for thread in threads:
                thread.start()
            for _ in range(200):
                await asyncio.to_thread(server.call, lambda: channel.publish("y"))
            assert ids(await reply.events(2000)) == numbered(1, 2000)

    try:
        asyncio.run(main())
    finally:
        server.stop()


def test_a_heartbeat_when_it_is_silent() -> None:
    async def main() -> None:
        async with serve(Channel(heartbeat_s=0.05)) as server, request(server.url) as reply:
            await reply.chunk()
            assert [await reply.chunk() for _ in range(3)] == [b": heartbeat\n\n"] * 3

    asyncio.run(main())


def test_no_heartbeat_when_it_is_busy() -> None:
    async def main() -> None:
        channel = Channel(heartbeat_s=0.5)
        async with serve(channel) as server, request(server.url) as reply:
            await reply.opening()
            for _ in range(120):
                channel.publish("x")
                await asyncio.sleep(0.01)
            channel.end()
            signals = await reply.signals(lambda signals: False)
            assert [type(signal) for signal in signals] == [Event] * 120

    asyncio.run(main())


def test_heartbeats_go_on_after_the_channel_moved_to_another_server() -> None:
    async def main() -> None:
        channel = Channel(heartbeat_s=0.05)
        for _ in range(2):
            async with serve(channel) as server, request(server.url) as reply:
                await reply.signals(lambda signals: Comment("heartbeat") in signals)

    asyncio.run(main())


def stubborn(url: str) -> socket.socket:
    """A client that asks for the stream and never reads."""
    host, port = url.removeprefix("http://").split("/")[0].split(":")
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect((host, int(port)))
    client.sendall(b"GET /events HTTP/1.0\r\nHost: localhost\r\n\r\n")
    return client


def test_a_reader_that_never_reads_is_disconnected_and_the_others_get_everything() -> None:
    channel = Channel(MemoryLog(epoch="e"), room_bytes=64 * 1024, retry_ms=1)

    async def main() -> None:
        async with serve(channel) as server, request(server.url) as reply:
            await reply.opening()
            slow = stubborn(server.url)
            await soon(lambda: channel.clients == 2)
            others = asyncio.create_task(reply.events(400))
            held = []
            for _ in range(400):
                channel.publish("x" * 4000)
                await asyncio.sleep(0.002)  # time enough for a reader that reads
                held.append(channel.waiting_bytes)
            assert ids(await others) == numbered(1, 400)
            assert channel.visits[0].left == ""
            assert channel.visits[1].left == "too slow: its buffer was full"
            assert channel.clients == 1
            assert 16 * 1024 < max(held) <= 64 * 1024
            assert channel.waiting_bytes == 0
            await resumes(slow, server.url)

    async def resumes(slow: socket.socket, url: str) -> None:
        slow.setblocking(True)
        raw = await asyncio.to_thread(lambda: b"".join(iter(lambda: slow.recv(65536), b"")))
        slow.close()
        got = raw.count(b"\n\nid: ")
        assert 0 < got < 400  # the last one may be torn
        async with EventSource(url, last_event_id=f"e-{got - 1}", reconnection_ms=1) as again:
            missed = [await anext(again) for _ in range(401 - got)]
        assert ids(missed) == numbered(got, 400)

    asyncio.run(main())


def test_one_event_larger_than_the_room_arrives() -> None:
    async def main() -> None:
        channel = Channel(room_bytes=64 * 1024)
        async with serve(channel) as server, request(server.url) as reply:
            await reply.opening()
            first = channel.publish("x" * 1_000_000)
            (event,) = await reply.events(1)
            assert len(event.data) == 1_000_000
            async with request(server.url, after(first.replace("-1", "-0"))) as again:
                assert ids(await again.events(1)) == [first]
            assert channel.visits[0].left == ""

    asyncio.run(main())


def test_a_server_stops_while_a_reader_is_far_behind() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server:
            with stubborn(server.url):
                await soon(lambda: channel.clients == 1)
                while not channel.waiting_bytes:
                    channel.publish("x" * 4000)
                    await asyncio.sleep(0.001)
                channel.publish("x" * channel.room_bytes)  # it is cut while the server stops
                await server.site.stop()
                assert channel.waiting_bytes == 0

    asyncio.run(main())


def test_waiting_bytes_is_what_the_process_holds() -> None:
    async def main() -> None:
        channel = Channel(room_bytes=10**6)
        async with serve(channel) as server:
            slow = stubborn(server.url)
            await soon(lambda: channel.clients == 1)
            while not channel.waiting_bytes:
                channel.publish("x" * 4000)
                await asyncio.sleep(0.001)
            before = channel.waiting_bytes
            channel.publish("y" * 1000)
            await asyncio.sleep(0.01)
            assert channel.waiting_bytes == before + len("id: 00000000-00\ndata: \n\n") + 1000
            slow.close()

    asyncio.run(main())


def test_a_stream_ends_cleanly_at_its_planned_age() -> None:
    async def main() -> None:
        channel = Channel(max_age_s=0.1)
        async with serve(channel) as server, request(server.url) as reply:
            await reply.opening()
            assert await reply.chunk() == b""
            assert await reply.reader.read() == b""
            assert channel.visits[0].left == "reached its planned age"
            await soon(lambda: channel.clients == 0)

    asyncio.run(main())


def test_planned_ends_are_spread_over_a_fifth_of_the_age(monkeypatch: pytest.MonkeyPatch) -> None:
    ages: list[float] = []
    monkeypatch.setattr(
        "labkit.server.connection.Connection.end_after", lambda self, seconds, why: ages.append(seconds)
    )

    async def main() -> None:
        channel = Channel(max_age_s=100, rng=random.Random(5))
        async with serve(channel) as server:
            for _ in range(20):
                async with request(server.url) as reply:
                    await reply.opening()

    asyncio.run(main())
    assert all(80 <= age <= 100 for age in ages)
    assert max(ages) - min(ages) > 10


def test_a_client_that_leaves_is_noticed() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server:
            async with request(server.url) as reply:
                await reply.opening()
                assert (channel.clients, channel.visits[0].left) == (1, "")
            await soon(lambda: channel.clients == 0)
            assert channel.visits[0].left == "client left"
            channel.publish("nobody minds")

    asyncio.run(main())


def test_cut_closes_in_the_middle_of_the_response() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server, request(server.url) as reply:
            await reply.opening()
            channel.cut()
            assert await reply.reader.read() == b""  # FIN, and no last chunk before it
            assert channel.visits[0].left == "cut"

    asyncio.run(main())


def test_cut_with_reset_breaks_the_connection() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server, request(server.url) as reply:
            await reply.opening()
            channel.cut(reset=True)
            with pytest.raises(ConnectionResetError):
                await reply.reader.read()

    asyncio.run(main())


def test_end_says_why_and_new_clients_may_come() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server:
            async with request(server.url) as reply:
                await reply.opening()
                channel.end("for lunch")
                assert await reply.reader.read() == b"0\r\n\r\n"
                assert channel.visits[0].left == "for lunch"
            async with request(server.url) as reply:
                await reply.opening()

    asyncio.run(main())


def test_what_was_published_before_the_server_stops_still_arrives() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        async with serve(channel) as server, request(server.url) as reply:
            await reply.opening()
            channel.publish("last words")
            await server.site.stop()
            assert await reply.chunk() == b"id: e-1\ndata: last words\n\n"
            assert await reply.reader.read() == b"0\r\n\r\n"
        assert channel.visits[0].left == "server stopped"

    asyncio.run(main())


@pytest.mark.parametrize("data, event", [("\ud800", None), ("x", "two\nlines"), (7, None), ("x", "\ud800")])
def test_what_cannot_be_sent_is_neither_logged_nor_written(data: str, event: str | None) -> None:
    async def main() -> None:
        channel = channel_of("a")
        async with serve(channel) as server, request(server.url) as reply:
            await reply.opening()
            with pytest.raises(EncodeError):
                channel.publish(data, event)
            assert channel.publish("b") == "e-2"
            assert await reply.chunk() == b"id: e-2\ndata: b\n\n"

    asyncio.run(main())


def test_events_are_not_held_back_to_fill_a_packet() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server, request(server.url) as reply:
            await reply.opening()
            (connection,) = channel._connections
            assert connection._socket is not None
            assert connection._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    asyncio.run(main())


def test_a_channel_is_on_one_running_server_at_a_time() -> None:
    async def main() -> None:
        async with serve(channel):
            with pytest.raises(LabError, match="mounted on another server"):
                launch({"/events": channel}, name="second")

    channel = Channel()
    asyncio.run(main())
    launch({"/events": channel}, name="second").stop()


def test_the_oldest_visits_are_forgotten() -> None:
    assert Channel().visits.maxlen == 1000


def test_eventsource_resumes_over_cuts_and_ends() -> None:
    channel = channel_of(keep=500)
    server = launch({"/events": channel}, name="resume")

    def publish() -> None:
        for number in range(300):
            if number % 60 == 30:
                (channel.cut, channel.end, lambda: channel.cut(reset=True))[number // 60 % 3]()
            channel.publish(str(number))
            time.sleep(0.002)

    async def main() -> None:
        heard: list[object] = []
        async with EventSource(
            server.url + "/events", reconnection_ms=5, last_event_id="e-0", on_signal=heard.append
        ) as source:
            publishing = asyncio.create_task(asyncio.to_thread(publish))
            seen = []
            async for event in source:
                seen.append(event)
                if event.data == "299":
                    break
            await publishing
        assert ids(seen) == numbered(1, 300)
        assert source.connections > 2
        assert Retry(7) in heard

    channel._opening = Frame(comment="the stream is open", retry_ms=7)  # quick, so that the test is
    try:
        asyncio.run(main())
        eventually(lambda: channel.clients == 0)
    finally:
        server.stop()


async def numbers(url: str, until: int) -> list[int]:
    """The numbers of the ids from the beginning of the log, up to that one."""
    seen: list[int] = []
    async with EventSource(url, last_event_id="e-0", reconnection_ms=10) as source:
        async for event in source:
            seen.append(int(event.last_event_id.rpartition("-")[2]))
            if seen[-1] >= until:
                break
    return seen


def test_who_missed_more_than_the_room_holds_gets_it_over_one_connection() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(5000, epoch="e"), room_bytes=10_000)
        for _ in range(1000):
            channel.publish("x" * 4000)
        async with serve(channel) as server:
            readers = [asyncio.create_task(numbers(server.url, 1500)) for _ in range(3)]
            await soon(lambda: channel.clients == 3)
            for _ in range(500):  # meanwhile the stream goes on
                channel.publish("y")
                await asyncio.sleep(0)
            for reader in readers:
                assert await reader == list(range(1, 1501))
            assert len(channel.visits) == 3

    asyncio.run(asyncio.wait_for(main(), 60))


def test_who_falls_asleep_while_catching_up_costs_its_room_and_no_more() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(5000, epoch="e"), room_bytes=10_000)
        for _ in range(1000):
            channel.publish("x" * 4000)
        async with serve(channel) as server, request(server.url, after("e-0")):
            await soon(lambda: channel.waiting_bytes > 0)
            await asyncio.sleep(0.1)
            assert channel.waiting_bytes <= 10_000 + 4_100
            assert channel.clients == 1
        assert channel.clients == 0
        assert channel.visits[0].left == "server stopped"

    asyncio.run(asyncio.wait_for(main(), 60))


def test_one_reader_is_kicked_and_the_others_stay() -> None:
    async def main() -> None:
        channel = channel_of()
        async with (
            serve(channel) as server,
            request(server.url, b"User-Agent: first/1") as first,
            request(server.url) as second,
        ):
            await first.opening()
            await second.opening()
            channel.kick(next(visit for visit in channel.visits if visit.agent == "first/1"))
            assert await first.events(1) == []
            channel.publish("for those who stay")
            assert texts(await second.events(1)) == ["for those who stay"]
            assert [visit.left for visit in channel.visits] == ["kicked", ""]
            assert [(delivery.id, delivery.readers) for delivery in channel.deliveries] == [("e-1", 1)]

    asyncio.run(main())


def far_behind(monkeypatch: pytest.MonkeyPatch, publish_at: dict[int, int], keep: int) -> Channel:
    """A channel of ten events, of which its room holds two: a page. While a reader catches up, more are published: after
    its n-th page so many, at the last moment before the channel looks whether that was all."""
    channel = Channel(MemoryLog(keep, epoch="e"), room_bytes=1000)
    for _ in range(10):
        channel.publish("x" * 400)
    drain, drained = Connection.drain, 0

    async def drain_and_publish(connection: Connection) -> None:
        nonlocal drained
        await drain(connection)
        drained += 1
        for _ in range(publish_at.get(drained, 0)):
            channel.publish("meanwhile")

    monkeypatch.setattr(Connection, "drain", drain_and_publish)
    return channel


def test_what_is_published_while_a_reader_catches_up_reaches_the_others_too(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        channel = far_behind(monkeypatch, {2: 1, 5: 2, 6: 1}, keep=100)
        async with serve(channel) as server, request(server.url) as live:
            await live.opening()
            async with request(server.url, after("e-0")) as late:
                assert ids(await late.events(14)) == numbered(1, 14), "who caught up lost or doubled an event"
                await soon(
                    lambda: channel.publish("more") and channel.deliveries[-1].readers == 2, "it joins the others"
                )
                assert channel.clients == 2, "who has caught up is one reader, not two"
                channel.end()
                seen, more = await live.events(999), await late.events(999)
                assert ids(seen) == numbered(11, 14 + len(more)), "a reader of the live stream lost or doubled one"
                assert seen[4:] == more != []

    asyncio.run(main())


def test_who_catches_up_too_slowly_for_the_log_is_cut_and_not_left_with_a_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        channel = far_behind(monkeypatch, {5: 15}, keep=10)  # 11 to 15 are dropped before they could be sent
        async with serve(channel) as server, request(server.url, after("e-0")) as late:
            with pytest.raises(asyncio.IncompleteReadError):  # a break, not a last chunk
                await late.events(99)
            assert channel.visits[0].left == "too slow: the log has moved on"
            async with request(server.url, after("e-10")) as again:
                gap, *events = await again.events(11)
                assert gap.type == "gap" and ids(events) == numbered(16, 25), "coming back, it is told of the hole"

    asyncio.run(main())


def test_events_that_are_published_together_are_no_excuse_to_hold_more_than_the_room() -> None:
    async def main() -> None:
        channel = Channel(room_bytes=64 * 1024)
        async with serve(channel) as server:
            with stubborn(server.url):
                await soon(lambda: channel.clients == 1)
                for _ in range(400):  # 1.6 MB, more than the kernel takes, all in one turn of the loop
                    channel.publish("x" * 4000)
                await soon(lambda: len(channel.deliveries) == 100, "all were written")
                assert channel.waiting_bytes <= channel.room_bytes, "they were written in one piece"
                assert channel.visits[0].left == "too slow: its buffer was full"

    asyncio.run(main())


def test_who_leaves_while_catching_up_is_gone_for_good() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(5000, epoch="e"), room_bytes=10_000)
        for _ in range(1000):
            channel.publish("x" * 4000)
        async with serve(channel) as server:
            before = asyncio.all_tasks()
            async with request(server.url, after("e-0")):
                await soon(lambda: channel.waiting_bytes > 0, "the reader is behind")
            await soon(lambda: channel.visits[0].left, "it is noticed that the reader left")
            await soon(lambda: asyncio.all_tasks() <= before, "nobody catches up any more")
            channel.publish("nobody minds")
            await soon(lambda: channel.deliveries[-1].id == "e-1001")
            assert (channel.clients, channel.deliveries[-1].readers) == (0, 0), "the dead reader joined the others"

    asyncio.run(main())
