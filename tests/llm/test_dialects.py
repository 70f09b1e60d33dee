"""Each dialect as our servers speak it, read by the one reader of all dialects: it finds what was generated."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from labkit.clock import VirtualClock
from labkit.dialects import ENDING_SENTENCES, ModelAnswer, ToolCall
from labkit.llm import AT_ONCE, Pace, Studio, Trouble, model_routes
from labkit.llm.trouble import ENDINGS_ON_PURPOSE
from labkit.server import serve
from labkit.wire import Comment, Decoder, Event, Signal

from ..helpers import soon

pytestmark = pytest.mark.live

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
TOOL = {"name": "weather", "description": "d", "parameters": SCHEMA}
MESSAGES = [{"role": "user", "content": "What is the weather?"}]

#: The path of each dialect, what asks for a stream, for thinking, for a tool, and for an answer of at most 5 tokens.
DIALECTS: dict[str, tuple[str, dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "openai": (
        "/v1/chat/completions",
        {"messages": MESSAGES, "stream": True},
        {"reasoning_effort": "low"},
        {"tools": [{"type": "function", "function": TOOL}]},
        {"max_tokens": 5},
    ),
    "anthropic": (
        "/v1/messages",
        {"messages": MESSAGES, "stream": True},
        {"thinking": {"type": "enabled", "budget_tokens": 1024}},
        {"tools": [{"name": "weather", "input_schema": SCHEMA}]},
        {"max_tokens": 5},
    ),
    "ollama": (
        "/api/chat",
        {"messages": MESSAGES},
        {"think": True},
        {"tools": [{"type": "function", "function": TOOL}]},
        {"options": {"num_predict": 5}},
    ),
    "responses": (
        "/v1/responses",
        {"input": "What is the weather?", "stream": True},
        {"reasoning": {"summary": "auto"}},
        {"tools": [{"type": "function", **TOOL}]},
        {"max_output_tokens": 5},
    ),
    "gemini": (
        "/v1beta/models/any:streamGenerateContent?alt=sse",
        {"contents": [{"parts": [{"text": "What is the weather?"}]}]},
        {"generationConfig": {"thinkingConfig": {"includeThoughts": True}}},
        {"tools": [{"functionDeclarations": [TOOL]}]},
        {"generationConfig": {"maxOutputTokens": 5}},
    ),
    "answers": (
        "/answers",
        {"prompt": "What is the weather?"},
        {"reasoning": True},
        {"tools": [{"function": TOOL}]},
        {"max_tokens": 5},
    ),
}

#: What a dialect has no word for: it is told as something else.
TOLD_AS = {
    ("anthropic", "filtered"): "refused",
    ("ollama", "refused"): "finished",
    ("gemini", "refused"): "finished",
}


@asynccontextmanager
async def served(**settings: Any) -> AsyncIterator[tuple[Studio, httpx.AsyncClient]]:
    studio = Studio(**{"pace": AT_ONCE, "words": 12, "hostile": 0.2, "abandoned_after_s": None, **settings})
    async with (
        serve(model_routes(studio)) as server,
        httpx.AsyncClient(trust_env=False, base_url=server.base_url, timeout=20) as client,
    ):
        yield studio, client


async def told(client: httpx.AsyncClient, dialect: str, **more: Any) -> ModelAnswer:
    """What a reader makes of the stream that comes in this dialect."""
    path, asked = DIALECTS[dialect][:2]
    answer, broken, body = ModelAnswer(), False, b""
    if dialect == "answers":
        started = await client.post(path, json={**asked, **more})
        path, method, content = f"{path}?id={started.json()['id']}", "GET", None
    else:
        method, content = "POST", {**asked, **more}
    async with client.stream(method, path, json=content) as response:
        assert response.status_code == 200, await response.aread()
        try:
            async for data in response.aiter_bytes():
                body += data
        except httpx.RemoteProtocolError:
            broken = True
    if dialect == "ollama":
        for line in body.decode().split("\n")[:-1]:
            answer.feed_line(line)
    else:
        for signal in Decoder().feed(body):
            if isinstance(signal, Event):
                answer.feed_event(signal)
    answer.close(broken=broken)
    return answer


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_was_generated_is_read(dialect: str) -> None:
    thinking, tools, short = DIALECTS[dialect][2:]

    async def main() -> None:
        async with served() as (studio, client):
            answer = await told(client, dialect)
            assert answer.text == "".join(studio.answer("What is the weather?"))
            assert (answer.ending, answer.notes, answer.reasoning) == ("finished", [], "")
            thoughtful = await told(client, dialect, **thinking)
            assert thoughtful.text == answer.text and len(thoughtful.reasoning) > 20
            assert thoughtful.ending == "finished"
            calling = await told(client, dialect, **tools)
            (call,) = calling.tool_calls
            assert call.name == "weather" and sorted(json.loads(call.arguments)) == ["city", "days"]
            assert (calling.ending, calling.text) == ("tool_calls", "")
            cut = await told(client, dialect, **short)
            assert cut.text == "".join(studio.answer("What is the weather?")[:5]) and cut.ending == "length"
            assert cut.why == ENDING_SENTENCES["length"] and studio.newest.why == cut.why

    asyncio.run(main())


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_ending_on_purpose_is_read_as_what_it_is(dialect: str) -> None:
    async def main() -> None:
        async with served() as (studio, client):
            for ending in ENDINGS_ON_PURPOSE:
                studio.trouble = Trouble(ending=ending)
                answer = await told(client, dialect)
                assert answer.ending == TOLD_AS.get((dialect, ending), ending), ending
                assert studio.newest.ending == ending
                if ending == "refused" and dialect not in ("anthropic", "ollama", "gemini"):
                    assert answer.refusal.startswith("I am sorry") and answer.text == ""
                elif ending == "refused":  # said in words, as these models do
                    assert answer.text.startswith("I am sorry")
                if ending == "tool_calls":
                    assert [call.name for call in answer.tool_calls] == ["get_weather"]
            studio.trouble = Trouble(error_after=3)
            failed = await told(client, dialect)
            assert failed.ending == "failed" and "overloaded" in failed.why
            studio.trouble = Trouble(cut_after=3)
            cut = await told(client, dialect)
            assert cut.ending == "broken" or dialect == "answers", cut.ending

    asyncio.run(main())


def test_an_error_has_three_shapes_in_the_dialect_of_openai() -> None:
    async def main() -> None:
        async with served() as (studio, client):
            for shape, sign in (("object", None), ("beside choices", '"choices"'), ("then [DONE]", "[DONE]")):
                studio.trouble = Trouble(error_after=3, error_shape=shape)  # type: ignore[arg-type]
                answer = await told(client, "openai")
                assert (answer.ending, answer.why) == ("failed", "the model says: the model is overloaded")
                path, asked = DIALECTS["openai"][:2]
                last = (await client.post(path, json=asked)).text.rstrip().split("\n\n")[-1]
                assert '"error"' in last if sign is None else sign in last

    asyncio.run(main())


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "ollama", "responses"])
def test_an_end_mark_that_is_missing_is_noticed(dialect: str) -> None:
    async def main() -> None:
        async with served(trouble=Trouble(end_mark=False)) as (_, client):
            answer = await told(client, dialect)
            if dialect in ("ollama", "responses"):  # there the end mark has the reason
                assert answer.ending == "unfinished"
            else:
                assert (answer.ending, answer.notes) == ("finished", ["the end mark is missing"])

    asyncio.run(main())


@pytest.mark.parametrize("dialect", ["openai", "gemini", "answers"])
def test_several_choices_come_by_their_index_in_one_stream(dialect: str) -> None:
    async def main() -> None:
        async with served() as (studio, client):
            more = {"generationConfig": {"candidateCount": 3}} if dialect == "gemini" else {"n": 3}
            answer = await told(client, dialect, **more)
            texts = [answer.choices[index].text for index in range(3)]
            assert len(set(texts)) == 3 and texts[0] == "".join(studio.answer("What is the weather?"))
            assert answer.ending == "finished"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/messages", {"messages": MESSAGES, "n": 2}),
        ("/api/chat", {"messages": MESSAGES, "n": 2}),
        ("/v1/responses", {"input": "x", "n": 2}),
    ],
)
def test_a_dialect_without_choices_refuses_several(path: str, body: dict[str, Any]) -> None:
    async def main() -> None:
        async with served() as (studio, client):
            refused = await client.post(path, json=body)
            assert refused.status_code == 400 and "gives one answer to a request" in refused.text
            assert not studio.generations

    asyncio.run(main())


@pytest.mark.parametrize("dialect", [dialect for dialect in DIALECTS if dialect != "answers"])
def test_a_whole_answer_says_the_same_as_its_stream(dialect: str) -> None:
    path, asked, thinking, tools, short = DIALECTS[dialect]
    path = path.replace("streamGenerateContent?alt=sse", "generateContent")

    async def main() -> None:
        async with served() as (_, client):
            for more in ({}, thinking, tools, short):
                streamed = await told(client, dialect, **more)
                whole = (await client.post(path, json={**asked, **more, "stream": False})).json()
                found = json.dumps(whole, ensure_ascii=False)
                assert json.dumps(streamed.text, ensure_ascii=False)[1:-1] in found
                assert json.dumps(streamed.reasoning, ensure_ascii=False)[1:-1] in found
                assert all(call.name in found for call in streamed.tool_calls)
                reasons = {"length": ("length", "max_tokens", "max_output_tokens", "MAX_TOKENS")}
                assert streamed.ending != "length" or any(f'"{word}"' in found for word in reasons["length"])

    asyncio.run(main())


def test_ollama_and_gemini_make_no_call_of_arguments_that_were_cut_off() -> None:
    async def main() -> None:
        async with served() as (_, client):
            for dialect, short in (("ollama", {"options": {"num_predict": 3}}), ("gemini", DIALECTS["gemini"][4])):
                answer = await told(client, dialect, **DIALECTS[dialect][3], **short)
                assert answer.tool_calls == [] and answer.ending == "length"
            openai = await told(client, "openai", **DIALECTS["openai"][3], max_tokens=3)
            assert isinstance(openai.tool_calls[0], ToolCall) and openai.ending == "length"
            with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
                json.loads(openai.tool_calls[0].arguments)

    asyncio.run(main())


#: What is said while a model thinks: a comment, Anthropic's ping, nothing.
BEATS = dict.fromkeys(DIALECTS, "comment") | {"anthropic": "ping", "ollama": ""}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_something_is_said_while_the_model_thinks(dialect: str) -> None:
    path, asked = DIALECTS[dialect][:2]

    async def main() -> None:
        clock, body = VirtualClock(), bytearray()
        pace = Pace(first_token_s=100.0, tokens_per_s=10.0, jitter=0.0)
        async with served(pace=pace, clock=clock, heartbeat_s=15.0) as (studio, client):
            if dialect == "answers":
                number = (await client.post(path, json=asked)).json()["id"]
                request = client.build_request("GET", f"{path}?id={number}")
            else:
                request = client.build_request("POST", path, json=asked)
            response = await client.send(request, stream=True)

            async def read() -> None:
                async for data in response.aiter_raw():
                    body.extend(data)

            reading = asyncio.ensure_future(read())
            await soon(lambda: studio.newest.readers == 1)
            for _ in range(11):
                await clock.advance_s(9.0)
                await asyncio.sleep(0.002)
            thinking = bytes(body)
            for _ in range(200):
                await clock.advance_s(0.1)
                await asyncio.sleep(0)
            await asyncio.wait_for(reading, 20)
            assert said(thinking, dialect) == (6 if BEATS[dialect] else 0)
            after = said(bytes(body), dialect) - said(thinking, dialect)
            assert after == (dialect == "anthropic")  # it says one behind its first block, as Anthropic does
            assert studio.newest.state == "finished"
            await response.aclose()

    def said(data: bytes, dialect: str) -> int:
        signals: list[Signal] = Decoder().feed(data)
        if BEATS[dialect] == "ping":
            return sum(isinstance(signal, Event) and signal.type == "ping" for signal in signals)
        return signals.count(Comment("keep-alive"))

    asyncio.run(main())
