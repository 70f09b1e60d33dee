"""What a client sends is bounded before it is read, and what comes back to it is short."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from tornado.web import RequestHandler
from tornado.websocket import WebSocketHandler, websocket_connect

from labkit.llm import AT_ONCE, Studio, model_routes
from labkit.llm.generation import MAX_CHARACTERS, Generation
from labkit.llm.model_handler import MAX_NAME_CHARACTERS
from labkit.server import Channel, serve
from labkit.server.site import MAX_BODY_BYTES

from ..helpers import request, soon

pytestmark = pytest.mark.live


class Taker(RequestHandler):
    taken_bytes = 0

    def post(self) -> None:
        Taker.taken_bytes = len(self.request.body)
        self.finish("taken")


@pytest.mark.parametrize(
    "headers",
    [
        [b"Content-Length: 41943040"],
        [b"Content-Length: 2097153"],
        [b"Transfer-Encoding: chunked\r\n\r\n2800000\r\nxxx"],
        [b"Transfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n200000\r\nxxx"],
    ],
    ids=["40 MB", "one byte too many", "one chunk", "two chunks"],
)
def test_a_body_that_is_too_large_is_refused_before_it_comes(headers: list[bytes]) -> None:
    async def main() -> None:
        async with serve({"/take": Taker}) as server, request(server.url, *headers, method="POST") as reply:
            assert reply.status == 400  # and no byte of the body was sent

    asyncio.run(main())


def test_a_body_up_to_the_bound_is_taken() -> None:
    async def main() -> None:
        async with serve({"/take": Taker}) as server, httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(server.url, content=b"x" * MAX_BODY_BYTES)
            assert (answer.text, Taker.taken_bytes) == ("taken", MAX_BODY_BYTES)

    asyncio.run(main())


def test_a_message_over_a_websocket_that_is_too_large_closes_it() -> None:
    taken: list[int] = []

    class Socket(WebSocketHandler):
        def on_message(self, message: str | bytes) -> None:
            taken.append(len(message))

    async def main() -> None:
        async with serve({"/socket": Socket}) as server:
            socket = await websocket_connect(server.url.replace("http", "ws"))
            await socket.write_message("x" * 1000)
            await soon(lambda: taken == [1000])
            await socket.write_message("x" * (MAX_BODY_BYTES + 1))
            assert await asyncio.wait_for(socket.read_message(), 20) is None
            assert taken == [1000]

    asyncio.run(main())


MESSAGES = [{"role": "user", "content": "hi"}]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/api/chat"])
@pytest.mark.parametrize(
    "name", ["x" * (MAX_NAME_CHARACTERS + 1), ["x"] * 1000, {"x": "y"}], ids=["long", "a list", "an object"]
)
def test_a_model_whose_name_is_no_name_is_refused(path: str, name: Any) -> None:
    async def main() -> None:
        async with serve(model_routes(Studio(pace=AT_ONCE))) as server, httpx.AsyncClient(trust_env=False) as client:
            answer = await client.post(server.base_url + path, json={"model": name, "messages": MESSAGES})
            assert answer.status_code == 400
            assert "at most 200 characters" in answer.text and len(answer.content) < 500

    asyncio.run(main())


def test_a_name_comes_back_as_it_was_sent() -> None:
    async def main() -> None:
        routes = model_routes(Studio(pace=AT_ONCE, words=3))
        async with serve(routes) as server, httpx.AsyncClient(trust_env=False) as client:
            name = "ü" * MAX_NAME_CHARACTERS
            body = json.dumps({"model": name, "messages": MESSAGES})
            answer = await client.post(server.base_url + "/v1/chat/completions", content=body)
            assert answer.json()["model"] == name

    asyncio.run(main())


def test_an_answer_ends_before_its_tokens_fill_the_memory() -> None:
    async def endless() -> Any:
        while True:
            yield "x" * 100_000

    async def main() -> None:
        generation = Generation(endless())
        await soon(lambda: generation.state != "running")
        assert (generation.state, generation.why) == ("failed", "an answer has at most 1,000,000 characters here")
        assert len(generation.text) == MAX_CHARACTERS

    asyncio.run(main())


def test_of_a_long_user_agent_the_beginning_is_kept() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server, request(server.url, b"User-Agent: " + b"x" * 60_000) as reply:
            await reply.opening()
            assert [len(visit.agent) for visit in channel.visits] == [300]

    asyncio.run(main())
