"""Requests of the dialects whose conversation is no list of messages: OpenAI's Responses, and Gemini's."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from labkit.llm.chat_requests import NO_REASONING
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
from labkit.llm.fields import CamelFields, Fields, invalid
from labkit.llm.model_request import ModelRequest, Turn

#: Fields that say how an answer is sent and kept, and nothing to the model.
_ENVELOPE = (
    "model", "stream", "stream_options", "background", "store", "metadata", "user", "include", "previous_response_id",
    "truncation", "text", "parallel_tool_calls", "safety_identifier", "prompt_cache_key", "service_tier",
)  # fmt: skip
_GEMINI_SETTINGS = {
    "temperature": "temperature", "topP": "top_p", "topK": "top_k", "seed": "seed",
    "presencePenalty": "presence_penalty", "frequencyPenalty": "frequency_penalty",
}  # fmt: skip


def responses_request(fields: Fields, earlier: Sequence[Turn] = ()) -> ModelRequest:
    """The request in the dialect of OpenAI's Responses. `earlier` are the turns of the response that it goes on from.

    Raises:
        RequestRefused: 400 with the field that is wrong.

    Source: https://platform.openai.com/docs/api-reference/responses/create
    """
    ignored: list[str] = []
    instructions = fields.text("instructions")
    turns = [Turn("system", instructions)] if instructions else []
    turns += [turn for turn in earlier if turn.role != "system"]
    if isinstance(fields.take("input"), str):
        turns.append(Turn("user", fields.text("input")))
    else:
        turns += [turn for item in fields.objects("input", MAX_TURNS) for turn in _item_turns(item, ignored)]
    only_one(fields, "n", "The dialect of Responses")
    if "stop" in fields:
        raise invalid("Responses knows no stop texts: leave out stop, or ask /v1/chat/completions")
    tools = []
    for entry in fields.objects("tools", MAX_TOOLS):
        if entry.text("type") == "function":
            tools.append(tool(entry, "parameters"))
        else:
            ignored.append(f"{entry.place('type')}: a tool of the provider's own")
    reasoning = fields.object("reasoning")
    effort = reasoning.text("effort", 40)
    request = ModelRequest(
        turns=checked_turns(turns, "input"),
        max_tokens=fields.number("max_output_tokens", 1),
        tools=tuple(tools),
        reasoning=effort not in NO_REASONING and bool(effort or reasoning.text("summary", 40)),
        settings=settings_of(fields, ("temperature", "top_p", "seed", "parallel_tool_calls"))
        | _responses_choice(fields)
        | ({"reasoning_effort": effort} if effort else {}),
    )
    return _with_ignored(request, [*ignored, *fields.rest])


def gemini_request(fields: Fields) -> ModelRequest:
    """The request in the dialect of Gemini.

    Raises:
        RequestRefused: 400 with the field that is wrong.

    Source: https://ai.google.dev/api/generate-content
    """
    ignored: list[str] = []
    fields = CamelFields(fields.value)  # its own package writes some names in one way, and some in the other
    system_text = text_of(fields.object("systemInstruction"), "parts", ignored) or ""
    turns = [Turn("system", system_text)] if system_text else []
    for content in fields.objects("contents", MAX_TURNS):
        turns += _gemini_turns(content, ignored)
    config = fields.object("generationConfig")
    thinking = config.object("thinkingConfig")
    tools = [tool(entry, _schema_name(entry)) for entry in _declarations(fields, ignored)]
    calling = fields.object("toolConfig").object("functionCallingConfig")
    words = {"ANY": "required", "NONE": "none"}
    mode = calling.text("mode")
    only = calling.texts("allowedFunctionNames", MAX_TOOLS, 200)
    choice = choice_of_tool(only[0]) if only else words.get(mode)
    request = ModelRequest(
        turns=checked_turns(turns, "contents"),
        max_tokens=config.number("maxOutputTokens", 1),
        choices=config.number("candidateCount", 1, MAX_CHOICES) or 1,
        stop=config.texts("stopSequences", MAX_STOP_TEXTS, MAX_STOP_CHARACTERS),
        tools=tuple(tools),
        reasoning=thinking.flag("includeThoughts"),
        settings=settings_of(config, _GEMINI_SETTINGS) | ({"tool_choice": choice} if choice else {}),
    )
    return _with_ignored(request, [*ignored, *config.rest, *fields.rest])


def _item_turns(item: Fields, ignored: list[str]) -> list[Turn]:
    """The turns in one item of Responses' input: a message, a tool call, or its result."""
    kind = item.text("type") or "message"
    if kind == "message":
        text = text_of(item, "content", ignored)
        if text is None:
            raise invalid(f"{item.place('content')} is missing: the message has no text")
        return [Turn(role_of(item), text)]
    if kind == "function_call":
        call = {"id": item.text("call_id"), "name": item.text("name"), "arguments": item.text("arguments")}
        return [Turn("assistant", "", (call,))]
    if kind == "function_call_output":
        return [Turn("tool", text_of(item, "output", ignored) or "", call_id=item.text("call_id"))]
    if kind != "reasoning":  # that comes back as it was sent
        ignored.append(f"{item.place('type')}: {kind[:40]}")
    return []


def _responses_choice(fields: Fields) -> dict[str, Any]:
    choice = fields.take("tool_choice")
    if isinstance(choice, dict):
        choice = choice_of_tool(Fields(choice, "tool_choice").text("name", 200))
    elif choice is not None and not isinstance(choice, str):
        raise invalid("tool_choice is a word, or an object that names a tool")
    return {"tool_choice": choice} if choice and choice != "auto" else {}


def _gemini_turns(content: Fields, ignored: list[str]) -> list[Turn]:
    """The turns in one content of Gemini's: results of functions stand among its parts."""
    turns, calls, rest = [], [], []
    for part in content.objects("parts"):
        if "functionResponse" in part:
            response = part.object("functionResponse")
            written = json.dumps(response.object("response").value, ensure_ascii=False)
            turns.append(Turn("tool", written, call_id=response.text("id") or response.text("name")))
        elif "functionCall" in part:
            call = part.object("functionCall")
            written = json.dumps(call.object("args").value, ensure_ascii=False)
            calls.append({"id": call.text("id"), "name": call.text("name"), "arguments": written})
        elif not part.take("thought"):  # it comes back as it was sent
            rest.append(part.value)
    role = role_of(content, default="user")
    text = text_of(Fields({"parts": rest}, content.place("")[:-1]), "parts", ignored) or ""
    if text or calls or not turns:
        turns.append(Turn(role, text, tuple(calls)))
    return turns


def _declarations(fields: Fields, ignored: list[str]) -> list[Fields]:
    found: list[Fields] = []
    for entry in fields.objects("tools", MAX_TOOLS):
        found += entry.objects("functionDeclarations", MAX_TOOLS)
        ignored += [f"{name}: a tool of the provider's own" for name in entry.rest]
    if len(found) > MAX_TOOLS:
        raise invalid(f"tools has {len(found):,} functions; at most {MAX_TOOLS} are taken")
    return found


def _schema_name(entry: Fields) -> str:
    return "parametersJsonSchema" if "parametersJsonSchema" in entry else "parameters"


def _with_ignored(request: ModelRequest, names: Sequence[str]) -> ModelRequest:
    return replace(request, ignored=tuple(dict.fromkeys(name for name in names if name not in _ENVELOPE))[:50])
