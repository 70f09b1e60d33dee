"""Answers that outlive their connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from labkit.client import EventSource
from labkit.errors import StreamRejected
from labkit.faults import Cut, Fault, First
from labkit.llm import AT_ONCE, Pace, Studio, Trouble, model_routes
from labkit.proxy import relay
from labkit.server import serve

from ..helpers import soon

pytestmark = pytest.mark.live


@asynccontextmanager
async def asked(prompt: str = "x", **settings: Any) -> AsyncIterator[tuple[Studio, str, str]]:
    """The studio, the server's URL, and the number of an answer to this prompt."""
    studio = Studio(**{"pace": AT_ONCE, "hostile": 0.2, **settings})
    async with serve(model_routes(studio)) as server, httpx.AsyncClient(trust_env=False) as client:
        started = await client.post(f"{server.base_url}/answers", json={"prompt": prompt})
        assert started.status_code == 201
        yield studio, server.base_url, started.json()["id"]


async def read(url: str) -> tuple[str, int, dict[str, Any]]:
    """The text, the number of connections it took, and what the last event says."""
    text, end = "", {}
    async with EventSource(url, reconnection_ms=10) as source:
        async for event in source:
            if event.type == "done":
                end = json.loads(event.data)
            else:
                text += json.loads(event.data)["text"]
        return text, source.connections, end  # it ends by a 204: finished means finished


def test_finished_means_finished() -> None:
    async def main() -> None:
        async with asked() as (studio, url, number):
            text, connections, end = await read(f"{url}/answers?id={number}")
            assert text == "".join(studio.answer("x")) and connections == 2
            assert end["state"] == "finished" and end["made"] == len(studio.answer("x"))
            assert len(studio.generations) == 1  # no question was asked twice

    asyncio.run(main())


@pytest.mark.parametrize("how", ["rst", "fin", "clean"])
def test_cut_at_a_hundred_places_each_token_comes_once(how: Any) -> None:
    async def main() -> None:
        async with asked() as (studio, url, number):
            expected = "".join(studio.answer("x"))
            places = range(1, 3900, 115)  # 34 for each kind of cut

            async def cut(place: int) -> None:
                fault: Fault = First(1, Cut(bytes=place, how=how))
                async with relay(f"{url}/answers", fault) as proxy:
                    text, connections, _ = await read(f"{proxy.url}?id={number}")
                    assert text == expected and connections == 3, (place, text)

            await asyncio.gather(*map(cut, places))  # each waits most of its time, until it connects again

    asyncio.run(main())


def test_nothing_that_is_sent_says_where_the_server_is() -> None:
    """So it works under any path, behind a hub or a reverse proxy that takes the path away."""

    async def main() -> None:
        async with asked() as (_, url, number), httpx.AsyncClient(trust_env=False, base_url=url) as client:
            for method, path, body in (
                ("POST", "/answers", {"prompt": "x"}),
                ("GET", f"/answers?id={number}", None),
                ("GET", "/answers?id=nowhere", None),
                ("POST", f"/answers/cut?id={number}", None),
                ("POST", "/v1/responses", {"input": "x", "background": True}),
                ("GET", "/v1/models", None),
            ):
                answer = await client.request(method, path, json=body)
                assert not {"location", "content-location", "link", "refresh"} & set(answer.headers), path
                assert "127.0.0.1" not in answer.text and "://" not in answer.text, path

    asyncio.run(main())


def test_stop_is_told_to_every_reader() -> None:
    async def main() -> None:
        slow = {"pace": Pace(0.0, 100.0, 0.0), "words": 3000}
        async with asked(**slow) as (studio, url, number), httpx.AsyncClient(trust_env=False) as client:
            readers = [asyncio.create_task(read(f"{url}/answers?id={number}")) for _ in range(3)]
            generation = studio.generations[number]
            await soon(lambda: generation.readers == 3 and generation.token_count > 5)
            told = await client.delete(f"{url}/answers?id={number}")
            texts = await asyncio.gather(*readers)
            assert {text for text, _, _ in texts} == {generation.text}
            assert all(end["state"] == "cancelled" and end["why"] == "stopped by the reader" for _, _, end in texts)
            assert told.json()["made"] == generation.token_count < 200
            state = await client.get(f"{url}/answers?id={number}", headers={"Accept": "application/json"})
            assert state.json()["state"] == "cancelled"

    asyncio.run(main())


