"""Iterating without an event loop, over real sockets."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Iterator

import pytest

from labkit.client import EventSource, Policy, Polling, WebSocketSource
from labkit.errors import LabError, StreamLost, StreamRejected
from labkit.server import Channel, launch, polling, websocket
from labkit.server.launch import LabServer


@pytest.fixture
def channel() -> Channel:
    return Channel(retry_ms=1)


@pytest.fixture
def server(channel: Channel) -> Iterator[LabServer]:
    running = launch({"/events": channel, "/poll": polling(channel), "/socket": websocket(channel)}, name="synchronous")
    yield running
    running.stop()


def our_threads(name: str) -> list[str]:
    return [thread.name for thread in threading.enumerate() if name in thread.name]


@pytest.mark.parametrize("kind, path", [(EventSource, "/events"), (WebSocketSource, "/socket"), (Polling, "/poll")])
def test_a_script_reads_without_async(kind: type[EventSource], path: str, channel: Channel, server: LabServer) -> None:
    for number in range(5):
        channel.publish(str(number))
    with kind(server.url + path, last_event_id=f"{channel.log.epoch}-0") as source:
        got = []
        for event in source:
            got.append(event.data)
            if len(got) == 5:
                break
        channel.publish("after the break")
        assert next(source).data == "after the break"
        assert got == list("01234")
    assert source.state == "closed" and our_threads(kind.__name__) == []
    assert list(source) == []


def test_a_cut_is_resumed(channel: Channel, server: LabServer) -> None:
    with EventSource(server.url + "/events", reconnection_ms=1, last_event_id=f"{channel.log.epoch}-0") as source:
        for number in range(3):
            channel.publish(str(number))
            assert next(source).data == str(number)
            channel.cut()
        assert source.connections > 1


def test_errors_come_to_the_caller_and_the_thread_ends(server: LabServer) -> None:
    with pytest.raises(StreamRejected):
        list(EventSource(server.url + "/nothing"))
    gone = server.url
    server.stop()
    with pytest.raises(StreamLost):
        list(EventSource(gone, policy=Policy("once", max_failures=1)))
    assert our_threads("EventSource") == []


def test_an_interrupt_loses_no_event(channel: Channel, server: LabServer, monkeypatch: pytest.MonkeyPatch) -> None:
    with EventSource(server.url + "/events", last_event_id=f"{channel.log.epoch}-0") as source:
        channel.publish("1")
        assert next(source).data == "1"

        def interrupted(future: object, timeout: float | None = None) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(concurrent.futures.Future, "result", interrupted)
            with pytest.raises(KeyboardInterrupt):
                next(source)
        channel.publish("2")
        assert next(source).data == "2"


def test_one_way_only(server: LabServer, channel: Channel) -> None:
    async def main() -> None:
        channel.publish("1")
        async with EventSource(server.url + "/events", last_event_id=f"{channel.log.epoch}-0") as source:
            await anext(source)
            with pytest.raises(LabError, match="one way only"):
                next(source)

    asyncio.run(main())
