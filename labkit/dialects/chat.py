"""OpenAI's chat completions and completions, as their many relatives speak them too.

Source: https://developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events;
for `reasoning_content` DeepSeek's reference, for `reasoning` OpenRouter's, for content in parts Mistral's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.dialects.counts import told_counts
from labkit.dialects.endings import ending_of
from labkit.dialects.json_values import as_count, as_json, as_list, as_object, as_text
from labkit.dialects.parts import Failed, Finish, Oddity, Part, Reasoning, Refusal, Text, ToolCall

_NO_REASON = ("", "null", "none")  # what some servers say as long as there is none


def chat_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The parts in a chunk: of each choice its reasoning, text, refusal, tool calls and reason; then token counts."""
    yield from _choices(value, "delta")
    yield from _counts(value)


def whole_chat_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The parts of whole messages, which a chunk holds where a server sends its answer at once, or once more."""
    for index, choice in _objects(value):
        if not isinstance(choice.get("delta"), dict):
            yield from _message_parts(as_object(choice.get("message")), index)


def _objects(value: dict[str, Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    for position, choice in enumerate(as_list(value.get("choices"))):
        if isinstance(choice, dict):
            index = as_count(choice.get("index"))
            yield position if index is None else index, choice


def _choices(value: dict[str, Any], name: str) -> Iterator[Part]:
    choices = value.get("choices")
    if choices is not None and not (isinstance(choices, list) and all(isinstance(one, dict) for one in choices)):
        yield Oddity(str(choices)[:60], "choices that are no objects")
    for index, choice in _objects(value):
        delta = choice.get(name)
        if delta is not None and not isinstance(delta, dict):
            yield Oddity(str(delta)[:60], f"a {name} that is no object")
        yield from _message_parts(as_object(delta), index)
        if text := as_text(choice.get("text")):  # completions have no delta
            yield Text(text, index)
        if choice.get("error"):
            error = choice["error"]
            yield Failed(as_text(as_object(error).get("message")) or str(error)[:200])
        reason = as_text(choice.get("finish_reason"))
        if reason.lower() not in _NO_REASON:
            yield Finish(ending_of(reason), reason, index)


def _message_parts(message: dict[str, Any], index: int) -> Iterator[Part]:
    if reasoning := _reasoning(message):
        yield Reasoning(reasoning, index)
    yield from content_parts(message.get("content"), index)
    if refusal := as_text(message.get("refusal")):
        yield Refusal(refusal, index)
    for position, call in enumerate(as_list(message.get("tool_calls"))):
        yield from _tool_call(as_object(call), position, index)
    if isinstance(message.get("function_call"), dict):  # its name before there were several
        yield from _tool_call({"function": message["function_call"]}, 0, index)


def content_parts(content: object, index: int) -> Iterator[Part]:
    """The parts in a content, which is a text, or a list of parts where some are thoughts."""
    if isinstance(content, str):
        if content:
            yield Text(content, index)
        return
    for part in as_list(content):
        entry = {"text": part} if isinstance(part, str) else as_object(part)
        if text := as_text(entry.get("text")):
            yield Text(text, index)
        if refusal := as_text(entry.get("refusal")):
            yield Refusal(refusal, index)
        thinking = entry.get("thinking")
        thought = as_text(thinking) or "".join(as_text(as_object(one).get("text")) for one in as_list(thinking))
        if thought:
            yield Reasoning(thought, index)


def _reasoning(message: dict[str, Any]) -> str:
    # The same text under two names comes from servers that change from one to the other.
    for name in ("reasoning_content", "reasoning"):
        if text := as_text(message.get(name)):
            return text
    details = [as_object(detail) for detail in as_list(message.get("reasoning_details"))]
    return "".join(as_text(detail.get("text")) or as_text(detail.get("summary")) for detail in details)


def _tool_call(call: dict[str, Any], position: int, choice: int) -> Iterator[ToolCall]:
    function, number = as_object(call.get("function")), as_count(call.get("index"))
    name, arguments = as_text(function.get("name")), as_json(function.get("arguments"))
    id = as_text(call.get("id"))
    if id or name or arguments:
        yield ToolCall(position if number is None else number, id, name, arguments, choice)


def _counts(value: dict[str, Any]) -> Iterator[Part]:
    groq = as_object(value.get("x_groq"))
    if error := as_text(groq.get("error")):  # "why a stream was stopped early", says its reference
        yield Failed(error)
    usage = as_object(value.get("usage")) or as_object(groq.get("usage"))
    yield from told_counts(usage.get("prompt_tokens"), usage.get("completion_tokens"))
