"""The providers' own clients read what is no text: reasoning, tool calls, refusals, several choices, and every end."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from labkit.llm import Trouble

from .test_sdks import anthropic_client, genai, genai_client, genai_errors, openai, openai_client, served, user

pytestmark = pytest.mark.live

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
}
TOOL = {"name": "weather", "description": "The weather", "parameters": SCHEMA}
FUNCTION: Any = {"type": "function", "function": TOOL}
ASKED = "What is the weather?"


def is_a_call(name: str, arguments: Any) -> bool:
    found = json.loads(arguments) if isinstance(arguments, str) else arguments
    return name == "weather" and isinstance(found["city"], str) and isinstance(found["days"], int)


def test_openai_reads_all_parts_of_a_chat_completion() -> None:
    async def main() -> None:
        async with served(hostile=0.1) as (studio, url), openai_client(url) as client:
            chat = client.chat.completions
            async with chat.stream(model="m", messages=user(ASKED), tools=[FUNCTION]) as stream:
                choice = (await stream.get_final_completion()).choices[0]
            (call,) = choice.message.tool_calls
            assert is_a_call(call.function.name, call.function.arguments) and choice.finish_reason == "tool_calls"
            thoughts, text = "", ""
            asked: Any = {"model": "m", "messages": user(ASKED), "stream": True}
            async for chunk in await chat.create(**asked, reasoning_effort="low"):
                thoughts += getattr(chunk.choices[0].delta, "reasoning_content", None) or ""
                text += chunk.choices[0].delta.content or ""
            assert text == "".join(studio.answer(ASKED)) and thoughts
            async with chat.stream(model="m", messages=user(ASKED), n=3) as stream:
                choices = (await stream.get_final_completion()).choices
            assert len({choice.message.content for choice in choices}) == 3
            assert [(choice.index, choice.finish_reason) for choice in choices] == [
                (0, "stop"),
                (1, "stop"),
                (2, "stop"),
            ]
            with pytest.raises(openai.LengthFinishReasonError):
                async with chat.stream(model="m", messages=user(ASKED), max_tokens=3) as stream:
                    await stream.get_final_completion()
            studio.trouble = Trouble(ending="filtered")
            with pytest.raises(openai.ContentFilterFinishReasonError):
                async with chat.stream(model="m", messages=user(ASKED)) as stream:
                    await stream.get_final_completion()
            studio.trouble = Trouble(ending="refused")
            async with chat.stream(model="m", messages=user(ASKED)) as stream:
                message = (await stream.get_final_completion()).choices[0].message
            assert message.refusal.startswith("I am sorry") and not message.content
            whole = (await chat.create(model="m", messages=user(ASKED))).choices[0].message
            assert whole.refusal == message.refusal and whole.content is None

    asyncio.run(main())


def test_anthropic_reads_all_blocks_of_a_message() -> None:
    async def main() -> None:
        async with served(hostile=0.1) as (studio, url), anthropic_client(url) as client:

            async def ask(**more: Any) -> Any:
                asked = {"model": "m", "max_tokens": 999, "messages": user(ASKED), **more}
                async with client.messages.stream(**asked) as stream:
                    message = await stream.get_final_message()
                whole = await client.messages.create(**asked)
                kinds = [block.type for block in message.content]
                assert [block.type for block in whole.content] == kinds and whole.stop_reason == message.stop_reason
                return message

            tools = [{"name": "weather", "description": "d", "input_schema": SCHEMA}]
            message = await ask(tools=tools, thinking={"type": "enabled", "budget_tokens": 1024})
            thought, call = message.content
            assert (thought.type, call.type, message.stop_reason) == ("thinking", "tool_use", "tool_use")
            assert len(thought.signature) == 64 and len(thought.thinking) > 20 and is_a_call(call.name, call.input)
            results = {"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}
            history = [*user(ASKED), {"role": "assistant", "content": message.content}]
            message = await ask(tools=tools, messages=[*history, {"role": "user", "content": [results]}])
            assert [block.type for block in message.content] == ["text"] and message.stop_reason == "end_turn"
            assert (await ask(max_tokens=3)).stop_reason == "max_tokens"
            text = "".join(studio.answer(ASKED))
            stopped = await ask(stop_sequences=["never", text[20:30]])
            assert (stopped.stop_reason, stopped.stop_sequence) == ("stop_sequence", text[20:30])
            assert stopped.content[0].text == text[: text.index(text[20:30])]
            for ending, reason in (("refused", "refusal"), ("filtered", "refusal"), ("paused", "pause_turn")):
                studio.trouble = Trouble(ending=ending)  # type: ignore[arg-type]
                assert (await ask()).stop_reason == reason

    asyncio.run(main())


def test_openai_reads_all_items_of_a_response() -> None:
    async def main() -> None:
        async with served(hostile=0.1) as (studio, url), openai_client(url) as client:

            async def ask(**more: Any) -> Any:
                async with client.responses.stream(model="m", input=ASKED, **more) as stream:
                    events = [event async for event in stream]
                last = events[-1]
                whole = await client.responses.create(model="m", input=ASKED, **more)
                assert (whole.status, whole.incomplete_details) == (
                    last.response.status,
                    last.response.incomplete_details,
                )
                assert [item.type for item in whole.output] == [item.type for item in last.response.output]
                return last.response

            tool: Any = {"type": "function", "strict": False, **TOOL}
            response = await ask(tools=[tool], reasoning={"effort": "low", "summary": "auto"})
            thought, call = response.output
            assert (thought.type, call.type, response.status) == ("reasoning", "function_call", "completed")
            assert len(thought.summary[0].text) > 20 and is_a_call(call.name, call.arguments)
            assert response.usage.output_tokens_details.reasoning_tokens > 5
            cut = await ask(max_output_tokens=3)
            assert (cut.status, cut.incomplete_details.reason) == ("incomplete", "max_output_tokens")
            assert cut.output_text == "".join(studio.answer(ASKED)[:3])
            studio.trouble = Trouble(ending="filtered")
            assert (await ask()).incomplete_details.reason == "content_filter"
            studio.trouble = Trouble(ending="refused")
            refusing = await ask()
            assert refusing.output[0].content[0].refusal.startswith("I am sorry") and refusing.status == "completed"
            studio.trouble = Trouble(error_after=4)
            async with client.responses.stream(model="m", input=ASKED) as stream:
                *_, last = [event async for event in stream]
            assert (last.type, last.response.status) == ("response.failed", "failed")
            assert last.response.error.message == "the model is overloaded"

    asyncio.run(main())


def test_google_reads_all_parts_of_a_candidate() -> None:
    async def main() -> None:
        async with served(hostile=0.1) as (studio, url), genai_client(url).aio as client:

            async def ask(**config: Any) -> tuple[list[Any], Any, Any]:
                """The parts of the first candidate, the last chunk, and the whole answer."""
                chunks = [
                    chunk
                    async for chunk in await client.models.generate_content_stream(
                        model="m", contents=ASKED, config=config
                    )
                ]
                parts = [part for chunk in chunks for part in chunk.parts or []]
                return parts, chunks[-1], await client.models.generate_content(model="m", contents=ASKED, config=config)

            tools = [genai.types.Tool(function_declarations=[{"name": "weather", "parameters": SCHEMA}])]
            calling: Any = {"automatic_function_calling": {"disable": True}, "tools": tools}
            parts, last, whole = await ask(**calling, thinking_config={"include_thoughts": True})
            assert len("".join(part.text for part in parts if part.thought)) > 20
            (call,) = [part.function_call for part in parts if part.function_call]
            assert is_a_call(call.name, call.args) and whole.function_calls[0].args == call.args
            assert last.candidates[0].finish_reason == "STOP"
            parts, last, whole = await ask(max_output_tokens=3)
            assert "".join(part.text for part in parts) == whole.text == "".join(studio.answer(ASKED)[:3])
            assert last.candidates[0].finish_reason == whole.candidates[0].finish_reason == "MAX_TOKENS"
            assert last.usage_metadata.candidates_token_count == 3
            _, _, whole = await ask(candidate_count=3)
            texts = {candidate.content.parts[0].text for candidate in whole.candidates}
            assert len(texts) == 3 and whole.candidates[2].index == 2
            for ends_after, reason in ((3, "SAFETY"), (0, None)):
                studio.trouble = Trouble(ending="filtered", ends_after=ends_after)
                _, last, whole = await ask()
                for answer in (last, whole):
                    if reason:
                        assert answer.candidates[0].finish_reason == reason
                    else:
                        assert answer.prompt_feedback.block_reason == "SAFETY" and not answer.candidates
            studio.trouble = Trouble(error_after=4)
            with pytest.raises(genai_errors.APIError, match="overloaded"):
                await ask()

    asyncio.run(main())
