"""Which dialect an event is in, and what it says."""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

from labkit.dialects.ag_ui import COMMON_EVENTS, ag_ui_parts, is_ag_ui, whole_ag_ui_parts
from labkit.dialects.anthropic import MESSAGE_EVENTS, anthropic_parts
from labkit.dialects.chat import chat_parts, whole_chat_parts
from labkit.dialects.cohere import COHERE_EVENTS, cohere_parts
from labkit.dialects.dify import dify_parts, is_dify, whole_dify_parts
from labkit.dialects.failures import failure_in, failure_in_list
from labkit.dialects.gemini import gemini_parts
from labkit.dialects.generate import generate_parts
from labkit.dialects.json_values import as_list, as_object, as_text
from labkit.dialects.mcp import is_mcp, mcp_parts
from labkit.dialects.ollama import ollama_parts
from labkit.dialects.own_answers import is_own_end, is_own_piece, own_end_parts, own_parts
from labkit.dialects.parts import EndMark, Failed, Oddity, Part
from labkit.dialects.responses import responses_parts, whole_responses_parts
from labkit.errors import NOT_JSON
from labkit.wire import Event

#: "chat" and "completions" are OpenAI's and those of all who speak like it, "generate" is Text Generation Inference's,
#: "ag-ui", "dify" and "mcp" are what agents and their tools speak,
#: "labkit" is that of the lab's own /answers. "" is none of them.
Dialect = Literal[
    "",
    "chat",
    "completions",
    "responses",
    "anthropic",
    "gemini",
    "cohere",
    "generate",
    "ollama",
    "ag-ui",
    "dify",
    "mcp",
    "labkit",
]

DONE = "[DONE]"


class Reading(NamedTuple):
    """What one event says: its dialect, its parts, and `whole`: the parts of a whole answer that the event repeats.

    `whole` counts only where no piece of the answer came before.
    """

    dialect: Dialect
    parts: tuple[Part, ...]
    whole: tuple[Part, ...] = ()


def read_event(event: Event) -> list[Part]:
    """The parts in an event, in the order in which it has them; none for an event that only keeps the line open.

    Nothing in an event can make it raise: what makes no sense is an Oddity, or is left out.
    """
    return list(reading_of(event.data, event.type).parts)


def read_line(line: str) -> list[Part]:
    """The parts in a line of JSON, as Ollama sends them; none for an empty line."""
    return list(reading_of(line).parts) if line.strip() else []


def dialect_of(event: Event) -> Dialect:
    """The dialect that this event surely is in; "" where it may be anything, such as [DONE] or an error."""
    return reading_of(event.data, event.type).dialect


def reading_of(data: str, event_type: str = "message") -> Reading:
    """What this data says, in an event of this type."""
    # Ruby's and PHP's servers end it with a blank; some write it as a JSON text.
    if data.strip().strip('"') == DONE:
        return Reading("", (EndMark(DONE),))
    if not data.strip():
        return Reading("", (Oddity(data, "empty data"),))
    try:
        return _reading_of_value(json.loads(data), event_type, data)
    except NOT_JSON:  # what nests too deeply may be read, and not be written
        return Reading("", (Failed(data) if event_type == "error" else Oddity(data, "no JSON"),))


def _reading_of_value(value: object, event_type: str, data: str) -> Reading:
    if isinstance(value, dict):
        return _reading_of_object(value, event_type, data)
    failure = Failed(data) if event_type == "error" else failure_in_list(value)
    return Reading("", (failure or Oddity(data, "JSON, but no object"),))


def _reading_of_object(value: dict[str, Any], event_type: str, data: str) -> Reading:
    # A proxy may drop the line with the type, and the JSON tells it again.
    kind = as_text(value.get("type")) or event_type
    reading = _in_dialect(kind, value, event_type)
    failure = failure_in(event_type, value)
    if reading is None:
        if failure is None and kind not in ("ping", "keepalive"):  # Anthropic's heartbeat, and that of Responses
            return Reading("", (Oddity(data, "nothing that a dialect knows"),))
        return Reading("", () if failure is None else (failure,))
    return reading if failure is None else reading._replace(parts=(*_before_the_end(reading.parts, failure),))


def _before_the_end(parts: tuple[Part, ...], failure: Failed) -> tuple[Part, ...]:
    place = next((n for n, part in enumerate(parts) if isinstance(part, EndMark)), len(parts))
    return (*parts[:place], failure, *parts[place:])


def _in_dialect(kind: str, value: dict[str, Any], event_type: str) -> Reading | None:
    if kind in MESSAGE_EVENTS:
        return Reading("anthropic", tuple(anthropic_parts(kind, value)))
    if kind in COHERE_EVENTS:
        return Reading("cohere", tuple(cohere_parts(kind, value)))
    if kind.startswith("response."):
        whole = whole_responses_parts(value) if kind in ("response.completed", "response.incomplete") else ()
        return Reading("responses", tuple(responses_parts(kind, value)), tuple(whole))
    if (agent := _of_an_agent(kind, value)) is not None:
        return agent
    if "choices" in value or value.get("object") == "chat.completion.chunk":
        return Reading(_kind_of_choices(value), tuple(chat_parts(value)), tuple(whole_chat_parts(value)))
    if _is_gemini(value):
        return Reading("gemini", tuple(gemini_parts(value)))
    if isinstance(value.get("done"), bool) and _has_ollama_text(value):
        return Reading("ollama", tuple(ollama_parts(value)))
    if isinstance(value.get("token"), dict) and ("details" in value or "generated_text" in value):
        return Reading("generate", tuple(generate_parts(value)))
    if is_own_end(event_type, value):
        return Reading("labkit", tuple(own_end_parts(value)))
    return Reading("labkit", tuple(own_parts(value))) if is_own_piece(value) else None


def _of_an_agent(kind: str, value: dict[str, Any]) -> Reading | None:
    if is_ag_ui(kind, value):
        whole = whole_ag_ui_parts(value) if kind == "MESSAGES_SNAPSHOT" else ()
        return Reading("ag-ui", tuple(ag_ui_parts(kind, value)), tuple(whole))
    if is_mcp(value):
        return Reading("mcp", tuple(mcp_parts(value)))
    if kind in COMMON_EVENTS or value.get("event") == "ping":  # Dify's heartbeat, where a client made JSON of it
        return Reading("", ())
    return Reading("dify", tuple(dify_parts(value)), tuple(whole_dify_parts(value))) if is_dify(value) else None


def _is_gemini(value: dict[str, Any]) -> bool:
    candidates = [as_object(candidate) for candidate in as_list(value.get("candidates"))]
    return (
        any("content" in candidate or "finishReason" in candidate for candidate in candidates)
        or "blockReason" in as_object(value.get("promptFeedback"))
        or isinstance(value.get("usageMetadata"), dict)
    )


def _has_ollama_text(value: dict[str, Any]) -> bool:
    return isinstance(value.get("message"), dict) or (isinstance(value.get("response"), str) and "model" in value)


def _kind_of_choices(value: dict[str, Any]) -> Dialect:
    choices = [as_object(choice) for choice in as_list(value.get("choices"))]
    if value.get("object") == "chat.completion.chunk" or any("delta" in choice for choice in choices):
        return "chat"
    if value.get("object") == "text_completion" or any(
        isinstance(choice.get("text"), str) and "finish_reason" in choice for choice in choices
    ):
        return "completions"
    return "chat" if any("message" in choice for choice in choices) or "usage" in value else ""