def test_what_is_not_there_is_told() -> None:
    async def main() -> None:
        async with asked() as (_, url, _), httpx.AsyncClient(trust_env=False) as client:
            for ask in (client.get, client.delete):
                answer = await ask(f"{url}/answers?id=nowhere")
                assert answer.status_code == 404 and "no answer 'nowhere'" in answer.json()["error"]["message"]
            with pytest.raises(StreamRejected):
                await read(f"{url}/answers?id=nowhere")
            for body in ({"prompt": " "}, {"prompt": 7}, {}):
                empty = await client.post(f"{url}/answers", json=body)
                assert empty.status_code == 400 and "write something" in empty.json()["error"]["message"]
            long = await client.post(f"{url}/answers", json={"prompt": "x" * 1_000_000})
            assert long.status_code == 413

    asyncio.run(main())


def test_a_page_of_another_site_may_not_ask() -> None:
    async def main() -> None:
        async with asked() as (studio, url, number), httpx.AsyncClient(trust_env=False) as client:
            port = url.rpartition(":")[2]
            for headers, status in (
                ({"Origin": "https://evil.example"}, 403),
                ({"Origin": f"http://evil.example:{port}", "Host": f"evil.example:{port}"}, 403),  # DNS rebinding
                ({"Origin": url}, 201),
                ({}, 201),
            ):
                answer = await client.post(f"{url}/answers", json={"prompt": "x"}, headers=headers)
                assert answer.status_code == status, headers
            stopping = await client.delete(f"{url}/answers?id={number}", headers={"Origin": "https://evil.example"})
            assert stopping.status_code == 403
            assert len(studio.generations) == 3

    asyncio.run(main())


def test_a_failure_is_the_last_event() -> None:
    async def main() -> None:
        async with asked(trouble=Trouble(error_after=4)) as (studio, url, number):
            text, _, end = await read(f"{url}/answers?id={number}")
            assert text == "".join(studio.answer("x")[:4])
            assert end["state"] == "failed" and end["why"] == "the model is overloaded"

    asyncio.run(main())


def test_a_page_of_another_site_may_not_cut_and_one_of_this_machine_may() -> None:
    async def main() -> None:
        async with asked(pace=Pace(0.0, 50.0)) as (_, url, number), httpx.AsyncClient(trust_env=False) as client:
            for origin, status in (("http://evil.example", 403), ("http://localhost:8888", 204)):
                cut = f"{url}/answers/cut?id={number}"
                assert (await client.post(cut, headers={"Origin": origin})).status_code == status
            assert (await client.post(f"{url}/answers/cut?id=nowhere")).status_code == 404

    asyncio.run(main())


def test_an_answer_that_nobody_ever_reads_is_abandoned() -> None:
    async def main() -> None:
        async with asked(pace=Pace(0.0, 50.0), words=3000, abandoned_after_s=0.1) as (studio, _, number):
            generation = studio.generations[number]
            await soon(lambda: generation.state == "cancelled")
            assert generation.why == "nobody has read for 0.1 s" and generation.token_count < 200

    asyncio.run(main())


def test_who_waits_for_a_whole_answer_and_leaves_stops_the_making() -> None:
    async def main() -> None:
        slow = {"pace": Pace(0.0, 50.0), "words": 3000, "abandoned_after_s": 0.1}
        async with asked(**slow) as (studio, url, _), httpx.AsyncClient(trust_env=False) as client:
            with pytest.raises(httpx.ReadTimeout):
                messages = [{"role": "user", "content": "x"}]
                await client.post(f"{url}/v1/chat/completions", json={"messages": messages}, timeout=0.1)
            await soon(lambda: studio.newest.state == "cancelled")
            assert studio.newest.readers == 0

    asyncio.run(main())


def test_a_server_that_stops_ends_its_answers() -> None:
    async def main() -> None:
        before = asyncio.all_tasks()
        async with asked(pace=Pace(0.0, 50.0), words=3000) as (studio, url, number):
            reading = asyncio.ensure_future(read(f"{url}/answers?id={number}"))
            await soon(lambda: studio.generations[number].readers == 1)
        await soon(lambda: studio.generations[number].readers == 0)
        reading.cancel()
        studio.generations[number].cancel()
        await soon(lambda: asyncio.all_tasks() <= before | {reading})

    asyncio.run(main())


def test_the_key_is_taken_from_either_header() -> None:
    async def main() -> dict[str, int]:
        routes = model_routes(Studio(pace=AT_ONCE, key="secret"))
        async with serve(routes) as server, httpx.AsyncClient(trust_env=False, timeout=20) as client:
            headers = {"none": {}, "Bearer": {"Authorization": "Bearer secret"}, "X-Api-Key": {"X-Api-Key": "secret"}}
            headers["wrong"] = {"X-Api-Key": "secre", "Authorization": "Bearer secrets"}
            asked = {"messages": [{"role": "user", "content": "x"}]}
            url = f"{server.base_url}/v1/messages"
            return {
                name: (await client.post(url, json=asked, headers=sent)).status_code for name, sent in headers.items()
            }

    assert asyncio.run(main()) == {"none": 401, "Bearer": 200, "X-Api-Key": 200, "wrong": 401}
