"""Findings about streams of language models, and how such streams are recognised."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from labkit.dialects import DONE, Ending, EndMark, Failed, ModelAnswer, dialect_of, object_in, read_event
from labkit.doctor.diagnosis import Finding
from labkit.errors import counted
from labkit.recording import Recording
from labkit.wire import Event

#: The causes behind the endings. An answer that waits for a tool, that paused or that its reader stopped is healthy.
_CAUSES: dict[Ending, str] = {
    "failed": "llm-error", "unfinished": "llm-unfinished", "broken": "llm-unfinished", "filtered": "llm-filtered",
    "refused": "llm-refused", "length": "llm-length", "other": "llm-other-end",
}  # fmt: skip

#: All that stands beside an error that is a text. Source: Ollama, Text Generation Inference.
_OF_AN_ERROR = {"error", "error_type", "message", "code", "status"}
#: What stands in some event of every dialect: others need not be read.
_MARKS = re.compile(r'\[DONE\]|"(?:choices|object|candidates|promptFeedback|usageMetadata|type|done|token|event)"')


def is_model(events: Sequence[Event]) -> bool:
    """Whether these events are those of a language model, in any dialect, or nothing but a model server's error."""
    return any(_is_of_a_model(event) for event in events) or _is_error_alone(events)


def look_at_answer(recording: Recording, events: Sequence[Event]) -> Iterator[Finding]:
    """The findings about a model's answer: an error in mid-stream, an end without the end mark, or one too early."""
    answer, failing_event = ModelAnswer(), None
    for event in events:
        parts = answer.feed_event(event)
        if failing_event is None and any(isinstance(part, Failed) for part in parts):
            failing_event = event
    if recording.ended or recording.broken:
        answer.close(broken=bool(recording.broken))
    if failing_event is not None:
        yield Finding("llm-error", f"status 200, and the event {failing_event.data[:100]!a}")
    elif answer.ending in ("unfinished", "broken"):
        yield Finding(
            "llm-unfinished", f"{counted(len(events), 'event')}, then the end, and no {_expected_end(answer)}"
        )
    elif answer.ending in _CAUSES:
        yield Finding(_CAUSES[answer.ending], f"{answer.why}; the reason is {answer.reason!a}")
    elif answer.notes and answer.dialect:  # else only the end mark is a dialect's, and the rest somebody's own
        yield Finding("llm-odd", "; ".join(answer.notes))


def _expected_end(answer: ModelAnswer) -> str:
    return {
        "chat": "finish_reason or [DONE]",
        "completions": "finish_reason or [DONE]",
        "anthropic": "stop_reason or message_stop",
        "responses": "response.completed",
        "gemini": "finishReason",
    }.get(answer.dialect, "[DONE] or message_stop")


def _is_of_a_model(event: Event) -> bool:
    if event.type == "message" and not _MARKS.search(event.data):
        return False
    dialect = dialect_of(event)
    if dialect == "labkit":  # {"text": ...} may be anything, and many a job ends with {"state": "failed"}
        return '"ending"' in event.data
    return dialect not in ("", "mcp") or (DONE in event.data and read_event(event) == [EndMark(DONE)])


def _is_error_alone(events: Sequence[Event]) -> bool:
    """Whether all that came is an error, in the shape that model servers give it."""
    failures = [part for part in read_event(events[0]) if isinstance(part, Failed)] if len(events) == 1 else []
    value = object_in(events[0].data) or {} if failures else {}
    error = value.get("error")
    if isinstance(error, dict):
        return any(part.kind for part in failures) and "jsonrpc" not in value
    return isinstance(error, str) and value.keys() <= _OF_AN_ERROR
