"""A request in each dialect says the same to the model, and what it must not hold is told in a sentence."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labkit.llm.chat_requests import answer_request, chat_request, messages_request, ollama_request
from labkit.llm.fields import Fields, RequestRefused
from labkit.llm.item_requests import gemini_request, responses_request
from labkit.llm.model_request import ModelRequest, Turn

Reader = Callable[[Fields], ModelRequest]

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"name": "weather", "description": "d", "parameters": SCHEMA}
FUNCTION = {"type": "function", "function": TOOL}
CALL = {"id": "c1", "name": "weather", "arguments": '{"city": "Rome"}'}
TURNS = (
    Turn("system", "Be brief."),
    Turn("user", "Hello"),
    Turn("assistant", "Hi"),
    Turn("user", "Weather?"),
    Turn("assistant", "", (CALL,)),
    Turn("tool", "sunny", (), "c1"),
)

SAME: dict[str, tuple[Reader, dict[str, Any]]] = {
    "openai": (
        chat_request,
        {
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]},
                {"role": "assistant", "content": "Hi"},
                {"role": "user", "content": "Weather?"},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {"id": "c1", "type": "function", "function": {k: CALL[k] for k in ("name", "arguments")}}
                    ],
                },
                {"role": "tool", "tool_call_id": "c1", "content": "sunny"},
            ],
            "max_completion_tokens": 9,
            "stop": "END",
            "tools": [FUNCTION],
            "reasoning_effort": "low",
            "temperature": 0.5,
        },
    ),
    "anthropic": (
        messages_request,
        {
            "system": [{"type": "text", "text": "Be brief."}],
            "messages": [
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": [{"type": "text", "text": "Hi"}]},
                {"role": "user", "content": "Weather?"},
                {
                    "role": "assistant",
                    "content": [
                        {"type": "thinking", "thinking": "so", "signature": "x"},
                        {"type": "tool_use", "id": "c1", "name": "weather", "input": {"city": "Rome"}},
                    ],
                },
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "sunny"}]},
            ],
            "max_tokens": 9,
            "stop_sequences": ["END"],
            "tools": [{"name": "weather", "description": "d", "input_schema": SCHEMA}],
            "thinking": {"type": "enabled", "budget_tokens": 2000},
            "temperature": 0.5,
        },
    ),
    "ollama": (
        ollama_request,
        {
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hello"},
                {"role": "assistant", "content": "Hi"},
                {"role": "user", "content": "Weather?"},
                {
                    "role": "assistant",
                    "tool_calls": [{"id": "c1", "function": {"name": "weather", "arguments": {"city": "Rome"}}}],
                },
                {"role": "tool", "content": "sunny", "tool_call_id": "c1"},
            ],
            "options": {"num_predict": 9, "stop": ["END"], "temperature": 0.5},
            "tools": [FUNCTION],
            "think": True,
        },
    ),
    "responses": (
        responses_request,
        {
            "instructions": "Be brief.",
            "input": [
                {"role": "user", "content": [{"type": "input_text", "text": "Hello"}]},
                {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Hi"}]},
                {"role": "user", "content": "Weather?"},
                {"type": "reasoning", "summary": []},
                {
                    "type": "function_call",
                    "call_id": "c1",
                    "name": "weather",
                    "arguments": CALL["arguments"],
                },
                {"type": "function_call_output", "call_id": "c1", "output": "sunny"},
            ],
            "max_output_tokens": 9,
            "tools": [{"type": "function", **TOOL}],
            "reasoning": {"effort": "low", "summary": "auto"},
            "temperature": 0.5,
        },
    ),
    "gemini": (
        gemini_request,
        {
            "systemInstruction": {"parts": [{"text": "Be brief."}]},
            "contents": [
                {"role": "user", "parts": [{"text": "Hello"}]},
                {"role": "model", "parts": [{"text": "Hi"}]},
                {"parts": [{"text": "Weather?"}]},
                {
                    "role": "model",
                    "parts": [
                        {"text": "so", "thought": True},
                        {"functionCall": {"id": "c1", "name": "weather", "args": {"city": "Rome"}}},
                    ],
                },
                {
                    "role": "user",
                    "parts": [{"functionResponse": {"id": "c1", "name": "weather", "response": {"output": "sunny"}}}],
                },
            ],
            "generationConfig": {
                "maxOutputTokens": 9,
                "stopSequences": ["END"],
                "thinkingConfig": {"includeThoughts": True},
                "temperature": 0.5,
            },
            "tools": [{"functionDeclarations": [TOOL]}],
        },
    ),
}


@pytest.mark.parametrize("dialect", SAME)
def test_every_dialect_says_the_same(dialect: str) -> None:
    read, body = SAME[dialect]
    asked = read(Fields(body))
    expected = TURNS if dialect != "gemini" else (*TURNS[:-1], Turn("tool", '{"output": "sunny"}', (), "c1"))
    assert asked.turns == expected
    assert asked.max_tokens == 9 and asked.choices == 1 and asked.reasoning
    assert asked.stop == (() if dialect == "responses" else ("END",))
    assert asked.tools == (TOOL,) and asked.settings["temperature"] == 0.5 and asked.ignored == ()


def test_gemini_takes_its_names_in_both_ways() -> None:
    body = {
        "system_instruction": {"parts": [{"text": "Be brief."}]}, "contents": CONTENT["contents"],
        "generation_config": {"max_output_tokens": 9, "thinkingConfig": {"include_thoughts": True}},
        "tools": [{"function_declarations": [{"name": "weather", "parameters_json_schema": SCHEMA}]}],
    }  # fmt: skip
    asked = gemini_request(Fields(body))
    assert asked.turns == (TURNS[0], Turn("user", "x")) and (asked.max_tokens, asked.reasoning) == (9, True)
    assert asked.tools[0]["parameters"] == SCHEMA and asked.ignored == ()


def test_answers_take_a_prompt_or_a_conversation() -> None:
    assert answer_request(Fields({"prompt": "Hello"})) == ModelRequest((Turn("user", "Hello"),))
    body = {
        "messages": [{"role": "user", "content": "Hello"}], "system": "Be brief.", "max_tokens": 3, "n": 2,
        "stop": ["a", "b"], "tools": [FUNCTION], "reasoning": True,
    }  # fmt: skip
    asked = answer_request(Fields(body))
    assert asked.turns == TURNS[:2] and (asked.max_tokens, asked.choices) == (3, 2)
    assert (asked.stop, asked.tools, asked.reasoning) == (("a", "b"), (TOOL,), True)


USER: dict[str, Any] = {"messages": [{"role": "user", "content": "x"}]}
ITEM: dict[str, Any] = {"input": "x"}
CONTENT: dict[str, Any] = {"contents": [{"parts": [{"text": "x"}]}]}


@pytest.mark.parametrize(
    ("read", "body", "sentence"),
    [
        (chat_request, {}, "messages is missing"),
        (chat_request, {"messages": "x"}, "messages has to be a list, and is a text"),
        (chat_request, {"messages": [{"role": "king", "content": "x"}]}, "messages[0].role is 'king'"),
        (chat_request, {"messages": [{"role": "user"}]}, "the message has no text"),
        (chat_request, {"messages": [{"role": "user", "content": ""}]}, "has no text"),
        (chat_request, {"messages": [{"role": "user", "content": [7]}]}, "holds a number where a part"),
        (chat_request, {"messages": [{"role": "user", "content": [{"text": 7}]}]}, "whose text is a number"),
        (chat_request, {**USER, "max_tokens": "7"}, "max_tokens has to be a whole number of 1 or more, and is a text"),
        (chat_request, {**USER, "max_tokens": 0}, "max_tokens has to be a whole number of 1 or more"),
        (chat_request, {**USER, "max_tokens": True}, "and is true or false"),
        (chat_request, {**USER, "max_completion_tokens": 1.5}, "max_completion_tokens has to be a whole number"),
        (chat_request, {**USER, "n": 9}, "n has to be a whole number from 1 to 8"),
        (chat_request, {**USER, "stop": 7}, "stop has to be a text, or a list of texts"),
        (chat_request, {**USER, "stop": ["", "x"]}, "texts that are not empty"),
        (chat_request, {**USER, "stop": ["x"] * 17}, "at most 16 texts"),
        (chat_request, {**USER, "stop": "x" * 1001}, "1,000 characters"),
        (chat_request, {**USER, "tools": [{"type": "function"}]}, "tools[0].function.name is missing"),
        (chat_request, {**USER, "tools": [{"function": {"name": "x" * 129}}]}, "at most 128 are taken"),
        (chat_request, {**USER, "tools": [{"function": {"name": "x", "parameters": []}}]}, "has to be an object"),
        (chat_request, {**USER, "tools": [FUNCTION] * 129}, "at most 128 are taken"),
        (chat_request, {**USER, "reasoning_effort": 7}, "how much a model is to think"),
        (messages_request, {**USER, "n": 2}, "Anthropic's dialect gives one answer to a request: n has to be 1"),
        (messages_request, {**USER, "system": 7}, "system is no text, but a number"),
        (messages_request, {**USER, "thinking": {"type": 7}}, "how much a model is to think"),
        (ollama_request, {**USER, "options": {"n": 2}}, "Ollama's dialect gives one answer"),
        (ollama_request, {**USER, "options": []}, "options has to be an object, and is a list"),
        (ollama_request, {**USER, "options": {"num_predict": -3}}, "options.num_predict has to be a whole number"),
        (responses_request, {}, "input is missing"),
        (responses_request, {"input": 7}, "input has to be a list, and is a number"),
        (responses_request, {**ITEM, "n": 2}, "Responses gives one answer"),
        (responses_request, {**ITEM, "stop": ["x"]}, "Responses knows no stop texts"),
        (responses_request, {**ITEM, "tool_choice": 7}, "tool_choice is a word"),
        (responses_request, {"input": [{"type": "function_call", "name": 7}]}, "input[0].name is no text"),
        (gemini_request, {**CONTENT, "generationConfig": {"candidateCount": 9}}, "from 1 to 8"),
        (gemini_request, {"contents": [{"parts": "x"}]}, "contents[0].parts has to be a list"),
        (gemini_request, {**CONTENT, "systemInstruction": "x"}, "systemInstruction has to be an object"),
        (answer_request, {"prompt": " "}, "write something"),
        (answer_request, {"messages": USER["messages"], "reasoning": "yes"}, "reasoning has to be true or false"),
    ],
)  # fmt: skip
def test_what_a_request_must_not_hold_is_told(read: Reader, body: dict[str, Any], sentence: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        read(Fields(body))
    assert refused.value.status == 400 and sentence in refused.value.message
    assert len(refused.value.message) < 300


def test_what_is_not_understood_is_listed_by_its_name() -> None:
    image = {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {}}]}
    asked = chat_request(Fields({"messages": [image], "logprobs": True, "web": {}, "tools": [{"type": "web_search"}]}))
    told = ("messages[0].content: image_url", "tools[0].type: a tool of the provider's own", "logprobs")
    assert asked.ignored == told and asked.tools == ()
    num_ctx = ollama_request(Fields({**USER, "options": {"num_ctx": 4096, "num_predict": -1}}))
    assert num_ctx.ignored == ("options.num_ctx",) and num_ctx.max_tokens is None


def test_where_a_model_is_told_not_to_think_it_does_not() -> None:
    for read, body in (
        (chat_request, {**USER, "reasoning_effort": "none"}),
        (chat_request, {**USER, "thinking": {"type": "disabled"}}),
        (messages_request, {**USER, "thinking": {"type": "disabled"}}),
        (ollama_request, {**USER, "think": False}),
        (responses_request, {**ITEM, "reasoning": {"effort": "none", "summary": "auto"}}),
        (gemini_request, {**CONTENT, "generationConfig": {"thinkingConfig": {"thinkingBudget": 9}}}),
    ):
        assert not read(Fields(body)).reasoning, body
    assert messages_request(Fields({**USER, "thinking": {"type": "adaptive"}})).reasoning


NAMES = [
    "messages", "role", "content", "text", "type", "tools", "function", "name", "parameters", "stop", "n", "max_tokens",
    "options", "num_predict", "input", "contents", "parts", "functionCall", "functionResponse", "args", "system",
    "tool_calls", "reasoning", "thinking", "think", "generationConfig", "tool_choice", "toolConfig", "prompt", "call_id",
    "systemInstruction", "functionDeclarations", "output", "summary", "effort",
]  # fmt: skip
WORDS = ["user", "assistant", "tool", "function", "x", "", "tool_use", "tool_result", "function_call_output", "message"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(NAMES), JSON, max_size=6))
def test_whatever_is_sent_is_read_or_refused(body: dict[str, Any]) -> None:
    valid = {**USER, **ITEM, **CONTENT}
    for read, _ in SAME.values():
        for sent in (body, {**valid, **body}, {"messages": [body], "input": [body], "contents": [body]}):
            try:
                asked = read(Fields(sent))
            except RequestRefused as refused:
                assert refused.status == 400 and len(refused.message) < 400
            else:
                assert asked.turns and asked.choices >= 1
