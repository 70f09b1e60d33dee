"""The providers' own clients read the lab's servers, without a patch."""

from __future__ import annotations

import asyncio
import importlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from labkit.client import EventSource
from labkit.llm import AT_ONCE, HOSTILE, Pace, Studio, Trouble, model_routes
from labkit.server import serve

from ..helpers import soon

pytestmark = pytest.mark.live


class Later:
    """A package that takes a second to import: at its first use in a test, and not when tests are collected."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or "pytest" in name:  # pytest asks every name of this module for its marks
            raise AttributeError(name)
        return getattr(importlib.import_module(self._name), name)


anthropic: Any = Later("anthropic")
openai: Any = Later("openai")
httpx2: Any = Later("httpx2")
genai: Any = Later("google.genai")
genai_errors: Any = Later("google.genai.errors")

PROMPTS = [f"prompt number {number}" for number in range(200)]


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[tuple[Studio, str]]:
    studio = Studio(**{"pace": AT_ONCE, "words": 20, "abandoned_after_s": 0.1, **settings})
    async with serve(model_routes(studio)) as server:
        yield studio, server.base_url


def openai_client(url: str, key: str = "any") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)


def anthropic_client(url: str, key: str = "any") -> anthropic.AsyncAnthropic:
    return anthropic.AsyncAnthropic(base_url=url, api_key=key, max_retries=0)


def genai_client(url: str, key: str = "any") -> Any:
    return genai.Client(api_key=key, http_options={"base_url": url})


def user(text: str) -> list[Any]:
    return [{"role": "user", "content": text}]


async def by_openai(client: openai.AsyncOpenAI, prompt: str) -> tuple[str, str | None, int]:
    """The text, the finish_reason and the tokens that are billed."""
    text, reason, billed = "", None, 0
    stream = await client.chat.completions.create(
        model="m", messages=user(prompt), stream=True, stream_options={"include_usage": True}
    )
    async for chunk in stream:
        if chunk.choices:
            text += chunk.choices[0].delta.content or ""
            reason = chunk.choices[0].finish_reason or reason
        billed = chunk.usage.completion_tokens if chunk.usage else billed
    return text, reason, billed


def test_openai_assembles_what_was_generated() -> None:
    async def main() -> None:
        async with served(hostile=0.2) as (studio, url), openai_client(url) as client:
            for prompt in PROMPTS:
                tokens = studio.answer(prompt)
                assert await by_openai(client, prompt) == ("".join(tokens), "stop", len(tokens))
            whole = await client.chat.completions.create(model="m", messages=user(PROMPTS[0]))
            assert whole.choices[0].message.content == "".join(studio.answer(PROMPTS[0]))
            assert whole.usage is not None and whole.usage.completion_tokens == len(studio.answer(PROMPTS[0]))
            assert [model.id for model in (await client.models.list()).data] == ["alice-1865"]

    asyncio.run(main())


def test_anthropic_assembles_what_was_generated() -> None:
    async def main() -> None:
        async with served(hostile=0.2) as (studio, url), anthropic_client(url) as client:
            for prompt in PROMPTS:
                expected = "".join(studio.answer(prompt))
                async with client.messages.stream(model="m", max_tokens=999, messages=user(prompt)) as stream:
                    assert "".join([text async for text in stream.text_stream]) == expected
                    message = await stream.get_final_message()
                assert message.stop_reason == "end_turn" and message.usage.output_tokens == len(studio.answer(prompt))
            whole = await client.messages.create(model="m", max_tokens=999, messages=user(PROMPTS[0]))
            assert whole.content[0].type == "text" and whole.content[0].text == "".join(studio.answer(PROMPTS[0]))

    asyncio.run(main())


def test_openai_assembles_what_was_generated_from_responses() -> None:
    async def main() -> None:
        async with served(hostile=0.2) as (studio, url), openai_client(url) as client:
            for prompt in PROMPTS:
                tokens, text, numbers = studio.answer(prompt), "", []
                async for event in await client.responses.create(model="m", input=prompt, stream=True):
                    numbers.append(event.sequence_number)
                    text += event.delta if event.type == "response.output_text.delta" else ""
                assert event.type == "response.completed" and numbers == list(range(len(numbers)))
                assert text == event.response.output_text == "".join(tokens)
                assert event.response.usage.output_tokens == len(tokens)
            whole = await client.responses.create(model="m", input=PROMPTS[0])
            assert whole.status == "completed" and whole.output_text == "".join(studio.answer(PROMPTS[0]))
            goes_on = await client.responses.create(model="m", input="and?", previous_response_id=whole.id)
            turns = studio.newest.request.turns
            assert [turn.text for turn in turns] == [PROMPTS[0], whole.output_text, "and?"]
            assert goes_on.previous_response_id == whole.id and goes_on.output_text != "".join(studio.answer("and?"))

    asyncio.run(main())


def test_google_assembles_what_was_generated() -> None:
    async def main() -> None:
        async with served(hostile=0.2) as (studio, url), genai_client(url).aio as client:
            for prompt in PROMPTS:
                text = ""
                async for chunk in await client.models.generate_content_stream(model="m", contents=prompt):
                    text += chunk.text or ""
                assert text == "".join(studio.answer(prompt))
                assert chunk.candidates[0].finish_reason == "STOP"
                assert chunk.usage_metadata.candidates_token_count == len(studio.answer(prompt))
            whole = await client.models.generate_content(model="m", contents=PROMPTS[0])
            assert whole.text == "".join(studio.answer(PROMPTS[0])) and whole.model_version == "m"

    asyncio.run(main())


def test_the_prompts_meet_every_hostile_token() -> None:
    studio = Studio(words=20, hostile=0.2)
    met = {token for prompt in PROMPTS for token in studio.answer(prompt)}
    assert set(HOSTILE) <= met


def test_lines_of_json_are_read_by_lines() -> None:
    async def main() -> None:
        async with served(hostile=0.2) as (studio, url), httpx.AsyncClient(trust_env=False) as client:
            for prompt in PROMPTS[:20]:
                answer = await client.post(f"{url}/api/chat", json={"model": "m", "messages": user(prompt)})
                assert answer.headers["content-type"] == "application/x-ndjson"
                lines = [json.loads(line) for line in answer.content.split(b"\n") if line]
                assert "".join(line["message"]["content"] for line in lines) == "".join(studio.answer(prompt))
                assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
            asked = {"messages": user("x"), "stream": False}
            whole = (await client.post(f"{url}/api/chat", json=asked)).json()
            assert whole["message"]["content"] == "".join(studio.answer("x")) and whole["done"] is True

    asyncio.run(main())


def test_fifteen_lines_of_our_own_do_the_same() -> None:
    async def ask(url: str, prompt: str) -> str:
        text = ""
        request = {"model": "m", "stream": True, "messages": user(prompt)}
        async with EventSource(f"{url}/v1/chat/completions", method="POST", json=request) as source:
            async for event in source:
                if event.data == "[DONE]":
                    break
                for choice in json.loads(event.data)["choices"]:
                    text += choice["delta"].get("content") or ""
        return text

    async def main() -> None:
        async with served(hostile=0.2) as (studio, url):
            for prompt in PROMPTS[:20]:
                assert await ask(url, prompt) == "".join(studio.answer(prompt))

    asyncio.run(main())


def test_refusals_are_the_sdks_own_errors() -> None:
    async def main() -> None:
        async with served(key="secret") as (_, url):
            for client, problem in ((openai_client(url, "wrong"), openai.AuthenticationError),):
                with pytest.raises(problem, match="wants a key"):
                    await by_openai(client, "x")
            with pytest.raises(anthropic.AuthenticationError, match="wants a key"):
                await anthropic_client(url, "wrong").messages.create(model="m", max_tokens=9, messages=user("x"))
            with pytest.raises(openai.AuthenticationError, match="wants a key"):
                await openai_client(url, "wrong").responses.create(model="m", input="x")
            for key in ("wrong", "secret"):
                async with genai_client(url, key).aio as client:
                    asking = client.models.generate_content(model="m", contents="x")
                    if key == "secret":
                        assert (await asking).text
                        continue
                    with pytest.raises(genai_errors.ClientError, match="wants a key") as unknown:
                        await asking
                    assert (unknown.value.code, unknown.value.status) == (401, "UNAUTHENTICATED")
            assert (await by_openai(openai_client(url, "secret"), "x"))[1] == "stop"
            await anthropic_client(url, "secret").messages.create(model="m", max_tokens=9, messages=user("x"))
        async with served(trouble=Trouble(status=429, retry_after_s=7)) as (_, url):
            with pytest.raises(openai.RateLimitError) as refused:
                await by_openai(openai_client(url), "x")
            assert refused.value.response.headers["retry-after"] == "7"
            with pytest.raises(anthropic.RateLimitError):
                await anthropic_client(url).messages.create(model="m", max_tokens=9, messages=user("x"))
        async with served(trouble=Trouble(status=529)) as (_, url):
            with pytest.raises(anthropic.APIStatusError, match="overloaded_error"):
                await anthropic_client(url).messages.create(model="m", max_tokens=9, messages=user("x"))

    asyncio.run(main())


def test_an_error_in_mid_stream_comes_under_status_200() -> None:
    async def main() -> None:
        async with served(trouble=Trouble(error_after=5)) as (_, url):
            with pytest.raises(openai.APIError, match="overloaded"):
                await by_openai(openai_client(url), "x")
            with pytest.raises(anthropic.APIStatusError, match="overloaded") as problem:
                async with anthropic_client(url).messages.stream(model="m", max_tokens=9, messages=user("x")) as stream:
                    async for _ in stream.text_stream:
                        pass
            assert problem.value.status_code == 200
            async with httpx.AsyncClient(trust_env=False) as client:
                answer = await client.post(f"{url}/v1/chat/completions", json={"messages": user("x"), "stream": True})
                assert answer.status_code == 200 and '"error"' in answer.text and "[DONE]" not in answer.text
                whole = await client.post(f"{url}/v1/chat/completions", json={"messages": user("x")})
                assert whole.status_code == 500 and "overloaded" in whole.json()["error"]["message"]

    asyncio.run(main())


def test_a_cut_in_mid_token_is_an_error_and_no_answer() -> None:
    async def main() -> None:
        # At a pace: a cut that comes with the head is another error, before there is a stream.
        async with served(trouble=Trouble(cut_after=5), pace=Pace(0.05, 50.0, 0.0)) as (_, url):
            with pytest.raises(openai.APIConnectionError):
                await by_openai(openai_client(url), "x")
            # anthropic lets through what the HTTP library below it raises: the lesson says so.
            with pytest.raises(httpx2.RemoteProtocolError) as problem:
                async with anthropic_client(url).messages.stream(model="m", max_tokens=9, messages=user("x")) as stream:
                    async for _ in stream.text_stream:
                        pass
            assert not isinstance(problem.value, anthropic.AnthropicError)

    asyncio.run(main())


def test_who_closes_the_stream_stops_the_making() -> None:
    async def main() -> None:
        async with served(pace=Pace(0.0, 50.0, 0.0), words=2000) as (studio, url), openai_client(url) as client:
            stream = await client.chat.completions.create(model="m", messages=user("x"), stream=True)
            await anext(aiter(stream))
            await stream.close()
            (generation,) = studio.generations.values()
            await soon(lambda: generation.state == "cancelled")
            assert 0 < generation.token_count < 500

    asyncio.run(main())


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"{", 400, "no JSON"),
        (b"[]", 400, "no JSON object"),
        (b"[" * 100_000, 400, "no JSON"),
        (b'{"messages": [{"role": "user", "content": "\\ud83d"}]}', 400, "half of a character"),
        (b"{}", 400, "messages is missing"),
        (b'{"messages": []}', 400, "messages is missing"),
        (b'{"messages": ["x"]}', 400, "messages[0] has to be an object, and is a text"),
        (b'{"messages": [{"role": "user", "content": 7}]}', 400, "no text"),
        (json.dumps({"messages": user("x" * 1_000_000)}).encode(), 413, "1,000,000 characters"),
        (json.dumps({"messages": user("\x00\x1b[2J\ud83d\ude00")}).encode(), 200, ""),
        (json.dumps({"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}).encode(), 200, ""),
    ],
)
def test_bad_requests_are_told_in_the_dialect_that_was_spoken(body: bytes, status: int, sentence: str) -> None:
    async def main() -> None:
        async with served() as (_, url), httpx.AsyncClient(trust_env=False) as client:
            for path, error in (
                ("/v1/chat/completions", lambda told: told["error"]["message"]),
                ("/v1/messages", lambda told: told["error"]["message"] if told["type"] == "error" else ""),
                ("/api/chat", lambda told: told["error"]),
                ("/answers", lambda told: told["error"]["message"]),
            ):
                answer = await client.post(url + path, content=body)
                if path == "/answers" and body in (b"{}", b'{"messages": []}'):
                    continue  # it asks for a prompt instead
                assert answer.status_code == (201 if (path, status) == ("/answers", 200) else status), path
                if status != 200:
                    assert sentence in error(answer.json())

    asyncio.run(main())


@pytest.mark.parametrize(
    ("body", "status", "sentence"),
    [
        (b"{", 400, "no JSON"),
        (b"[" * 100_000, 400, "no JSON"),
        (b'{"input": "\\ud83d", "contents": [{"parts": [{"text": "\\ud83d"}]}]}', 400, "half of a character"),
        (b"{}", 400, "is missing"),
        (b'{"input": 7, "contents": 7}', 400, "has to be a list, and is a number"),
        (json.dumps({"input": "x" * 300_000, "contents": [{"parts": [{"text": "x" * 300_000}]}]}).encode(), 413, "300,000"),
        (b'{"input": "x", "contents": [{"parts": [{"text": "x"}]}]}', 200, ""),
    ],
)  # fmt: skip
def test_bad_requests_to_responses_and_gemini_are_told_in_their_form(body: bytes, status: int, sentence: str) -> None:
    async def main() -> None:
        async with served() as (_, url), httpx.AsyncClient(trust_env=False) as client:
            for path in (
                "/v1/responses",
                "/v1beta/models/m:generateContent",
                "/v1/models/m:streamGenerateContent?alt=sse",
            ):
                answer = await client.post(url + path, content=body)
                assert answer.status_code == status, path
                if status == 200:
                    continue
                told = answer.json()["error"]
                assert sentence in told["message"]
                assert (
                    told["type" if path == "/v1/responses" else "status"].lower().startswith(("invalid", "request_too"))
                )
            long = await client.post(f"{url}/v1beta/models/{'x' * 201}:generateContent", content=body)
            assert long.status_code == 400
            not_sse = await client.post(url + "/v1beta/models/m:streamGenerateContent", content=body)
            assert not_sse.status_code == 400 and (status != 200 or "add ?alt=sse" in not_sse.text)

    asyncio.run(main())
