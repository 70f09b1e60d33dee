"""Dify's answers: of chats, agents and workflows. The type stands in the JSON, as `event`.

Source: https://docs.dify.ai/en/api-reference/guides/streaming, and api/core/app/entities/task_entities.py of
langgenius/dify.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from labkit.dialects.counts import told_counts
from labkit.dialects.endings import ending_of
from labkit.dialects.json_values import as_object, as_text
from labkit.dialects.parts import EndMark, Failed, Finish, Part, Text

DIFY_EVENTS = frozenset({
    "message", "agent_message", "agent_thought", "message_end", "message_file", "message_replace", "error",
    "tts_message", "tts_message_end", "workflow_started", "workflow_finished", "workflow_paused", "node_started",
    "node_finished", "node_retry", "iteration_started", "iteration_next", "iteration_completed", "loop_started",
    "loop_next", "loop_completed", "text_chunk", "text_replace", "agent_log", "human_input_required",
})  # fmt: skip
_OWN_FIELDS = ("task_id", "message_id", "workflow_run_id", "conversation_id")


def is_dify(value: dict[str, Any]) -> bool:
    """Whether an event is surely Dify's: one of its types, and one of its numbers."""
    return as_text(value.get("event")) in DIFY_EVENTS and any(as_text(value.get(name)) for name in _OWN_FIELDS)


def dify_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The parts in an event. Its agents call their tools themselves, and repeat as a thought what they have said."""
    kind, data = as_text(value.get("event")), as_object(value.get("data"))
    if kind in ("message", "agent_message", "text_chunk"):
        if text := as_text(data.get("text") if kind == "text_chunk" else value.get("answer")):
            yield Text(text)
    elif kind in ("message_replace", "text_replace"):  # moderation puts a sentence of its own in the answer's place
        yield Finish("filtered", kind)
    elif kind == "message_end":
        usage = as_object(as_object(value.get("metadata")).get("usage"))
        yield from told_counts(usage.get("prompt_tokens"), usage.get("completion_tokens"))
        yield Finish("finished", kind)
        yield EndMark(kind)
    elif kind == "workflow_paused":
        yield Finish("paused", kind)
        yield EndMark(kind)
    elif kind == "workflow_finished":
        yield from _workflow_end(value, data)
    elif kind == "error":
        message, code = as_text(value.get("message")), as_text(value.get("code"))
        yield Failed(message or code or kind, code if message else "")


def whole_dify_parts(value: dict[str, Any]) -> Iterator[Part]:
    """The answer of a workflow that streamed none of it: the one text among its outputs."""
    if value.get("event") == "workflow_finished":
        outputs = as_object(as_object(value.get("data")).get("outputs"))
        texts = [text for text in outputs.values() if isinstance(text, str) and text]
        if len(texts) == 1:
            yield Text(texts[0])


def _workflow_end(value: dict[str, Any], data: dict[str, Any]) -> Iterator[Part]:
    status = as_text(data.get("status"))
    if status == "failed":
        yield Failed(as_text(data.get("error")) or status, status)
    elif status:
        yield Finish(ending_of(status), status)
    if not as_text(value.get("message_id")):  # in a chat the answer may come behind it, and message_end does
        yield EndMark("workflow_finished")
