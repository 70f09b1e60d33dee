"""AG-UI, the events between an agent and the page that shows it.

Source: https://docs.ag-ui.com/concepts/events, and the package ag-ui-protocol 1.0, in which all fields were checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.dialects.counts import told_counts
from labkit.dialects.endings import ending_of
from labkit.dialects.json_values import as_count, as_list, as_object, as_text
from labkit.dialects.parts import EndMark, Failed, Finish, Part, Reasoning, Text, ToolCall, ToolResult

#: The types that nobody else has. Each needs the field behind it: many a job says RUN_FINISHED of itself.
_FIELDS = {
    "RUN_STARTED": "threadId", "RUN_FINISHED": "threadId", "RUN_ERROR": "message",
    "TEXT_MESSAGE_START": "messageId", "TEXT_MESSAGE_CONTENT": "messageId", "TEXT_MESSAGE_END": "messageId",
    "TOOL_CALL_START": "toolCallId", "TOOL_CALL_ARGS": "toolCallId", "TOOL_CALL_END": "toolCallId",
    "TOOL_CALL_RESULT": "toolCallId", "MESSAGES_SNAPSHOT": "messages", "REASONING_START": "messageId",
    "REASONING_MESSAGE_START": "messageId", "REASONING_MESSAGE_CONTENT": "messageId",
    "REASONING_MESSAGE_END": "messageId", "REASONING_END": "messageId", "SUBAGENT_STARTED": "subagentRunId",
    "SUBAGENT_FINISHED": "subagentRunId", "SUBAGENT_ERROR": "subagentRunId",
    # A chunk leaves out what has not changed; before 1.0 thoughts had no number.
    "TEXT_MESSAGE_CHUNK": "type", "TOOL_CALL_CHUNK": "type", "REASONING_MESSAGE_CHUNK": "type",
    "THINKING_TEXT_MESSAGE_CONTENT": "delta",
}  # fmt: skip
#: What it has too, under names that anybody may choose.
COMMON_EVENTS = frozenset({
    "STATE_SNAPSHOT", "STATE_DELTA", "ACTIVITY_SNAPSHOT", "ACTIVITY_DELTA", "STEP_STARTED", "STEP_FINISHED", "RAW",
    "CUSTOM", "REASONING_ENCRYPTED_VALUE",
})  # fmt: skip
_TEXTS = ("TEXT_MESSAGE_CONTENT", "TEXT_MESSAGE_CHUNK")
_THOUGHTS = ("REASONING_MESSAGE_CONTENT", "REASONING_MESSAGE_CHUNK", "THINKING_TEXT_MESSAGE_CONTENT")


def is_ag_ui(kind: str, value: dict[str, Any]) -> bool:
    """Whether an event of this type is surely one of AG-UI."""
    return kind in _FIELDS and _FIELDS[kind] in value


def ag_ui_parts(kind: str, value: dict[str, Any]) -> Iterator[Part]:
    """The parts in an event of this type. What a subagent says is for its agent, and no part of the answer.

    Tool calls are told apart by their ids. A call that the agent itself made has a result, and nobody waits for it.
    """
    delta, id = as_text(value.get("delta")), as_text(value.get("toolCallId"))
    inner = bool(as_text(value.get("subagentRunId")))
    if kind in _TEXTS and delta and value.get("role") in (None, "assistant"):
        yield Reasoning(delta) if inner else Text(delta)
    elif kind in _THOUGHTS and delta:
        yield Reasoning(delta)
    elif kind in ("TOOL_CALL_START", "TOOL_CALL_ARGS", "TOOL_CALL_CHUNK") and not inner:
        name = as_text(value.get("toolCallName"))
        if id or name or delta:
            yield ToolCall(0, id, name, delta)
    elif kind == "TOOL_CALL_RESULT":
        yield ToolResult(id)
    elif kind in ("RUN_FINISHED", "RUN_ERROR"):
        yield from _last_parts(kind, value)


def whole_ag_ui_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The answer in a snapshot of the conversation: what the assistant said after the last question."""
    messages = [as_object(message) for message in as_list(value.get("messages"))]
    asked = max((place for place, message in enumerate(messages) if message.get("role") == "user"), default=-1)
    for message in messages[asked + 1 :]:
        if message.get("role") == "assistant" and (text := as_text(message.get("content"))):
            yield Text(text)


def _last_parts(kind: str, value: dict[str, Any]) -> Iterator[Part]:
    usages = [as_object(usage) for usage in as_list(value.get("usage"))]  # one for each model that was called
    yield from told_counts(_sum(usages, "inputTokens"), _sum(usages, "outputTokens"))
    if kind == "RUN_ERROR":
        yield Failed(as_text(value.get("message")) or kind, as_text(value.get("code")))
    else:
        reason = as_text(as_object(value.get("outcome")).get("type")) or "success"
        yield Finish(ending_of(reason), reason)
    yield EndMark(kind)


def _sum(usages: list[dict[str, Any]], name: str) -> int | None:
    counts = [count for usage in usages if (count := as_count(usage.get(name))) is not None]
    return sum(counts) if counts else None
