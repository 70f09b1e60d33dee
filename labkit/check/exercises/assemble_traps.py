"""The solution of the exercise assemble, and what one tends to write instead."""

from __future__ import annotations

import json

from labkit.check.exercise import Trap

Events = list[tuple[str, str]]
TextAndWhole = tuple[str, bool]


def assemble(events: list[tuple[str, str]]) -> tuple[str, bool]:
    """The answer's text, and True if it is complete. Each event is (type, data): OpenAI's dialect or Anthropic's."""
    import json

    text = ""
    for _, data in events:
        if data == "[DONE]":
            return text, True
        value = json.loads(data)
        if value.get("type") == "message_stop":
            return text, True
        for choice in value.get("choices") or []:
            text += choice["delta"].get("content") or ""
        delta = value.get("delta") or {}
        if delta.get("type") == "text_delta":
            text += delta["text"]
    return text, False


def _always_complete(events: Events) -> TextAndWhole:
    return assemble(events)[0], True


def _error_is_an_end(events: Events) -> TextAndWhole:
    text, complete = assemble(events)
    return text, complete or any('"error"' in data for _, data in events)


def _loads_everything(events: Events) -> TextAndWhole:
    for _, data in events:
        json.loads(data)
    return assemble(events)


def _first_choice(events: Events) -> TextAndWhole:
    for _, data in events:
        if data.startswith("{") and "choices" in json.loads(data):
            json.loads(data)["choices"][0]
    return assemble(events)


def _writes_none(events: Events) -> TextAndWhole:
    text, complete = assemble(events)
    empty = any('"content": null' in data for _, data in events)
    return ("None" if empty else "") + text, complete


def _one_dialect(events: Events) -> TextAndWhole:
    openai_events = [(kind, data) for kind, data in events if kind == "message"]
    return assemble(openai_events)


def _thinks_aloud(events: Events) -> TextAndWhole:
    text, complete = assemble(events)
    thoughts = [json.loads(data)["delta"]["thinking"] for _, data in events if '"thinking_delta"' in data]
    return "".join(thoughts) + text, complete


def _done_anywhere(events: Events) -> TextAndWhole:
    for place, (_, data) in enumerate(events):
        if "[DONE]" in data:
            return assemble(events[:place])[0], True
    return assemble(events)


def _joins_with_spaces(events: Events) -> TextAndWhole:
    pieces = [assemble([event])[0] for event in events if event[1] != "[DONE]"]
    return " ".join(piece.strip() for piece in pieces if piece.strip()), assemble(events)[1]


TRAPS = (
    Trap(
        "always complete",
        _always_complete,
        "An answer that broke off was called complete. Without its end mark it may lack its last words: half a recipe.",
    ),
    Trap(
        "an error is an end",
        _error_is_an_end,
        "An answer that ended with an error was called complete. The status was 200; the error came as an event.",
    ),
    Trap("loads everything", _loads_everything, "[DONE] is no JSON, and json.loads raises. Look for it first."),
    Trap(
        "the first choice",
        _first_choice,
        "A chunk without choices has no choices[0]: it tells what is billed, and comes when usage was asked for.",
    ),
    Trap(
        "writes None",
        _writes_none,
        'The first chunk says who speaks, and its content may be null. That is no text: `or ""` helps.',
    ),
    Trap(
        "one dialect",
        _one_dialect,
        "Anthropic's pieces are missing. Its events have names, and a loop over unnamed ones never sees them.",
    ),
    Trap(
        "thinks aloud",
        _thinks_aloud,
        "What the model thought was shown as its answer. Only a delta of type text_delta is text for the reader.",
    ),
    Trap(
        "done anywhere",
        _done_anywhere,
        "The answer itself held the characters [DONE], inside JSON. Only data that is nothing else is the end mark.",
    ),
    Trap(
        "joins with spaces",
        _joins_with_spaces,
        "Spaces or line breaks were lost or added. Tokens are pieces of words: join them as they are.",
    ),
)
