"""Anthropic's messages.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.dialects.counts import told_counts
from labkit.dialects.endings import ending_of
from labkit.dialects.json_values import as_count, as_json, as_object, as_text
from labkit.dialects.parts import EndMark, Finish, Part, Reasoning, Text, ToolCall

MESSAGE_EVENTS = frozenset({
    "message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta",
    "message_stop",
})  # fmt: skip


def anthropic_parts(kind: str, value: dict[str, Any]) -> Iterator[Part]:
    """The parts in an event of this type. A tool call's number is that of its content block.

    A tool that the provider calls itself (server_tool_use) is none that anybody waits for: its pieces have no name.
    """
    if kind == "message_start":
        usage = as_object(as_object(value.get("message")).get("usage"))
        yield from told_counts(usage.get("input_tokens"), usage.get("output_tokens"))
    elif kind == "content_block_start":
        yield from _opening_parts(as_count(value.get("index")) or 0, as_object(value.get("content_block")))
    elif kind == "content_block_delta":
        yield from _delta_parts(as_count(value.get("index")) or 0, as_object(value.get("delta")))
    elif kind == "message_delta":
        usage = as_object(value.get("usage"))
        yield from told_counts(usage.get("input_tokens"), usage.get("output_tokens"))
        if reason := as_text(as_object(value.get("delta")).get("stop_reason")):
            yield Finish(ending_of(reason), reason)
    elif kind == "message_stop":
        yield EndMark(kind)


def _opening_parts(number: int, block: dict[str, Any]) -> Iterator[Part]:
    kind = as_text(block.get("type"))
    if text := as_text(block.get("text")):
        yield Text(text)
    if thought := as_text(block.get("thinking")):
        yield Reasoning(thought)
    if kind == "tool_use":
        given = block.get("input") or None  # {} stands for what comes in pieces
        yield ToolCall(number, as_text(block.get("id")), as_text(block.get("name")), as_json(given))


def _delta_parts(number: int, delta: dict[str, Any]) -> Iterator[Part]:
    if text := as_text(delta.get("text")):
        yield Text(text)
    if thought := as_text(delta.get("thinking")):
        yield Reasoning(thought)
    if arguments := as_text(delta.get("partial_json")):
        yield ToolCall(number, arguments=arguments)
