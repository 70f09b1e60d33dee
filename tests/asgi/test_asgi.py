"""Streams inside servers of others: what tests/server asks of ours, and what is different there."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator
from contextlib import closing
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from labkit.asgi import asgi_app
from labkit.client import EventSource
from labkit.doctor import examine
from labkit.errors import LabError
from labkit.llm import AT_ONCE, Studio, model_routes
from labkit.log import MemoryLog
from labkit.server import Channel, serve
from labkit.server.site import MAX_BODY_BYTES
from labkit.wire import Event, Frame

from ..helpers import after, ids, request, soon, texts
from .servers import SERVERS, running, served_by

pytestmark = pytest.mark.live

each_server = pytest.mark.parametrize("server", SERVERS)


def channel_of(*data: str, keep: int = 1000, **settings: Any) -> Channel:
    channel = Channel(MemoryLog(keep, epoch="e"), **settings)
    for text in data:
        channel.publish(text)
    return channel


@each_server
def test_who_comes_back_gets_what_it_missed_and_then_what_a_thread_publishes(server: str) -> None:
    async def main() -> None:
        channel = channel_of("a", "b", "c", retry_ms=1234)
        async with (
            running(asgi_app(channel), server) as url,
            request(url + "/", after("e-1")) as reply,
            request(url + "/") as other,
        ):
            assert await other.chunk() == b": the stream is open\nid: e-3\nretry: 1234\n\n"
            assert reply.headers["content-type"] == "text/event-stream"
            assert (reply.headers["cache-control"], reply.headers["x-accel-buffering"]) == ("no-cache", "no")
            assert texts(await reply.events(2)) == ["b", "c"]
            threads = [threading.Thread(target=channel.publish, args=(str(n), "named")) for n in range(20)]
            for thread in threads:
                thread.start()
            live = await reply.events(20)
            assert ids(live) == [f"e-{number}" for number in range(4, 24)]
            assert await other.events(20) == live
            assert {event.type for event in live} == {"named"}

    asyncio.run(main())


@each_server
def test_a_gap_is_told_and_the_id_may_stand_in_the_url(server: str) -> None:
    async def main() -> None:
        async with running(asgi_app(channel_of("a", "b", "c", keep=2)), server) as url:
            async with request(url + "/", after("x-1")) as reply:
                gap, *kept = await reply.events(3)
                assert gap == Event('{"asked": "x-1", "oldest_kept": "e-2"}', "gap", "")
                assert texts(kept) == ["b", "c"]
            async with EventSource(f"{url}/?lastEventId=e-2") as source:
                assert (await anext(source)).data == "c"

    asyncio.run(main())


@each_server
def test_silence_is_filled_and_a_planned_end_is_a_whole_response(server: str) -> None:
    async def main() -> None:
        channel = channel_of(heartbeat_s=0.02)
        async with running(asgi_app(channel), server) as url, request(url + "/") as reply:
            await reply.opening()
            assert await reply.chunk() == b": heartbeat\n\n"
            channel.end("a deploy")
            while chunk := await reply.chunk():
                assert chunk == b": heartbeat\n\n"
            await soon(lambda: channel.clients == 0)
            assert channel.visits[0].left == "a deploy"

    asyncio.run(main())


@each_server
def test_a_cut_is_not_a_whole_response_and_who_leaves_is_noticed(server: str) -> None:
    async def main() -> None:
        channel = channel_of()
        async with running(asgi_app(channel), server) as url:
            async with request(url + "/") as reply:
                await reply.opening()
                channel.cut()
                assert await reply.reader.read() == b""  # without the last chunk, which ends a response
            async with request(url + "/") as reply:
                await reply.opening()
            await soon(lambda: channel.clients == 0)
            assert channel.visits[-1].left == "client left"

    asyncio.run(main())


@each_server
def test_a_reader_that_never_reads_is_cut_and_the_others_get_everything(server: str) -> None:
    async def main() -> None:
        channel = channel_of(room_bytes=64 * 1024)
        async with running(asgi_app(channel), server) as url, request(url + "/") as reply:
            await reply.opening()
            with closing(socket.socket()) as slow:
                slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                slow.connect(("127.0.0.1", int(url.rpartition(":")[2])))
                slow.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                await soon(lambda: channel.clients == 2)
                others = asyncio.create_task(reply.events(1000))
                while not channel.visits[1].left:
                    channel.publish("x" * 50_000)  # the kernel may take four megabytes
                    await asyncio.sleep(0.003)
                    assert channel.waiting_bytes <= 2 * 64 * 1024
                assert channel.visits[1].left == "too slow: its buffer was full"
                channel.end()
                published = channel.deliveries[-1].id
                got = await others
                assert got[-1].last_event_id == published and len(got) == int(published[2:])

    asyncio.run(main())


@each_server
def test_who_may_read(server: str) -> None:
    async def main() -> None:
        routes = {"/events": channel_of("a"), "/more": channel_of()}
        async with served_by(server)(routes, ["lab.example"]) as mine, httpx.AsyncClient(trust_env=False) as client:

            async def ask(method: str, **headers: str) -> httpx.Response:
                async with client.stream(method, mine.url, headers=headers) as response:
                    if response.status_code != 200:
                        await response.aread()
                    return response

            assert (await ask("HEAD")).headers["content-type"] == "text/event-stream"
            assert (await ask("GET", Host="evil.example")).status_code == 403
            assert (await ask("GET", Host="lab.example")).status_code == 200
            wish = {"Access-Control-Request-Headers": "x-mine"}
            local = await ask("OPTIONS", Origin="http://localhost:8888", **wish)
            assert (local.status_code, local.headers["access-control-allow-origin"]) == (204, "http://localhost:8888")
            assert (
                "access-control-allow-origin"
                not in (await ask("OPTIONS", Origin="http://evil.example", **wish)).headers
            )
            assert (await ask("POST")).status_code == 405
            assert (await client.get(mine.base_url + "/nothing")).status_code == 404

    asyncio.run(main())


def test_a_head_is_the_one_that_our_own_server_sends() -> None:
    async def heads(url: str) -> dict[str, str]:
        async with request(url) as reply:
            assert reply.status == 200
            return dict(reply.headers)

    async def main() -> None:
        async with serve(channel_of()) as ours:
            own = await heads(ours.url)
        async with running(asgi_app(channel_of())) as url:
            others = await heads(url + "/")
        for of_the_connection in ("connection", "server", "date"):
            own.pop(of_the_connection, None), others.pop(of_the_connection, None)
        assert others == own

    asyncio.run(main())


@each_server
@pytest.mark.parametrize("body", [b"Content-Length: 2097153\r\n\r\n", None], ids=["said before", "only counted"])
def test_a_body_that_is_too_large_is_refused(body: bytes | None, server: str) -> None:
    async def main() -> None:
        async with running(asgi_app(model_routes(Studio())), server) as url:
            counted = b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % (MAX_BODY_BYTES + 100)
            sent = body or counted + b"x" * (MAX_BODY_BYTES + 1)
            async with request(url + "/v1/messages", sent, method="POST") as reply:
                assert reply.status == 413

    asyncio.run(main())


def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.asgi.app.REQUEST_TIMEOUT_S", 0.05)

    async def main() -> None:
        half = b"Content-Length: 9\r\n\r\nhalf"
        async with running(asgi_app(channel_of())) as url, request(url + "/", half, method="POST") as reply:
            assert reply.status == 408

    asyncio.run(main())


async def _three(last_event_id: str) -> AsyncGenerator[Frame, None]:
    for number in range(int(last_event_id or 0) + 1, 4):
        yield Frame(data=f"event {number}", id=str(number))


def test_it_mounts_into_starlette() -> None:
    async def main() -> None:
        channel = channel_of("a")
        several = asgi_app({"/three": _three, **model_routes(Studio(pace=AT_ONCE, words=3))})
        app = Starlette(routes=[Route("/events", asgi_app(channel)), Mount("/model", several)])
        async with running(app) as url:
            async with EventSource(url + "/events", last_event_id="e-0") as source:
                assert (await anext(source)).data == "a"
            async with EventSource(url + "/model/three", last_event_id="1") as source:
                assert [(await anext(source)).data for _ in range(2)] == ["event 2", "event 3"]
            async with httpx.AsyncClient(trust_env=False) as client:
                asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
                answer = await client.post(url + "/model/v1/chat/completions", json=asked)
                assert answer.json()["choices"][0]["message"]["content"]

    asyncio.run(main())


def test_it_mounts_into_fastapi_whose_handlers_publish() -> None:
    channel = channel_of()
    app = FastAPI()
    app.add_route("/events", asgi_app(channel))  # type: ignore[arg-type]

    @app.post("/say")
    def say(text: str) -> str:  # FastAPI calls it in a thread of its own
        return channel.publish(text)

    async def main() -> None:
        async with (
            running(app) as url,
            request(url + "/events") as reply,
            httpx.AsyncClient(trust_env=False) as client,
        ):
            await reply.opening()
            assert (await client.post(url + "/say?text=hello")).json() == "e-1"
            assert texts(await reply.events(1)) == ["hello"]

    asyncio.run(main())


@each_server
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/api/chat"])
def test_a_model_answers_word_by_word_as_under_our_own_server(path: str, server: str) -> None:
    async def said(url: str) -> str:
        asked = {"model": "m", "stream": True, "messages": [{"role": "user", "content": "hi"}]}
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.post(url + path, json=asked)).text

    async def main() -> None:
        async with running(asgi_app(model_routes(Studio(pace=AT_ONCE, words=5))), server) as url:
            theirs = await said(url)
        async with serve(model_routes(Studio(pace=AT_ONCE, words=5))) as ours:
            mine = await said(ours.base_url)
        assert theirs.count("\n") == mine.count("\n") > 5

    asyncio.run(main())


@each_server
def test_a_page_of_another_site_gets_no_answer(server: str) -> None:
    async def main() -> None:
        async with (
            running(asgi_app(model_routes(Studio(pace=AT_ONCE))), server) as url,
            httpx.AsyncClient(trust_env=False) as client,
        ):
            asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
            headers = {"Origin": "http://evil.example"}
            assert (await client.post(url + "/v1/messages", json=asked, headers=headers)).status_code == 403

    asyncio.run(main())


@each_server
def test_the_doctor_finds_nothing(server: str) -> None:
    """Watches for a second: with less it cannot say that a stream is not held back."""

    async def main() -> None:
        channel = channel_of("a", "b")

        async def publish() -> None:
            while True:
                channel.publish("x" * 60)
                await asyncio.sleep(0.05)

        async with running(asgi_app(channel), server) as url:
            publishing = asyncio.create_task(publish())
            diagnosis = await examine(url, seconds=1.0)
            publishing.cancel()
            assert [finding for finding in diagnosis.findings if finding.severity != "note"] == []

    asyncio.run(main())


def test_http_2_carries_forty_streams_and_ends_those_that_are_cut() -> None:
    """An app that only returns ends none of them here."""

    async def main() -> None:
        channel = channel_of(retry_ms=1)
        async with (
            running(asgi_app(channel), "hypercorn") as url,
            httpx.AsyncClient(trust_env=False, http1=False, http2=True, timeout=None) as client,
        ):
            sources = [EventSource(url, client=client, reconnection_ms=1) for _ in range(40)]
            reading = [asyncio.create_task(anext(source)) for source in sources]
            await soon(lambda: channel.clients == 40)
            channel.publish("for all")
            assert {event.data for event in await asyncio.gather(*reading)} == {"for all"}
            reading = [asyncio.create_task(anext(source)) for source in sources]
            channel.cut()  # a server leaves a response open whose app has returned: each is told
            await soon(lambda: len(channel.visits) == 80, "all came back")
            channel.publish("again")
            assert {event.data for event in await asyncio.gather(*reading)} == {"again"}
            await asyncio.gather(*(source.close() for source in sources))

    asyncio.run(main())


@each_server
def test_end_lets_a_server_stop_and_others_are_sent_away(server: str) -> None:
    async def main() -> None:
        channel = channel_of()
        app = asgi_app(channel)
        async with running(app, server) as url, request(url + "/") as first:
            await first.opening()
            app.end()
            assert await first.chunk() == b""
            async with request(url + "/") as late:
                await late.opening()
                assert await late.chunk() == b""
        assert [visit.left for visit in channel.visits] == ["server stopped"] * 2
        async with running(asgi_app(channel), server) as url, request(url + "/") as reply:  # it may be mounted again
            await reply.opening()

    asyncio.run(main())


def test_a_channel_is_on_one_running_server_at_a_time() -> None:
    async def main() -> None:
        channel = channel_of()
        async with running(asgi_app(channel)) as url, request(url + "/") as reply:
            await reply.opening()

            def second() -> None:
                with pytest.raises(LabError, match="mounted on another"):
                    asyncio.run(elsewhere())

            async def elsewhere() -> None:
                async with serve(channel):
                    pass

            await asyncio.to_thread(second)

    asyncio.run(main())


def test_a_websocket_is_refused() -> None:
    async def main() -> None:
        sent: list[dict[str, Any]] = []

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await asgi_app(channel_of())({"type": "websocket"}, None, send)  # type: ignore[arg-type]
        assert sent[0]["type"] == "websocket.close"

    asyncio.run(main())
