"""The handlers in a tornado Application that is not a Site: nothing of a site is needed."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application

from labkit.client import EventSource, LongPolling, WebSocketSource
from labkit.errors import LabError, StreamRejected
from labkit.server import Channel, ChannelHandler, SourceHandler, Visit, long_polling, polling, serve, websocket
from labkit.wire import Frame

from ..helpers import soon

pytestmark = pytest.mark.live


@contextlib.asynccontextmanager
async def application(*rules: Any) -> AsyncIterator[str]:
    server = HTTPServer(Application(list(rules)))
    listener, port = bind_unused_port()
    server.add_socket(listener)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
        await server.close_all_connections()


async def three(last_event_id: str) -> AsyncGenerator[Frame, None]:
    for number in range(int(last_event_id or 0) + 1, 4):
        yield Frame(data=f"event {number}", id=str(number))


def test_a_generator() -> None:
    async def main() -> None:
        visits: deque[Visit] = deque()
        settings = {"source": three, "visits": visits}
        async with application(
            ("/plain", SourceHandler, {"source": three}), ("/noted", SourceHandler, settings)
        ) as url:
            for path in ("/plain", "/noted"):
                async with EventSource(url + path, last_event_id="1") as source:
                    assert [(await anext(source)).data for _ in range(2)] == ["event 2", "event 3"]
            assert [visit.last_event_id for visit in visits] == ["1"]

    asyncio.run(main())


def test_a_channel_in_every_transport() -> None:
    async def main() -> None:
        channel = Channel()
        rules = [("/events", ChannelHandler, {"channel": channel})]
        rules += [("/wait", *long_polling(channel)), ("/poll", *polling(channel)), ("/socket", *websocket(channel))]
        async with application(*rules) as url:
            for kind, address in ((EventSource, "/events"), (LongPolling, "/wait"), (WebSocketSource, "/socket")):
                before, published = channel.publish("missed"), channel.publish("now")
                async with kind(url + address, last_event_id=before) as source:
                    event = await asyncio.wait_for(anext(source), 5)
                    assert (event.data, event.last_event_id) == ("now", published)
                    coming = asyncio.ensure_future(anext(source))
                    await soon(lambda source=source: source.state == "open")
                    live = channel.publish("live")
                    assert (await asyncio.wait_for(coming, 5)).last_event_id == live

    asyncio.run(main())


@pytest.mark.parametrize("transport", ["long polling", "WebSocket"])
def test_a_transport_alone_ties_its_channel_to_the_loop(transport: str) -> None:
    async def main() -> None:
        channel = Channel()
        route, kind = (
            (long_polling(channel), LongPolling)
            if transport == "long polling"
            else (websocket(channel), WebSocketSource)
        )
        async with (
            application(("/it", *route)) as url,
            kind(url + "/it", last_event_id=channel.last_event_id) as source,
        ):
            coming = asyncio.ensure_future(anext(source))
            await soon(lambda: channel._loop is not None, "the channel is tied to the loop")
            channel.publish("now")
            assert (await asyncio.wait_for(coming, 5)).data == "now"

    asyncio.run(main())


def test_a_channel_of_another_loop_is_refused() -> None:
    channel = Channel()
    elsewhere = asyncio.new_event_loop()
    channel.bind(elsewhere)

    async def main() -> None:
        async with application(("/events", ChannelHandler, {"channel": channel})) as url:
            with pytest.raises(StreamRejected, match="status 500"):
                async with EventSource(url + "/events") as source:
                    await anext(source)

    asyncio.run(main())
    elsewhere.close()


def test_a_handler_and_its_settings_are_a_route() -> None:
    async def main() -> None:
        routes = {"/a": (SourceHandler, {"source": three}), "/b": (SourceHandler, {"source": three})}
        async with serve(routes) as server:
            for path in routes:
                async with EventSource(server.base_url + path) as source:
                    assert (await anext(source)).data == "event 1"

    asyncio.run(main())


def test_replacing_a_route_ends_the_streams_of_its_path_alone() -> None:
    async def for_ever(last_event_id: str) -> AsyncGenerator[Frame, None]:
        while True:
            yield Frame(data="again")
            await asyncio.sleep(0.01)

    async def main() -> None:
        kept, replaced = (SourceHandler, {"source": for_ever}), (SourceHandler, {"source": for_ever})
        async with (
            serve({"/kept": kept, "/replaced": replaced}) as server,
            EventSource(server.base_url + "/kept") as stays,
            EventSource(server.base_url + "/replaced", reconnection_ms=1) as goes,
        ):
            await anext(stays), await anext(goes)
            server.site.replace({"/kept": kept, "/replaced": three})
            async for event in goes:
                if event.data != "again":
                    break
            assert (event.data, goes.connections) == ("event 1", 2)
            await anext(stays)
            assert stays.connections == 1

    asyncio.run(main())


@pytest.mark.parametrize("route", [(three, {}), (SourceHandler, None), (SourceHandler,), 7])
def test_what_is_no_route_is_refused(route: Any) -> None:
    async def main() -> None:
        with pytest.raises(LabError, match=r"RequestHandler, or \(RequestHandler, settings\)"):
            async with serve({"/a": route}):
                pass

    asyncio.run(main())
