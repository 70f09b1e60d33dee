"""Responses that are made in the background: cut, read on from a number, looked at, cancelled."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from labkit.faults import Cut, First
from labkit.llm import Pace, Studio, model_routes
from labkit.proxy import relay
from labkit.server import serve

from ..helpers import soon
from .test_sdks import openai, openai_client, served

pytestmark = pytest.mark.live

SLOW = Pace(0.0, 50.0, 0.0)


async def read(stream: Any, numbers: list[int]) -> tuple[str, Any]:
    """The text that comes, and the last event; `numbers` gets the number of each event."""
    text, event = "", None
    async for event in stream:
        numbers.append(event.sequence_number)
        text += event.delta if event.type == "response.output_text.delta" else ""
    return text, event


@pytest.mark.parametrize("place", [1500, 2600, 4200, 9000])
def test_a_response_goes_on_after_a_cut_where_it_was_and_is_made_once(place: int) -> None:
    async def main() -> None:
        async with (
            served(hostile=0.2) as (studio, url),
            relay(url, First(1, Cut(bytes=place, how="rst"))) as proxy,
            openai_client(proxy.url) as broken,
            openai_client(url) as client,
        ):
            numbers: list[int] = []
            stream = await broken.responses.create(model="m", input="x", stream=True, background=True)
            text = id = ""
            with pytest.raises(openai.APIConnectionError):
                async for event in stream:
                    numbers.append(event.sequence_number)
                    id = event.response.id if event.type == "response.created" else id
                    text += event.delta if event.type == "response.output_text.delta" else ""
            after = numbers[-1]
            rest = await client.responses.retrieve(id, stream=True, starting_after=after)
            more, last = await read(rest, numbers)
            assert numbers == list(range(len(numbers))) and after < len(numbers) - 1
            assert text + more == last.response.output_text == "".join(studio.answer("x"))
            assert last.type == "response.completed" and len(studio.generations) == 1
            again: list[int] = []
            assert (await read(await client.responses.retrieve(id, stream=True), again))[0] == text + more
            assert again == numbers
            assert (await client.responses.retrieve(id)).output_text == text + more

    asyncio.run(main())


def test_in_the_background_an_answer_is_made_though_nobody_reads_and_can_be_cancelled() -> None:
    async def main() -> None:
        async with served(pace=SLOW, words=300, abandoned_after_s=0.05) as (studio, url), openai_client(url) as client:
            begun = await client.responses.create(model="m", input="x", background=True)
            generation = studio.newest
            assert begun.status in ("queued", "in_progress") and begun.background is True
            await soon(lambda: generation.token_count > 8)  # longer than abandoned_after_s
            assert (await client.responses.retrieve(begun.id)).status == "in_progress"
            numbers: list[int] = []
            reading = asyncio.ensure_future(read(await client.responses.retrieve(begun.id, stream=True), numbers))
            await soon(lambda: generation.readers == 1)
            cancelled = await client.responses.cancel(begun.id)
            assert cancelled.status == "cancelled" == (await client.responses.retrieve(begun.id)).status
            text, last = await reading
            assert text == generation.text and last.type == "response.output_text.delta"  # no last event
            assert generation.ending == "stopped" and (await client.responses.cancel(begun.id)).status == "cancelled"

    asyncio.run(main())


def test_what_cannot_be_read_again_is_told() -> None:
    async def main() -> None:
        async with served() as (studio, url), openai_client(url) as client:
            plain = await client.responses.create(model="m", input="x")
            with pytest.raises(openai.BadRequestError, match="background=true"):
                await client.responses.retrieve(plain.id, stream=True)
            with pytest.raises(openai.BadRequestError, match="can be cancelled"):
                await client.responses.cancel(plain.id)
            assert (await client.responses.retrieve(plain.id)).output_text == plain.output_text
            chat = await client.chat.completions.create(model="m", messages=[{"role": "user", "content": "x"}])
            number = next(number for number, made in studio.generations.items() if made is studio.newest)
            for id in ("resp_nowhere", "nowhere", f"resp_{number}", chat.id, number):
                for ask in (client.responses.retrieve, client.responses.cancel):
                    with pytest.raises(openai.NotFoundError, match="not found"):
                        await ask(id)
            with pytest.raises(openai.NotFoundError, match="not found"):
                await client.responses.create(model="m", input="x", previous_response_id="resp_nowhere")
            begun = await client.responses.create(model="m", input="x", background=True)
            async with httpx.AsyncClient(trust_env=False, base_url=url) as plain_client:
                for after in ("-1", "x", "٣", "9" * 30):
                    query = {"stream": "true", "starting_after": after}
                    refused = await plain_client.get(f"/v1/responses/{begun.id}", params=query)
                    assert refused.status_code == 400 and "starting_after" in refused.text
                for long in (
                    {"metadata": {"x": "y" * 300_000}},
                    {"tools": [{"type": "function", "name": "x", "description": "y" * 300_000}]},
                ):
                    assert (await plain_client.post("/v1/responses", json={"input": "x", **long})).status_code == 413
                preflight = await plain_client.options(f"/v1/responses/{begun.id}")
                assert preflight.status_code == 204

    asyncio.run(main())


def test_a_page_of_another_site_may_not_read_or_cancel() -> None:
    async def main() -> None:
        async with (
            serve(model_routes(Studio(pace=SLOW, words=50, key="k"))) as server,
            httpx.AsyncClient(trust_env=False, base_url=server.base_url) as client,
        ):
            asked = {"input": "x", "background": True}
            begun = await client.post("/v1/responses", json=asked, headers={"X-Api-Key": "k"})
            path = f"/v1/responses/{begun.json()['id']}"
            for headers, status in (({"X-Api-Key": "k", "Origin": "https://evil.example"}, 403), ({}, 401)):
                assert (await client.get(path, headers=headers)).status_code == status
                assert (await client.post(f"{path}/cancel", headers=headers)).status_code == status
            assert (await client.get(path, headers={"X-Api-Key": "k"})).json()["status"] == "in_progress"

    asyncio.run(main())
