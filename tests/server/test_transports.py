"""Polling, long polling and WebSocket: the same events by the same ids, with the same face as EventSource."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler, websocket_connect

from labkit.client import EventSource, LongPolling, Polling, Source, WebSocketSource
from labkit.clock import ImpatientClock
from labkit.errors import StreamLost, StreamRejected
from labkit.log import MemoryLog
from labkit.proxy import pipe
from labkit.server import Channel, RunningServer, long_polling, polling, serve, websocket

from ..helpers import free_port, soon

pytestmark = pytest.mark.live

Client = Callable[..., Any]

CLIENTS: dict[str, tuple[str, Client]] = {
    "SSE": ("/events", lambda url, id="": EventSource(url, last_event_id=id, reconnection_ms=10)),
    "WebSocket": ("/socket", lambda url, id="": WebSocketSource(url, last_event_id=id, reconnection_ms=10)),
    "long polling": ("/wait", lambda url, id="": LongPolling(url, last_event_id=id, reconnection_ms=10)),
    "polling": ("/poll", lambda url, id="": Polling(url, every_s=0.02, last_event_id=id, reconnection_ms=10)),
}
each = pytest.mark.parametrize("name", CLIENTS)


@asynccontextmanager
async def serving(channel: Channel, port: int = 0, wait_s: float = 0.2) -> AsyncIterator[RunningServer]:
    routes = {"/events": channel, "/poll": polling(channel), "/wait": long_polling(channel, wait_s),
              "/socket": websocket(channel)}  # fmt: skip
    async with serve(routes, port) as server:
        yield server


async def take(source: Source, count: int) -> list[tuple[str, str, str]]:
    events = []
    async for event in source:
        events.append((event.last_event_id, event.type, event.data))
        if len(events) == count:
            break
    return events


async def opened(source: Source) -> None:
    await soon(lambda: source.state == "open")


@each
def test_each_event_comes_once_and_in_order(name: str) -> None:
    async def main() -> None:
        channel = Channel(retry_ms=10)
        path, client = CLIENTS[name]
        async with serving(channel) as server, client(server.base_url + path) as source:
            reading = asyncio.ensure_future(take(source, 60))
            await opened(source)
            published = []
            for number in range(60):
                data = f"line {number}\nand é 👩‍🚀"
                published.append((channel.publish(data, "odd" if number % 2 else None), data))
                if number % 7 == 0:
                    await asyncio.sleep(0.01)
            got = await asyncio.wait_for(reading, 10)
            assert [(id, data) for id, _, data in got] == published
            assert [kind for _, kind, _ in got] == ["message", "odd"] * 30
            assert source.last_event_id == published[-1][0]

    asyncio.run(main())


@each
def test_a_client_that_was_away_continues_behind_its_id(name: str) -> None:
    async def main() -> None:
        channel = Channel(retry_ms=10)
        path, client = CLIENTS[name]
        ids = [channel.publish(str(number)) for number in range(5)]
        async with serving(channel) as server, client(server.base_url + path, ids[1]) as source:
            assert await take(source, 3) == [(id, "message", str(n)) for n, id in enumerate(ids) if n > 1]
            await source.close()
            assert source.state == "closed"

    asyncio.run(main())


@each
def test_an_id_that_nobody_knows_is_told_as_a_gap(name: str) -> None:
    async def main() -> None:
        channel = Channel(retry_ms=10)
        path, client = CLIENTS[name]
        channel.publish("kept")
        async with serving(channel) as server, client(server.base_url + path, "another-7") as source:
            (gap, kept) = await take(source, 2)
            assert gap[1] == "gap" and json.loads(gap[2])["asked"] == "another-7" and kept[2] == "kept"
            await source.close()

    asyncio.run(main())


@each
def test_the_server_goes_away_and_comes_back(name: str) -> None:
    async def main() -> None:
        channel, port = Channel(retry_ms=10), free_port()
        path, client = CLIENTS[name]
        source = client(f"http://127.0.0.1:{port}{path}")
        async with serving(channel, port):
            reading = asyncio.ensure_future(take(source, 4))
            await opened(source)
            channel.publish("0")
            channel.publish("1")
            await soon(lambda: source.last_event_id.endswith("-2"))
        channel.publish("while it was away")
        await soon(lambda: source.state == "connecting")
        async with serving(channel, port):
            channel.publish("3")
            got = await asyncio.wait_for(reading, 10)
        assert [data for _, _, data in got] == ["0", "1", "while it was away", "3"]
        assert source.connections > 1
        await source.close()

    asyncio.run(main())


@each
def test_nobody_there_and_the_wrong_path_are_errors(name: str) -> None:
    async def main() -> None:
        _, client = CLIENTS[name]
        async with client(f"http://127.0.0.1:{free_port()}/") as source:
            if isinstance(source, EventSource):  # it tries for ever, as the standard asks
                reading = asyncio.ensure_future(anext(source))
                await soon(lambda: source.connections > 2)
                reading.cancel()
            else:
                with pytest.raises(StreamLost, match="cannot be reached"):
                    await anext(source)
        async with serving(Channel()) as server, client(server.base_url + "/nowhere") as source:
            with pytest.raises(StreamRejected, match="404"):
                await anext(source)

    asyncio.run(main())


def test_nothing_new_is_a_304_without_a_body() -> None:
    async def main() -> None:
        channel = Channel()
        id = channel.publish("a")
        async with serving(channel) as server, httpx.AsyncClient(trust_env=False) as client:
            first = await client.get(f"{server.base_url}/poll")
            assert first.json() == {"events": [], "last": id} and first.headers["ETag"] == f'"{id}"'
            again = await client.get(f"{server.base_url}/poll?since={id}", headers={"If-None-Match": f'"{id}"'})
            assert (again.status_code, again.content) == (304, b"")
            channel.publish("b")
            new = await client.get(f"{server.base_url}/poll?since={id}", headers={"If-None-Match": f'"{id}"'})
            assert [event["data"] for event in new.json()["events"]] == ["b"]

    asyncio.run(main())


def test_a_question_that_waits_ends_with_its_client_or_after_a_while() -> None:
    async def main() -> None:
        channel = Channel()
        id = channel.publish("a")
        async with serving(channel) as server, httpx.AsyncClient(trust_env=False) as client:
            empty = await client.get(f"{server.base_url}/wait?since={id}")
            assert empty.json() == {"events": [], "last": id}
        async with serving(channel, wait_s=60.0) as server, httpx.AsyncClient(trust_env=False) as client:
            before = len(asyncio.all_tasks())
            with pytest.raises(httpx.ReadTimeout):
                await client.get(f"{server.base_url}/wait?since={id}", timeout=0.05)
            await soon(lambda: len(asyncio.all_tasks()) <= before)

    asyncio.run(main())


def test_a_page_of_another_site_gets_no_socket() -> None:
    async def main() -> None:
        async with serving(Channel()) as server:
            url = server.base_url.replace("http", "ws") + "/socket"
            with pytest.raises(HTTPClientError, match="403"):
                await websocket_connect(HTTPRequest(url, headers={"Origin": "http://evil.example"}))
            own = await websocket_connect(HTTPRequest(url, headers={"Origin": server.base_url}))
            own.close()

    asyncio.run(main())


def test_a_socket_whose_peer_is_silent_is_given_up() -> None:
    async def main() -> None:
        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            request = await reader.readuntil(b"\r\n\r\n")
            from tornado.websocket import WebSocketProtocol13

            key = request.split(b"Sec-Websocket-Key: ")[1].split(b"\r\n")[0]
            accepted = WebSocketProtocol13.compute_accept_value(key)
            head = "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            writer.write(f"{head}{accepted}\r\n\r\n".encode())
            await asyncio.sleep(60)  # and never a pong

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        source = WebSocketSource(url, read_timeout_s=0.3, reconnection_ms=10)
        reading = asyncio.ensure_future(take(source, 1))
        await soon(lambda: source.connections >= 2)
        await source.close()
        await reading
        server.close()

    asyncio.run(main())


@each
def test_a_channel_that_is_served_again_waits_quietly(name: str) -> None:
    async def main() -> None:
        channel = Channel(retry_ms=10)
        path, client = CLIENTS[name]
        id = channel.publish("a")
        async with serving(channel):
            pass
        async with serving(channel) as server, client(server.base_url + path, id) as source:
            reading = asyncio.ensure_future(take(source, 1))
            turns = 0
            for _ in range(20):
                await asyncio.sleep(0.01)  # a loop that spins never comes back here
                turns += 1
            channel.publish("b")
            assert turns == 20 and [data for _, _, data in await asyncio.wait_for(reading, 10)] == ["b"]
            await source.close()

    asyncio.run(main())


@each
def test_who_breaks_off_in_the_middle_goes_on_behind_what_was_read(name: str) -> None:
    async def main() -> None:
        channel = Channel(retry_ms=10)
        path, client = CLIENTS[name]
        ids = [channel.publish(str(number)) for number in range(5)]
        async with serving(channel) as server, client(server.base_url + path, ids[0]) as source:
            assert [data for _, _, data in await take(source, 2)] == ["1", "2"]
            assert source.last_event_id == ids[2]
            await source.close()

    asyncio.run(main())


@each
def test_closed_twice_from_elsewhere_is_the_end_of_the_stream(name: str) -> None:
    async def main() -> None:
        path, client = CLIENTS[name]
        async with serving(Channel()) as server, client(server.base_url + path) as source:
            reading = asyncio.ensure_future(take(source, 1))
            await opened(source)
            await asyncio.gather(source.close(), source.close())
            assert await asyncio.wait_for(reading, 5) == [] and source.state == "closed"

    asyncio.run(main())


def test_what_is_no_answer_is_told_and_not_raised_as_something_else() -> None:
    class Odd(RequestHandler):
        body = ""

        def get(self) -> None:
            self.finish(self.body)

    class Talker(WebSocketHandler):
        def open(self, *args: Any) -> None:
            self.write_message("no JSON")

    async def main() -> None:
        async with serve({"/poll": Odd, "/socket": Talker}) as server:
            for Odd.body in ("no JSON", "[]", '{"events": [1], "last": "x"}', '{"events": []}'):
                async with Polling(server.base_url + "/poll") as source:
                    with pytest.raises(StreamLost, match="sent what is no answer to polling"):
                        await anext(source)
            async with WebSocketSource(server.base_url + "/socket?token=1") as source:
                with pytest.raises(StreamLost, match="sent what is no event"):
                    await anext(source)

    asyncio.run(main())


def test_a_gap_without_frames_goes_on_from_the_moment_of_the_question() -> None:
    async def main() -> None:
        channel = Channel()
        async with (
            serving(channel) as server,
            WebSocketSource(server.base_url + "/socket?x=1", last_event_id="another-7") as source,
        ):
            page_after = channel.page_after

            async def publishing(id: str) -> Any:
                told = await page_after(id)
                if id == "another-7":
                    channel.publish("meanwhile")
                return told

            channel.page_after = publishing  # type: ignore[method-assign]
            assert [kind for _, kind, _ in await asyncio.wait_for(take(source, 2), 5)] == ["gap", "message"]

    asyncio.run(main())


def test_a_route_that_is_replaced_ends_its_sockets_and_a_page_may_ask_before_it_asks() -> None:
    async def main() -> None:
        channel = Channel()
        async with serving(channel) as server:
            socket = await websocket_connect(server.base_url.replace("http", "ws") + "/socket")
            async with httpx.AsyncClient(trust_env=False) as client:
                origin = {"Origin": "http://localhost:8888", "Access-Control-Request-Headers": "if-none-match"}
                allowed = await client.options(server.base_url + "/poll", headers=origin)
                assert allowed.status_code == 204
                assert allowed.headers["Access-Control-Allow-Headers"] == "if-none-match"
            assert "data" not in json.loads(str(await socket.read_message()))  # where it begins
            server.site.replace({"/events": channel})
            assert await asyncio.wait_for(socket.read_message(), 5) is None and socket.close_code == 1001

    asyncio.run(main())


@pytest.mark.parametrize(
    ("server_may", "client_may", "small"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_a_socket_is_compressed_where_both_sides_want_it(server_may: bool, client_may: bool, small: bool) -> None:
    async def main() -> int:
        channel = Channel()
        id = channel.publish("a")
        channel.publish("x" * 10_000)
        routes = {"/events": channel, "/socket": websocket(channel, compression=server_may)}
        async with serve(routes) as server, pipe(server.base_url) as between:
            url = f"{between.url}/socket"
            async with WebSocketSource(url, last_event_id=id, compression=client_may) as source:
                assert [data for _, _, data in await take(source, 1)] == ["x" * 10_000]
            return between.down_bytes

    assert (asyncio.run(main()) < 2000) is small


@each
def test_ids_may_hold_any_character(name: str) -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch='é"日%2'))
        path, client = CLIENTS[name]
        async with serving(channel) as server:
            id = channel.publish("a")
            channel.publish("b")
            async with client(server.base_url + path, id) as source:
                assert [data for _, _, data in await take(source, 1)] == ["b"]
                asyncio.get_running_loop().call_later(0.1, channel.publish, "c")
                assert [data for _, _, data in await take(source, 1)] == ["c"]

    asyncio.run(main())


def test_since_that_is_no_text_is_refused_before_any_stream() -> None:
    async def main() -> None:
        async with serving(Channel()) as server, httpx.AsyncClient(trust_env=False) as client:
            for path in ("/poll", "/wait"):
                answer = await client.get(f"{server.base_url}{path}?since=%ff")
                assert (answer.status_code, answer.reason_phrase) == (400, "since is no text in UTF-8")
            with pytest.raises(HTTPClientError, match="400: since is no text in UTF-8"):
                await websocket_connect(server.base_url.replace("http", "ws") + "/socket?since=%ff")

    asyncio.run(main())


def test_a_question_that_is_answered_with_nothing_at_once_is_not_asked_at_full_speed() -> None:
    asked: list[str] = []

    async def nothing_new(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        answer = b'{"events": [], "last": "e-1"}'
        if len(asked) == 5:
            answer = b'{"events": [{"data": "a", "type": "message", "id": "e-2"}], "last": "e-2"}'
        return httpx.Response(200, stream=httpx.ByteStream(answer))

    async def main() -> None:
        clock = ImpatientClock()
        source = LongPolling("http://test/", transport=httpx.MockTransport(nothing_new), clock=clock)
        assert (await anext(source)).data == "a"
        assert clock.sleeps == [pytest.approx(0.1)] * 4

    asyncio.run(main())
