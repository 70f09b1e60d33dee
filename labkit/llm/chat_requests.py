"""Requests of the dialects with messages: OpenAI's chat completions, Anthropic, Ollama, and the lab's own /answers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from labkit.llm.conversation import (
    MAX_CHOICES,
    MAX_STOP_CHARACTERS,
    MAX_STOP_TEXTS,
    MAX_TOOLS,
    MAX_TURNS,
    checked_turns,
    choice_of_tool,
    only_one,
    role_of,
    settings_of,
    text_of,
    tool,
)
from labkit.llm.fields import Fields, invalid
from labkit.llm.model_request import ModelRequest, Turn

#: What a request to OpenAI's chat completions may hold beside what every model is told.
OPENAI_SETTINGS = (
    "temperature", "top_p", "seed", "presence_penalty", "frequency_penalty", "logit_bias", "response_format",
    "tool_choice", "parallel_tool_calls", "reasoning_effort",
)  # fmt: skip
#: How a request says that a model is not to think.
NO_REASONING = ("none", "off", "disabled", "minimal")
#: Which fields say how the answer is to be sent, and nothing to the model.
_ENVELOPE = ("model", "stream", "stream_options", "store", "metadata", "user", "keep_alive")


def chat_request(fields: Fields) -> ModelRequest:
    """The request in the dialect of OpenAI's chat completions; `thinking` is DeepSeek's word for reasoning.

    Raises:
        RequestRefused: 400 with the field that is wrong.

    Source: https://platform.openai.com/docs/api-reference/chat/create
    """
    ignored: list[str] = []
    turns = [_turn(message, ignored) for message in fields.objects("messages", MAX_TURNS)]
    newer, older = (fields.number(name, 1) for name in ("max_completion_tokens", "max_tokens"))
    tools = tuple(_function(entry, ignored) for entry in fields.objects("tools", MAX_TOOLS))
    request = ModelRequest(
        turns=checked_turns(turns, "messages"),
        max_tokens=older if newer is None else newer,
        choices=fields.number("n", 1, MAX_CHOICES) or 1,
        stop=fields.texts("stop", MAX_STOP_TEXTS, MAX_STOP_CHARACTERS),
        tools=tuple(found for found in tools if found),
        reasoning=_wants_reasoning(fields.take("reasoning_effort"), fields.take("thinking")),
        settings=settings_of(fields, OPENAI_SETTINGS),
    )
    return _with_ignored(request, fields, ignored)


def messages_request(fields: Fields) -> ModelRequest:
    """The request in the dialect of Anthropic's messages.

    Raises:
        RequestRefused: 400 with the field that is wrong.

    Source: https://docs.anthropic.com/en/api/messages
    """
    ignored: list[str] = []
    system = text_of(fields, "system", ignored)
    turns = [Turn("system", system)] if system else []
    for message in fields.objects("messages", MAX_TURNS):
        turns += _anthropic_turns(message, ignored)
    only_one(fields, "n", "Anthropic's dialect")
    tools = []
    for entry in fields.objects("tools", MAX_TOOLS):
        if entry.text("type") in ("", "custom"):
            tools.append(tool(entry, "input_schema"))
        else:
            ignored.append(f"{entry.place('type')}: a tool of the provider's own")
    settings = settings_of(fields, ("temperature", "top_p", "top_k"))
    choice = fields.object("tool_choice")
    settings |= _tool_choice(choice.text("type"), choice.text("name"), {"any": "required", "none": "none"})
    request = ModelRequest(
        turns=checked_turns(turns, "messages"),
        max_tokens=fields.number("max_tokens", 1),
        stop=fields.texts("stop_sequences", MAX_STOP_TEXTS, MAX_STOP_CHARACTERS),
        tools=tuple(tools),
        reasoning=_wants_reasoning(None, fields.take("thinking")),
        settings=settings,
    )
    return _with_ignored(request, fields, ignored)


def ollama_request(fields: Fields) -> ModelRequest:
    """The request in the dialect of Ollama.

    Raises:
        RequestRefused: 400 with the field that is wrong.

    Source: https://github.com/ollama/ollama/blob/main/docs/api.md
    """
    ignored: list[str] = []
    turns = [_turn(message, ignored) for message in fields.objects("messages", MAX_TURNS)]
    options = fields.object("options")
    only_one(options, "n", "Ollama's dialect")
    only_one(fields, "n", "Ollama's dialect")
    most = options.number("num_predict", -2)  # -1: no end, -2: as much as the context holds
    tools = tuple(_function(entry, ignored) for entry in fields.objects("tools", MAX_TOOLS))
    request = ModelRequest(
        turns=checked_turns(turns, "messages"),
        max_tokens=most if most is not None and most > 0 else None,
        stop=options.texts("stop", MAX_STOP_TEXTS, MAX_STOP_CHARACTERS),
        tools=tuple(found for found in tools if found),
        reasoning=_wants_reasoning(fields.take("think"), None),
        settings=settings_of(options, ("temperature", "top_p", "top_k", "seed", "presence_penalty")),
    )
    return _with_ignored(request, fields, [*ignored, *options.rest])


def answer_request(fields: Fields) -> ModelRequest:
    """The request to the lab's own /answers: {"prompt": …}, or what OpenAI's chat completions take, and "system".

    Raises:
        RequestRefused: 400 with the field that is wrong.
    """
    if "prompt" in fields or "messages" not in fields:
        prompt = fields.take("prompt")
        if not isinstance(prompt, str) or not prompt.strip():
            raise invalid("the prompt is empty: write something")
        fields = Fields({**fields.value, "messages": [{"role": "user", "content": prompt}], "prompt": None})
    system = fields.text("system")
    thinks = fields.flag("reasoning")
    request = chat_request(fields)
    turns = (Turn("system", system), *request.turns) if system else request.turns
    return replace(request, turns=turns, reasoning=thinks or request.reasoning)


def _turn(message: Fields, ignored: list[str]) -> Turn:
    """A message as OpenAI's and Ollama's dialects have it."""
    role, text = role_of(message), text_of(message, "content", ignored)
    calls = tuple(_call(entry) for entry in message.objects("tool_calls", MAX_TOOLS))
    if text is None and not calls:
        raise invalid(f"{message.place('content')} is missing: the message has no text")
    return Turn(role, text or "", calls, message.text("tool_call_id"))


def _call(entry: Fields) -> dict[str, str]:
    function = entry.object("function")
    arguments = function.take("arguments")  # a JSON text to OpenAI, an object to Ollama
    written = arguments if isinstance(arguments, str) else json.dumps(arguments or {}, ensure_ascii=False)
    return {"id": entry.text("id"), "name": function.text("name"), "arguments": written}


def _function(entry: Fields, ignored: list[str]) -> Any:
    if entry.text("type") in ("", "function"):
        return tool(entry.object("function"), "parameters")
    ignored.append(f"{entry.place('type')}: a tool of the provider's own")
    return None


def _anthropic_turns(message: Fields, ignored: list[str]) -> list[Turn]:
    """The turns in one message of Anthropic's: the results of tools stand in it beside what the user says."""
    role, content = role_of(message), message.take("content")
    if not isinstance(content, list):
        return [_turn(message, ignored)]
    turns, calls, rest = [], [], []
    for block in message.objects("content"):
        if block.text("type") == "tool_result":
            result = text_of(block, "content", ignored) or ""
            turns.append(Turn("tool", result, call_id=block.text("tool_use_id")))
        elif block.text("type") == "tool_use":
            written = json.dumps(block.object("input").value, ensure_ascii=False)
            calls.append({"id": block.text("id"), "name": block.text("name"), "arguments": written})
        elif block.text("type") not in ("thinking", "redacted_thinking"):  # they come back as they were sent
            rest.append(block.value)
    text = text_of(Fields({"content": rest}, message.place("")[:-1]), "content", ignored) or ""
    if text or calls or not turns:
        turns.append(Turn(role, text, tuple(calls)))
    return turns


def _wants_reasoning(effort: object, thinking: object) -> bool:
    """Whether the model is to think: a level or true says so, and so does {"type": "enabled"} (or "adaptive")."""
    if isinstance(thinking, dict):
        thinking = thinking.get("type", "enabled")
    for wish in (effort, thinking):
        if wish is not None and not isinstance(wish, bool | str):
            raise invalid('how much a model is to think is a word, true or false, or {"type": …}')
    return any(bool(wish) and wish not in NO_REASONING for wish in (effort, thinking))


def _tool_choice(kind: str, name: str, words: dict[str, str]) -> dict[str, Any]:
    if name:
        return {"tool_choice": choice_of_tool(name)}
    return {"tool_choice": words[kind]} if kind in words else {}


def _with_ignored(request: ModelRequest, fields: Fields, ignored: list[str]) -> ModelRequest:
    rest = (name for name in fields.rest if name not in _ENVELOPE)
    return replace(request, ignored=tuple(dict.fromkeys([*ignored, *rest]))[:50])
