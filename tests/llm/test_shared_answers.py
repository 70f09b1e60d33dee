"""An answer that one server makes is read on, and stopped, at another; and told where its server dies."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx
import pytest

from labkit.client import EventSource
from labkit.cluster.redis_server import RedisServer
from labkit.dialects import EndMark, Finish, Oddity, Reasoning, Refusal, Text, TokenCounts, ToolCall
from labkit.errors import LabError
from labkit.llm import AT_ONCE, Pace, SharedAnswers, Studio, Trouble, model_routes
from labkit.llm.shared_parts import parts_as_json, parts_from_json
from labkit.server import serve

from ..helpers import soon

pytestmark = pytest.mark.live

SLOW: dict[str, Any] = {"pace": Pace(0.0, 100.0, 0.0), "words": 3000}


@pytest.fixture(scope="module")
def redis(tool: Callable[[str], str]) -> Iterator[RedisServer]:
    tool("redis")
    with RedisServer() as server:
        yield server


@asynccontextmanager
async def nodes(redis: RedisServer, count: int = 2, **settings: Any) -> AsyncIterator[tuple[list[Studio], list[str]]]:
    """So many servers that share their answers, and their URLs."""
    name = f"answers {uuid.uuid4().hex[:6]}"
    async with AsyncExitStack() as stack:
        studios, urls = [], []
        for _ in range(count):
            shared = SharedAnswers(redis.url, name, lease_s=settings.get("lease_s", 0.5))
            stack.callback(shared.close)
            own = {key: value for key, value in settings.items() if key != "lease_s"}
            studios.append(Studio(**{"pace": AT_ONCE, "hostile": 0.2, **own}, shared=shared))
            urls.append((await stack.enter_async_context(serve(model_routes(studios[-1])))).base_url)
        yield studios, urls


async def ask(url: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return str((await client.post(f"{url}/answers", json={"prompt": "x"})).json()["id"])


async def read(url: str, number: str, last_event_id: str = "", count: int = 10**9) -> tuple[list[str], str, Any]:
    """The texts, up to so many, the last id, and what the last event says."""
    texts, end, id = [], None, last_event_id
    address = f"{url}/answers?id={number}"
    async with EventSource(address, reconnection_ms=10, last_event_id=last_event_id) as source:
        async for event in source:
            if event.type == "done":
                end = json.loads(event.data)
            else:
                texts.append(json.loads(event.data)["text"])
                id = event.last_event_id
            if len(texts) == count:
                break
    return texts, id, end


def test_who_goes_from_server_to_server_gets_each_token_once(redis: RedisServer) -> None:
    async def main() -> None:
        async with nodes(redis, 3, pace=Pace(0.0, 300.0, 0.0), words=60) as (studios, urls):
            number = await ask(urls[0])
            texts: list[str] = []
            id, end, at = "", None, 0
            while end is None:
                some, id, end = await read(urls[at % 3], number, id, 25)
                texts, at = texts + some, at + 1
            assert texts == studios[0].answer("x") and at > 3
            assert end["state"] == "finished" and end["made"] == len(texts)
            assert studios[1].generations[number].parts == studios[0].generations[number].parts
            late = await read(urls[2], number)
            assert late[0] == texts and late[2] == {**end, "readers": late[2]["readers"]}

    asyncio.run(main())


def test_it_is_stopped_from_another_server_and_all_have_the_same_text(redis: RedisServer) -> None:
    async def main() -> None:
        async with nodes(redis, **SLOW) as (studios, urls), httpx.AsyncClient(trust_env=False) as client:
            number = await ask(urls[0])
            readers = [asyncio.create_task(read(url, number)) for url in urls]
            await soon(lambda: number in studios[1].generations and studios[1].generations[number].token_count > 5)
            told = (await client.delete(f"{urls[1]}/answers?id={number}")).json()
            (one, _, end), (other, _, other_end) = await asyncio.gather(*readers)
            assert one == other and len(one) == told["made"] == studios[0].generations[number].token_count < 1000
            assert end["state"] == other_end["state"] == told["state"] == "cancelled"
            assert end["why"] == other_end["why"] == "stopped by the reader"

    asyncio.run(main())


def test_readers_elsewhere_keep_it_going(redis: RedisServer) -> None:
    """Two seconds: an answer must outlast the time after which nobody is taken to read, several times over."""

    async def main() -> None:
        async with nodes(redis, abandoned_after_s=0.4, **SLOW) as (studios, urls):
            number = await ask(urls[0])
            reading = asyncio.create_task(read(urls[1], number))
            own = studios[0].generations[number]
            await soon(lambda: own.token_count > 100)  # more than a second
            assert own.state == "running" and own.readers == 0
            reading.cancel()
            await soon(lambda: own.state == "cancelled")
            assert "nobody has read" in own.why

    asyncio.run(main())


def test_what_is_written_twice_is_read_once(redis: RedisServer) -> None:
    """As where Redis had taken an entry, and its server did not hear of it."""

    async def main() -> None:
        async with nodes(redis, **SLOW) as (studios, urls):
            number = await ask(urls[0])
            own, shared = studios[0].generations[number], studios[0].shared
            reading = asyncio.create_task(read(urls[1], number, "", 20))
            await soon(lambda: own.token_count > 5)
            assert shared is not None
            entry = {"from": 0, "parts": parts_as_json(own.parts[:5])}
            await asyncio.to_thread(shared._write, number, json.dumps(entry))
            texts, _, _ = await reading
            assert texts == [part.text for part in own.parts[:20] if isinstance(part, Text)]

    asyncio.run(main())


def test_an_answer_that_fails_fails_everywhere(redis: RedisServer) -> None:
    async def main() -> None:
        async with nodes(redis, trouble=Trouble(error_after=5)) as (_, urls):
            number = await ask(urls[0])
            (one, _, end), (other, _, other_end) = await asyncio.gather(*(read(url, number) for url in urls))
            assert one == other and len(one) == 5
            assert end["state"] == other_end["state"] == "failed" and end["why"] == other_end["why"]

    asyncio.run(main())


SERVER = """
import asyncio, sys
from labkit.llm import Pace, SharedAnswers, Studio, model_routes
from labkit.server import serve
async def main():
    shared = SharedAnswers(sys.argv[1], sys.argv[2], lease_s=0.5)
    studio = Studio(pace=Pace(0.0, 100.0, 0.0), words=3000, shared=shared)
    async with serve(model_routes(studio)) as server:
        print(server.base_url, flush=True)
        await asyncio.sleep(3600)
