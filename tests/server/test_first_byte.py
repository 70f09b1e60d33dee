"""A reader without an id yet: cut before its first event, it resumes from the first byte on. Over real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from labkit.client import EventSource, LongPolling, Source, WebSocketSource
from labkit.log import MemoryLog
from labkit.server import Channel, long_polling, serve, websocket

from ..helpers import ids, soon

pytestmark = pytest.mark.live

CLIENTS: dict[str, tuple[str, Callable[..., Source]]] = {
    "EventSource": ("/events", EventSource),
    "WebSocketSource": ("/socket", WebSocketSource),
    "LongPolling": ("/wait", LongPolling),
}


@pytest.mark.parametrize("before", [0, 2], ids=["nothing published yet", "two published before"])
@pytest.mark.parametrize("path, client", CLIENTS.values(), ids=CLIENTS)
def test_what_is_published_while_it_is_away_reaches_it(path: str, client: Callable[..., Source], before: int) -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        for number in range(before):
            channel.publish(f"before {number}")
        routes = {"/events": channel, "/socket": websocket(channel), "/wait": long_polling(channel, wait_s=0.02)}
        async with serve(routes) as server, client(server.base_url + path, reconnection_ms=1) as source:
            waiting: asyncio.Task[Any] = asyncio.ensure_future(anext(source))
            await soon(lambda: source.last_event_id == f"e-{before}")
            await source.restart()  # the connection is gone, and no event has come
            for text in "abc":
                channel.publish(text)
            events = [await asyncio.wait_for(waiting, 5), *[await asyncio.wait_for(anext(source), 5) for _ in range(2)]]
            assert [event.data for event in events] == ["a", "b", "c"]
            assert ids(events) == [f"e-{before + place}" for place in (1, 2, 3)]

    asyncio.run(main())


@pytest.mark.parametrize("header, begins_after", [(None, "é &-2"), ("é &-3", "é &-3")], ids=["URL", "header too"])
def test_a_new_event_source_says_its_id_in_the_url_and_a_header_is_newer(header: str | None, begins_after: str) -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="é &"))
        for number in range(5):
            channel.publish(str(number))
        async with (
            serve({"/events": channel}) as server,
            EventSource(server.base_url + "/events?lastEventId=%C3%A9%20%26-2", last_event_id=header or "") as source,
        ):
            first = await asyncio.wait_for(anext(source), 5)
        assert channel.visits[0].last_event_id == begins_after
        assert first.data == begins_after[-1]  # the event after number 2 is "2": they are counted from 1

    asyncio.run(main())
