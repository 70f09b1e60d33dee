"""Ollama's own chat and generate: lines of JSON, or the same objects as events where something made events of them.

Source: https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.dialects.counts import told_counts
from labkit.dialects.endings import ending_of
from labkit.dialects.json_values import as_json, as_list, as_object, as_text
from labkit.dialects.parts import EndMark, Finish, Part, Reasoning, Text, ToolCall


def ollama_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The parts in an object. A tool call comes whole."""
    message = as_object(value.get("message"))
    if thought := as_text(message.get("thinking")) or as_text(value.get("thinking")):
        yield Reasoning(thought)
    if text := as_text(message.get("content")) or as_text(value.get("response")):
        yield Text(text)
    for number, call in enumerate(as_list(message.get("tool_calls"))):
        function = as_object(as_object(call).get("function"))
        if name := as_text(function.get("name")):
            id = as_text(as_object(call).get("id"))
            yield ToolCall(number, id, name, as_json(function.get("arguments", {})))
    if value.get("done") is True:
        yield from told_counts(value.get("prompt_eval_count"), value.get("eval_count"))
        if reason := as_text(value.get("done_reason")):  # old versions tell none
            yield Finish(ending_of(reason), reason)
        yield EndMark('"done": true')
