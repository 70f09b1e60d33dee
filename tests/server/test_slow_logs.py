"""Logs that are slow, that fail, or that another process writes to: nobody else waits, and no reader is forgotten."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from labkit.client import EventSource, WebSocketSource
from labkit.errors import LogFailed
from labkit.log import MemoryLog, Replay, SQLiteLog
from labkit.server import Channel, launch, long_polling, polling, serve, websocket
from labkit.server.connection import Connection
from labkit.wire import Frame

from ..helpers import after, eventually, ids, request, soon, texts

pytestmark = pytest.mark.live


class HeldLog(MemoryLog):
    """A log that says nothing until it is let."""

    blocking = True

    def __init__(self, *settings: int) -> None:
        super().__init__(*settings, epoch="e")
        self.may_read, self.may_write = threading.Event(), threading.Event()
        self.may_read.set()
        self.may_write.set()

    def since(self, last_event_id: str, max_bytes: int | None = None) -> Replay:
        replay = super().since(last_event_id, max_bytes)
        assert self.may_read.wait(20)
        return replay

    def append(self, frame: Frame) -> str:
        assert self.may_write.wait(20)
        return super().append(frame)


class BrokenLog(MemoryLog):
    """A log that cannot be read, for as long as there is a problem."""

    problem: Exception | None = LogFailed("log.db", "read", "disk I/O error", "Is it still there?")

    def since(self, last_event_id: str, max_bytes: int | None = None) -> Replay:
        if self.problem is None:
            return super().since(last_event_id, max_bytes)
        raise self.problem


def numbered(first: int, last: int) -> list[str]:
    return [f"e-{number}" for number in range(first, last + 1)]


@pytest.mark.parametrize("held", ["may_read", "may_write"])
def test_while_a_log_waits_every_other_channel_goes_on(held: str) -> None:
    log = HeldLog()
    slow, other = Channel(log), Channel(MemoryLog(epoch="o"))
    server = launch({"/slow": slow, "/other": other}, name="held")
    getattr(log, held).clear()

    async def main() -> None:
        async with request(server.url + "/other") as reply, request(server.url + "/slow", after("e-0")) as resuming:
            await reply.opening()
            await resuming.opening()
            playing = server.play(slow, ["a", "b"], every_s=0)
            for number in range(3):
                other.publish(str(number))
            assert texts(await reply.events(3)) == ["0", "1", "2"], "the log stopped the whole server"
            assert server.call(lambda: (slow.clients, slow.last_event_id)) == (1, "e-0")
            assert not playing.done() or held == "may_read"
            getattr(log, held).set()
            assert texts(await resuming.events(2)) == ["a", "b"]

    try:
        asyncio.run(main())
    finally:
        log.may_read.set()
        log.may_write.set()
        server.stop()


@pytest.mark.parametrize("problem", [BrokenLog.problem, OSError("a wrong turn")])
def test_a_replay_that_fails_ends_its_stream_and_takes_nothing_from_the_others(problem: Exception) -> None:
    async def main() -> None:
        log = BrokenLog(epoch="e")
        log.problem, channel = problem, Channel(log, retry_ms=7)
        join = channel.open

        def publish_and_join(*reader: Any) -> Connection:
            channel.publish("just then")  # queued, and not yet sent to anybody
            return join(*reader)

        async with serve(channel) as server, request(server.url) as live:
            await live.opening()
            channel.publish("just before")
            channel.open = publish_and_join  # type: ignore[method-assign]
            async with request(server.url, after("e-0")) as resuming:
                assert await resuming.chunk() == b": the stream is open\nretry: 7\n\n"
                assert await resuming.reader.read() == b"0\r\n\r\n", "a stream that nobody feeds stays open"
            channel.publish("after")
            assert texts(await live.events(3)) == ["just before", "just then", "after"]
            assert channel.visits[1].left in (str(problem), f"the log failed: {problem!r}")
            await soon(lambda: channel.clients == 1)

    asyncio.run(main())


def test_who_is_ended_comes_back_and_gets_all_when_the_log_can_be_read_again() -> None:
    async def main() -> None:
        log = BrokenLog(epoch="e")
        channel = Channel(log, retry_ms=10)
        async with (
            serve(channel) as server,
            EventSource(server.url, last_event_id="e-0", reconnection_ms=10) as source,
        ):
            reading = asyncio.ensure_future(anext(source))
            for number in range(3):
                channel.publish(str(number))
            await soon(lambda: len(channel.visits) > 2)
            log.problem = None
            assert [(await reading).data, (await anext(source)).data, (await anext(source)).data] == ["0", "1", "2"]

    asyncio.run(main())


@pytest.mark.parametrize("recent_bytes", [10**6, 200, 0])
def test_readers_join_a_slow_log_while_events_go_out_without_a_hole_or_a_double(
    recent_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("labkit.server.catching_up.RECENT_BYTES", recent_bytes)

    async def main() -> None:
        log = HeldLog(1000)
        channel = Channel(log, room_bytes=1000)
        for _ in range(50):
            channel.publish("x" * 100)
        async with serve(channel) as server, request(server.url, after("e-10")) as live:
            assert ids(await live.events(40)) == numbered(11, 50)
            log.may_read.clear()
            async with request(server.url, after("e-49")) as one, request(server.url, after("e-0")) as two:
                await one.opening()
                await two.opening()
                held = [asyncio.to_thread(channel.publish, "y" * 100) for _ in range(20)]
                publishing = asyncio.gather(*held)
                log.may_read.set()
                await publishing
                await asyncio.to_thread(channel.publish, "last")
                assert ids(await live.events(21)) == numbered(51, 71)
                assert ids(await one.events(22)) == numbered(50, 71)
                assert ids(await two.events(71)) == numbered(1, 71)
                await soon(lambda: channel.publish("z") and channel.deliveries[-1].readers == 3)

    asyncio.run(main())


@asynccontextmanager
async def reader_of_ours(channel: Channel) -> AsyncIterator[EventSource]:
    """A reader that has got the channel's first event, "ours"."""
    async with serve(channel) as server, EventSource(server.url, reconnection_ms=10) as source:
        reading = asyncio.ensure_future(anext(source))
        await soon(lambda: channel.clients == 1)
        channel.publish("ours")
        assert (await reading).data == "ours"
        yield source


