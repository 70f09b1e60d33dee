"""A real model behind our servers: what it is asked, and what of its answer each dialect passes on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tornado.web import RequestHandler

from labkit.dialects import ModelAnswer, Text, ToolCall
from labkit.llm import AT_ONCE, Studio, Trouble, Upstream, model_routes
from labkit.llm.writer import CallsInOrder
from labkit.server import serve

from ..dialects.replay import Replay
from ..dialects.test_agreement import EVENTS
from .test_dialects import DIALECTS, MESSAGES, TOLD_AS, served, told

pytestmark = pytest.mark.live


async def through(dialect: str, behind: Studio, **more: Any) -> tuple[Any, Any]:
    """What a reader makes of the answer that this studio gives behind another server, and what that one has noted."""
    async with serve(model_routes(behind)) as origin:
        upstream = Upstream(origin.base_url, "any", "")
        async with served(upstream=upstream) as (studio, client):
            return await told(client, dialect, **more), studio.newest


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_part_and_every_end_passes_through(dialect: str) -> None:
    async def main() -> None:
        behind = Studio(pace=AT_ONCE, words=12, hostile=0.2, abandoned_after_s=None)
        thinking, tools, short = DIALECTS[dialect][2:]
        answer, _ = await through(dialect, behind)
        assert answer.text == "".join(behind.answer("What is the weather?")) and answer.ending == "finished"
        answer, kept = await through(dialect, behind, **tools)
        assert [call.name for call in answer.tool_calls] == ["weather"] and answer.ending == "tool_calls"
        assert sorted(json.loads(answer.tool_calls[0].arguments)) == ["city", "days"] and kept.ending == "tool_calls"
        answer, kept = await through(dialect, behind, **short)
        assert (answer.ending, kept.ending, answer.text) == (
            "length",
            "length",
            "".join(behind.answer("What is the weather?")[:5]),
        )
        answer, kept = await through(dialect, behind, **thinking)
        assert bool(answer.reasoning) == (
            dialect in ("openai", "responses") and "reasoning_effort" in kept.request.settings
        )
        assert answer.reasoning or kept.notes[0].startswith("not forwarded: reasoning")
        behind.trouble = Trouble(ending="filtered")
        answer, kept = await through(dialect, behind)
        assert kept.ending == "filtered" and answer.ending == ("refused" if dialect == "anthropic" else "filtered")
        for trouble in (Trouble(error_after=2), Trouble(ending="unfinished"), Trouble(cut_after=2)):
            behind.trouble = trouble
            answer, kept = await through(dialect, behind)
            expected = trouble.ending or ("broken" if trouble.cut_after else "failed")
            assert (kept.state, kept.ending) == ("failed", expected)
            assert answer.ending == (expected if dialect == "answers" else "failed") and kept.why

    asyncio.run(main())


OTHERS = [dialect for dialect in DIALECTS if dialect != "answers"]
#: What a dialect has no word for, beside what a model of our own does.
RELAYED_AS = {
    **TOLD_AS,
    ("openai", "refused"): "filtered",
    ("responses", "refused"): "filtered",
    ("ollama", "filtered"): "other",  # with the reason as it is
    ("gemini", "paused"): "other",
}
#: An agent that calls its tools itself says what they gave. No model's dialect has a word for that: behind our servers
#: the call looks like one that waits for its result.
CALLED_BY_THE_AGENT = {"ag-ui: a tool that the agent calls itself": "tool_calls"}


@pytest.fixture(scope="module")
def relayed() -> dict[tuple[str, str], tuple[ModelAnswer, str]]:
    """What a reader of our servers makes of each stream of the table behind them, and the ending that we noted.

    Each stream is read by /answers, and in one of the other dialects, which take turns.
    """

    async def main() -> dict[tuple[str, str], tuple[ModelAnswer, str]]:
        routes = {f"/{n}/chat/completions": (Replay, {"stream": stream}) for n, stream in enumerate(EVENTS)}
        found = {}
        async with serve(routes) as origin, served() as (studio, client):
            for n, stream in enumerate(EVENTS):
                studio.upstream = Upstream(f"{origin.base_url}/{n}", "any", "")
                for dialect in ("answers", OTHERS[n % len(OTHERS)]):
                    answer = await told(client, dialect)
                    found[stream.name, dialect] = answer, str(studio.newest.ending)
        return found

    return asyncio.run(main())


@pytest.mark.parametrize("place", range(len(EVENTS)), ids=lambda place: EVENTS[place].name)
def test_every_stream_of_the_table_passes_through(place: int, relayed: Any) -> None:
    stream = EVENTS[place]
    answer, kept = relayed[stream.name, "answers"]
    expected = CALLED_BY_THE_AGENT.get(stream.name, stream.ending)
    assert (answer.ending, kept) == (expected, stream.ending)
    assert (answer.text, answer.reasoning, answer.refusal) == (stream.text, stream.reasoning, stream.refusal)
    calls = [(name, json.loads(arguments)) for name, arguments in stream.tool_calls]
    dialect = OTHERS[place % len(OTHERS)]
    other, _ = relayed[stream.name, dialect]
    for read in (answer, other):
        assert [(call.name, json.loads(call.arguments)) for call in read.tool_calls] == calls
    if stream.ending in ("failed", "unfinished", "broken"):
        assert other.ending == "failed" and other.failure is not None
    elif not stream.choices or dialect in ("openai", "gemini"):  # the others tell of the first choice alone
        assert other.ending in (expected, RELAYED_AS.get((dialect, stream.ending)))
    assert other.reasoning == stream.reasoning or not stream.reasoning
    assert other.text in (stream.text, stream.text + stream.refusal) and other.refusal in ("", stream.refusal)


def test_mixed_tool_calls_come_one_behind_the_other_where_a_dialect_wants_it() -> None:
    order = CallsInOrder()
    pieces = [
        ToolCall(0, "a", "x", '{"n":'), ToolCall(1, "b", "y", '{"m"'), ToolCall(0, arguments="1}"),
        ToolCall(1, arguments=": 2}"), ToolCall(0, arguments=""), ToolCall(2, "c", "z", "{"), Text("!"),
    ]  # fmt: skip
    assert [order.feed(piece) for piece in pieces] == [
        [pieces[0]], [], [pieces[2]], [pieces[1], pieces[3]], [], [pieces[5]], [pieces[6]],
    ]  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
def test_tool_calls_that_come_mixed_are_read_whole(dialect: str) -> None:
    (stream,) = [stream for stream in EVENTS if stream.name == "chat: two tool calls, interleaved"]

    async def main() -> None:
        async with serve({"/v1/chat/completions": (Replay, {"stream": stream})}) as origin:
            upstream = Upstream(origin.base_url, "any", "")
            async with served(upstream=upstream) as (_, client):
                answer = await told(client, dialect)
                assert [(call.name, json.loads(call.arguments)) for call in answer.tool_calls] == [
                    (name, json.loads(arguments)) for name, arguments in stream.tool_calls
                ]
                assert answer.ending == "tool_calls"

    asyncio.run(main())


class HalfCharacters(RequestHandler):
    """Sends half a character wherever a text may stand."""

    def post(self) -> None:
        call = {"index": 0, "id": "\ud83d", "function": {"name": "\ud83d", "arguments": '{"x": "\ud83d"}'}}
        self.set_header("Content-Type", "text/event-stream")
        for delta, reason in (({"content": "\ud83d", "tool_calls": [call]}, None), ({}, "\ud83d")):
            choice = {"index": 0, "delta": delta, "finish_reason": reason}
            self.write(f"data: {json.dumps({'choices': [choice]})}\n\n")
        self.write("data: [DONE]\n\n")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_half_a_character_breaks_no_stream(dialect: str) -> None:
    async def main() -> None:
        async with serve({"/v1/chat/completions": HalfCharacters}) as origin:
            upstream = Upstream(origin.base_url, "any", "")
            async with served(upstream=upstream) as (_, client):
                answer = await told(client, dialect)
                assert answer.text == "\ufffd" and answer.ending == "other"
                assert [call.name for call in answer.tool_calls] == ["\ufffd"]

    asyncio.run(main())


def test_what_a_model_is_told_is_what_was_asked() -> None:
    async def main() -> None:
        behind = Studio(pace=AT_ONCE, words=12, abandoned_after_s=None)
        system, history = {"role": "system", "content": "Be brief."}, {"role": "assistant", "content": "Hi"}
        more = {"messages": [system, history, *MESSAGES], "stop": ["x"], "n": 2, "max_tokens": 4, "temperature": 1}
        _, kept = await through("openai", behind, **more, modalities=["text"])
        asked = behind.newest.request
        assert [turn.text for turn in asked.turns] == ["Be brief.", "Hi", MESSAGES[0]["content"]]
        assert (asked.stop, asked.choices, asked.max_tokens, asked.settings) == (("x",), 2, 4, {"temperature": 1})
        assert kept.notes == ["not forwarded: modalities"]

    asyncio.run(main())
