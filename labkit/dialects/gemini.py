"""Gemini's streamGenerateContent with alt=sse. It has no end mark: the last event has a finishReason.

Source: https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.dialects.counts import told_counts
from labkit.dialects.endings import ending_of
from labkit.dialects.json_values import as_count, as_json, as_list, as_object, as_text
from labkit.dialects.parts import Finish, Part, Reasoning, Text, ToolCall


def gemini_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The parts in a chunk. A function call comes whole; a blocked question has no candidate at all."""
    for position, candidate in enumerate(map(as_object, as_list(value.get("candidates")))):
        given = as_count(candidate.get("index"))
        index = position if given is None else given
        for number, part in enumerate(as_list(as_object(candidate.get("content")).get("parts"))):
            yield from _content_parts(as_object(part), number, index)
        if reason := as_text(candidate.get("finishReason")):
            yield Finish(ending_of(reason), reason, index)
    if reason := as_text(as_object(value.get("promptFeedback")).get("blockReason")):
        yield Finish("filtered", reason)
    usage = as_object(value.get("usageMetadata"))
    answer = [as_count(usage.get(name)) for name in ("candidatesTokenCount", "thoughtsTokenCount")]
    counts = [count for count in answer if count is not None]
    yield from told_counts(usage.get("promptTokenCount"), sum(counts) if counts else None)


def _content_parts(part: dict[str, Any], number: int, index: int) -> Iterator[Part]:
    if text := as_text(part.get("text")):
        yield Reasoning(text, index) if part.get("thought") else Text(text, index)
    call = as_object(part.get("functionCall"))
    if name := as_text(call.get("name")):
        yield ToolCall(number, as_text(call.get("id")), name, as_json(call.get("args", {})), index)