asyncio.run(main())
"""


def test_where_its_server_is_killed_every_reader_is_told(redis: RedisServer) -> None:
    """Two seconds: a server of its own is started and killed, and its lease must run out. It buys that nobody waits."""

    async def main() -> None:
        async with nodes(redis) as (studios, urls):
            shared = studios[0].shared
            assert shared is not None
            command = [sys.executable, "-c", SERVER, redis.url, shared._name]
            with await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.PIPE, text=True) as process:
                assert process.stdout is not None
                number = await ask((await asyncio.to_thread(process.stdout.readline)).strip())
                readers = [asyncio.create_task(read(url, number)) for url in urls]
                await soon(lambda: all(number in studio.generations for studio in studios))
                await soon(lambda: studios[0].generations[number].token_count > 5)
                process.kill()
            (one, _, end), (other, _, other_end) = await asyncio.gather(*readers)
            assert one == other and len(one) > 5
            assert end == other_end and (end["state"], end["ending"]) == ("failed", "unfinished")
            assert end["why"] == "the server that made this answer is gone"

    asyncio.run(main())


def test_what_is_nowhere_is_404_and_a_redis_that_is_away_is_503(tool: Callable[[str], str]) -> None:
    tool("redis")

    async def main() -> None:
        with RedisServer() as own:
            async with nodes(own) as (studios, urls), httpx.AsyncClient(trust_env=False) as client:
                number = await ask(urls[0])
                assert (await client.get(f"{urls[1]}/answers?id=nowhere")).status_code == 404
                own.kill()
                told = await client.get(f"{urls[1]}/answers?id={number}")
                assert told.status_code == 503 and "Does Redis run there" in told.text
                texts, _, end = await read(urls[0], number)
                assert texts == studios[0].answer("x") and end["state"] == "finished", "it needs no Redis here"

    asyncio.run(main())


def test_a_part_comes_out_as_it_went_in_and_nothing_else_does() -> None:
    parts = [
        Text("a🎈", 1), Reasoning("r"), Refusal("no"), ToolCall(1, "id", "name", "{", 2),
        Finish("length", "max_tokens"), TokenCounts(1, None), Oddity("", "odd"),
    ]  # fmt: skip
    assert parts_from_json(json.loads(json.dumps(parts_as_json([*parts, EndMark("[DONE]")])))) == parts
    for strange in ([["Popen", {"args": "ls"}]], [["Text", {"txt": ""}]], [["Text"]]):
        with pytest.raises(LabError, match="another server wrote"):
            parts_from_json(strange)