def test_what_another_wrote_to_the_log_is_not_passed_over() -> None:
    async def main() -> None:
        log = MemoryLog(epoch="e")
        channel = Channel(log, retry_ms=10)
        async with reader_of_ours(channel) as source:
            log.append(Frame(data="another's"))
            channel.publish("ours again")
            assert [(await anext(source)).data for _ in range(2)] == ["another's", "ours again"]
            assert channel.visits[0].left == "the log holds events that were published elsewhere"

    asyncio.run(main())


def test_who_may_not_write_any_more_sends_its_readers_to_what_another_writes(tmp_path: Path) -> None:
    async def main() -> None:
        with SQLiteLog(tmp_path / "log.db") as log, SQLiteLog(tmp_path / "log.db") as other:
            channel = Channel(log, retry_ms=10)
            async with reader_of_ours(channel) as source:
                other.append(Frame(data="another's"))
                with pytest.raises(LogFailed, match="another SQLiteLog has begun to write"):
                    channel.publish("too late")
                assert (await anext(source)).data == "another's"

    asyncio.run(main())


def test_a_file_that_another_program_locks_is_told_to_publisher_and_player(tmp_path: Path) -> None:
    with SQLiteLog(tmp_path / "log.db", epoch="e") as log:
        channel, other = Channel(log), Channel()
        server = launch({"/events": channel, "/other": other}, name="locked")

        async def main() -> None:
            async with request(server.url + "/events") as live:
                await live.opening()
                channel.publish("before")
                with closing(sqlite3.connect(tmp_path / "log.db", isolation_level=None)) as program:
                    program.execute("BEGIN IMMEDIATE")
                    playing = server.play(channel, ["lost", "too"], every_s=0)
                    with pytest.raises(LogFailed, match=r"log\.db could not be written: database is locked"):
                        await asyncio.to_thread(channel.publish, "lost as well")
                    with pytest.raises(LogFailed, match="locked"):
                        await asyncio.wrap_future(playing)
                    async with request(server.url + "/events", after("e-0")) as resuming:
                        assert texts(await resuming.events(1)) == ["before"], "reading needs no lock"
                assert "play() ended early: the log" in repr(server) and "locked" in server._repr_html_()
                channel.publish("after")
                assert ids(await live.events(2)) == numbered(1, 2)

        try:
            asyncio.run(main())
        finally:
            server.stop()


def test_pollers_and_sockets_are_told_and_come_back() -> None:
    async def main() -> None:
        log = BrokenLog(epoch="e")
        channel = Channel(log, retry_ms=10)
        routes = {"/e": channel, "/p": polling(channel), "/l": long_polling(channel), "/s": websocket(channel)}
        async with serve(routes) as server, httpx.AsyncClient(trust_env=False) as client:
            for path in ("/p", "/l"):
                answer = await client.get(f"{server.base_url}{path}?since=e-0")
                assert (answer.status_code, answer.reason_phrase) == (503, "the log failed")
            async with WebSocketSource(server.base_url + "/s", last_event_id="e-0", reconnection_ms=10) as source:
                reading = asyncio.ensure_future(anext(source))
                await soon(lambda: source.connections > 2)
                log.problem = None
                channel.publish("a")
                assert (await reading).data == "a"

    asyncio.run(main())


def test_the_thread_that_reads_ends_with_the_server(tmp_path: Path) -> None:
    before = threading.active_count()
    with SQLiteLog(tmp_path / "log.db", epoch="e") as log:
        channel = Channel(log)
        with launch({"/events": channel}, name="ends") as server:
            server.play(channel, ["a"], every_s=0).result(10)
    eventually(lambda: threading.active_count() <= before)
