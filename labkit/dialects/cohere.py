"""Cohere's chat, version 2.

Source: https://docs.cohere.com/v2/docs/streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.dialects.chat import content_parts
from labkit.dialects.counts import told_counts
from labkit.dialects.endings import ending_of
from labkit.dialects.json_values import as_count, as_list, as_object, as_text
from labkit.dialects.parts import EndMark, Failed, Finish, Part, Reasoning, ToolCall

COHERE_EVENTS = frozenset({
    "message-start", "content-start", "content-delta", "content-end", "tool-plan-delta", "tool-call-start",
    "tool-call-delta", "tool-call-end", "citation-start", "citation-end", "message-end",
})  # fmt: skip


def cohere_parts(kind: str, value: dict[str, Any]) -> Iterator[Part]:
    """The parts in an event of this type."""
    delta = as_object(value.get("delta"))
    message = as_object(delta.get("message"))
    if kind in ("content-start", "content-delta"):
        yield from content_parts([message.get("content")], 0)
    elif kind == "tool-plan-delta" and (plan := as_text(message.get("tool_plan"))):
        yield Reasoning(plan)
    elif kind in ("tool-call-start", "tool-call-delta"):
        calls = message.get("tool_calls")
        call = as_object(calls if isinstance(calls, dict) else next(iter(as_list(calls)), None))
        function, number = as_object(call.get("function")), as_count(value.get("index")) or 0
        name, arguments = as_text(function.get("name")), as_text(function.get("arguments"))
        yield ToolCall(number, as_text(call.get("id")), name, arguments)
    elif kind == "message-end":
        yield from _last_parts(delta)
        yield EndMark(kind)


def _last_parts(delta: dict[str, Any]) -> Iterator[Part]:
    tokens = as_object(as_object(delta.get("usage")).get("tokens"))
    yield from told_counts(tokens.get("input_tokens"), tokens.get("output_tokens"))
    if error := as_text(delta.get("error")):
        yield Failed(error)
    if reason := as_text(delta.get("finish_reason")):
        yield Finish(ending_of(reason), reason)
