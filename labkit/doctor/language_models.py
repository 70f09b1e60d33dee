"""Findings about streams of language models, and how such streams are recognised."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from labkit.doctor.diagnosis import Finding
from labkit.errors import NOT_JSON, counted
from labkit.recording import Recording
from labkit.wire import Event

MAX_EVENTS_CHECKED = 20


def is_model(events: Sequence[Event]) -> bool:
    """Whether these events are those of a language model: OpenAI, Anthropic or Gemini."""
    return any(_is_piece(event) for event in events[:MAX_EVENTS_CHECKED])


def look_at_answer(recording: Recording, events: Sequence[Event]) -> Iterator[Finding]:
    """The findings about a model's answer: an error in mid-stream, or an end without the end mark."""
    error_event = next((event for event in events if _is_error(event)), None)
    if error_event is not None:
        yield Finding("llm-error", f"status 200, and the event {error_event.data[:100]!a}")
    elif (recording.ended or recording.broken) and not any(_is_end(event) for event in events):
        yield Finding("llm-unfinished", f"{counted(len(events), 'event')}, then the end, and no [DONE] or message_stop")


def _is_piece(event: Event) -> bool:
    if event.data == "[DONE]" or event.type in ("message_start", "content_block_delta"):
        return True
    value = _json(event)
    if value.get("object") == "chat.completion.chunk" or event.type.startswith("response."):
        return True
    choice = next(iter(value.get("choices") or [None])) if isinstance(value.get("choices"), list) else None
    return (isinstance(choice, dict) and bool({"delta", "text", "message"} & set(choice))) or _is_gemini(value)


def _is_gemini(value: dict[str, Any]) -> bool:
    candidates = value.get("candidates")
    return isinstance(candidates, list) and bool(candidates) and isinstance(candidates[0], dict)


def _is_end(event: Event) -> bool:
    if event.data == "[DONE]" or event.type in ("message_stop", "response.completed", "response.incomplete"):
        return True
    value = _json(event)
    return _is_gemini(value) and bool(value["candidates"][0].get("finishReason"))


def _is_error(event: Event) -> bool:
    value = _json(event)
    return event.type in ("error", "response.failed") or (bool(value.get("error")) and "choices" not in value)


def _json(event: Event) -> dict[str, Any]:
    if not event.data.startswith("{"):
        return {}
    try:
        value = json.loads(event.data)
    except NOT_JSON:
        return {}
    return value if isinstance(value, dict) else {}
