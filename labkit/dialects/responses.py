"""OpenAI's Responses.

Source: https://platform.openai.com/docs/api-reference/responses-streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.dialects.chat import content_parts
from labkit.dialects.counts import told_counts
from labkit.dialects.endings import ending_of
from labkit.dialects.failures import failure_in
from labkit.dialects.json_values import as_count, as_list, as_object, as_text
from labkit.dialects.parts import EndMark, Failed, Finish, Part, Reasoning, Refusal, Text, ToolCall

_CALLS = ("function_call", "custom_tool_call")


def responses_parts(kind: str, value: dict[str, Any]) -> Iterator[Part]:
    """The parts in an event of this type. A tool call's number is that of its item in the output."""
    delta, number = as_text(value.get("delta")), as_count(value.get("output_index")) or 0
    if kind == "response.output_item.added":
        item = as_object(value.get("item"))
        if item.get("type") in _CALLS:
            yield ToolCall(number, as_text(item.get("call_id")), as_text(item.get("name")), _arguments(item))
    elif kind in ("response.completed", "response.incomplete", "response.failed", "response.cancelled"):
        yield from _last_parts(kind, as_object(value.get("response")))
    elif not delta:
        return
    elif kind == "response.output_text.delta":
        yield Text(delta)
    elif kind in ("response.reasoning_text.delta", "response.reasoning_summary_text.delta"):
        yield Reasoning(delta)
    elif kind == "response.refusal.delta":
        yield Refusal(delta)
    elif kind in ("response.function_call_arguments.delta", "response.custom_tool_call_input.delta"):
        yield ToolCall(number, arguments=delta)


def whole_responses_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The parts of the whole output, which the last event repeats."""
    for number, item in enumerate(map(as_object, as_list(as_object(value.get("response")).get("output")))):
        if item.get("type") in _CALLS:
            yield ToolCall(number, as_text(item.get("call_id")), as_text(item.get("name")), _arguments(item))
        elif item.get("type") == "message":
            yield from content_parts(item.get("content"), 0)


def _arguments(item: dict[str, Any]) -> str:
    return as_text(item.get("arguments")) or as_text(item.get("input"))


def _last_parts(kind: str, response: dict[str, Any]) -> Iterator[Part]:
    usage = as_object(response.get("usage"))
    yield from told_counts(usage.get("input_tokens"), usage.get("output_tokens"))
    if kind == "response.failed":
        yield failure_in("", {"error": response.get("error")}) or Failed("response.failed")
    else:
        details = as_object(response.get("incomplete_details"))
        said = kind.removeprefix("response.")
        reason = as_text(details.get("reason")) or said if said == "incomplete" else said
        yield Finish(ending_of(reason), reason)
    yield EndMark(kind)
