"""A real model behind our servers: what it is asked, and what of its answer each dialect passes on."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from labkit.llm import AT_ONCE, Studio, Trouble, Upstream, model_routes
from labkit.server import serve

from .test_dialects import DIALECTS, MESSAGES, served, told

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
