"""The solution of the exercise assemble, and what one tends to write for the text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from labkit.check.exercise import Trap

Events = list[tuple[str, str]]
TextAndWhole = tuple[str, bool]


def assemble(events: list[tuple[str, str]]) -> tuple[str, bool]:
    """The answer's text, and True if it is complete."""
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


def _reader(
    piece: Callable[[dict[str, Any]], str], *, is_end: Callable[[str], bool] = lambda data: data == "[DONE]"
) -> Callable[[Events], TextAndWhole]:
    """A reader of the right form: `piece` gives the text of one event, and may raise."""

    def read(events: Events) -> TextAndWhole:
        text = ""
        for _, data in events:
            if is_end(data):
                return text, True
            value = json.loads(data)
            if value.get("type") == "message_stop":
                return text, True
            text += piece(value)
        return text, False

    return read


def _openai_piece(value: dict[str, Any]) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in value.get("choices") or [])


def _anthropic_piece(value: dict[str, Any]) -> str:
    delta = value.get("delta") or {}
    return str(delta["text"]) if delta.get("type") == "text_delta" else ""


def _both(value: dict[str, Any]) -> str:
    return _openai_piece(value) + _anthropic_piece(value)


def _first_choice(value: dict[str, Any]) -> str:
    if "choices" in value:
        return str(value["choices"][0]["delta"].get("content") or "")
    return _anthropic_piece(value)


def _null_raises(value: dict[str, Any]) -> str:
    if value.get("choices"):
        return _text_or_error(value["choices"][0]["delta"]["content"])
    return _anthropic_piece(value)


def _null_is_text(value: dict[str, Any]) -> str:
    if value.get("choices"):
        return str(value["choices"][0]["delta"]["content"])
    return _anthropic_piece(value)


def _null_or_nothing_raises(value: dict[str, Any]) -> str:
    if "choices" in value:
        return _text_or_error(value["choices"][0]["delta"]["content"])
    return _anthropic_piece(value)


def _text_or_error(content: str | None) -> str:
    return "" + content  # type: ignore[operator]  # null raises here, as it does for a learner


def _choices_raise(value: dict[str, Any]) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in value["choices"])


def _each_delta(value: dict[str, Any]) -> str:
    return _openai_piece(value) + (value["delta"]["text"] if value.get("type") == "content_block_delta" else "")


def _thinks_aloud(value: dict[str, Any]) -> str:
    return _both(value) + str((value.get("delta") or {}).get("thinking", ""))


def _loads_everything(events: Events) -> TextAndWhole:
    for _, data in events:
        json.loads(data)
    return assemble(events)


def _starter(events: Events) -> TextAndWhole:
    text = ""
    for _, data in events:
        text += json.loads(data)["choices"][0]["delta"]["content"]
    return text, True


def _one_dialect(events: Events) -> TextAndWhole:
    return assemble([(kind, data) for kind, data in events if kind == "message"])


def _last_piece(events: Events) -> TextAndWhole:
    pieces = [piece for piece in _pieces(events) if piece]
    return pieces[-1] if pieces else "", assemble(events)[1]


def _last_piece_even_empty(events: Events) -> TextAndWhole:
    pieces = _pieces(events)
    return pieces[-1] if pieces else "", assemble(events)[1]


def _done_anywhere(events: Events) -> TextAndWhole:
    for place, (_, data) in enumerate(events):
        if "[DONE]" in data:
            return assemble(events[:place])[0], True
    return assemble(events)


def _pieces(events: Events) -> list[str]:
    values = [json.loads(data) for _, data in events if data != "[DONE]"]
    return [_both(value) for value in values if value.get("choices") or "delta" in value]


def _joined_with(mark: str, *, strips: bool = False) -> Callable[[Events], TextAndWhole]:
    def read(events: Events) -> TextAndWhole:
        pieces = [piece.strip() if strips else piece for piece in _pieces(events)]
        return mark.join(piece for piece in pieces if piece), assemble(events)[1]

    return read


TEXT_TRAPS = (
    Trap(
        "loads everything",
        _loads_everything,
        "`[DONE]` is no JSON, so `json.loads` raises an error at the end of each answer. It is OpenAI's end mark: look "
        "for it first.",
        also=(_starter,),
    ),
    Trap(
        "as it was sent",
        lambda events: ("".join(data for _, data in events), True),
        "The text is the data as it was sent, with the JSON around it. `json.loads` makes an object of each chunk, and "
        "the text stands inside of it.",
        also=(
            lambda events: ("".join(data for _, data in events if data != "[DONE]"), True),
            lambda events: ("".join(data for _, data in events if data != "[DONE]"), assemble(events)[1]),
        ),
    ),
    Trap(
        "the first choice",
        _reader(_first_choice),
        "A chunk without choices has no first choice, and the function raises an error. Such a chunk tells what is "
        "billed; it comes when a client asked for that.",
    ),
    Trap(
        "null raises",
        _reader(_null_raises),
        "The content of a chunk may be null: the first one only says who speaks. The function raises an error there, "
        "because null, in Python None, is no text.",
    ),
    Trap(
        "null or nothing raises",
        _reader(_null_or_nothing_raises),
        "Not each chunk brings text, and the function raises an error: the content may be null, and there may be no "
        "choices at all.",
    ),
    Trap(
        "null is text",
        _reader(_null_is_text),
        'The text holds the word "None". The content of the first chunk may be null: it says who speaks, and brings no '
        "text.",
    ),
    Trap(
        "last piece",
        _last_piece,
        "Only the last piece arrived. Each chunk brings the next piece of the text, so all of them belong together.",
        also=(_last_piece_even_empty,),
    ),
    Trap(
        "done anywhere",
        _done_anywhere,
        "The answer stopped where its own text held the characters [DONE]. They are the end mark only when the data is "
        "nothing else: a model may write them too.",
    ),
    Trap(
        "joined with spaces",
        _joined_with(" "),
        "There are spaces between the pieces that nobody sent. Tokens are pieces of words: join them as they are.",
        also=(
            _joined_with(" ", strips=True),
            lambda events: (" ".join(_pieces(events)), assemble(events)[1]),
            lambda events: ("".join(f"{piece} " for piece in _pieces(events)), assemble(events)[1]),
        ),
    ),
    Trap(
        "stripped",
        _joined_with("", strips=True),
        "Spaces or line breaks at the ends of the pieces are lost, so words run together. Tokens are pieces of words: "
        "join them as they are.",
        also=(
            _reader(lambda value: _openai_piece(value) + _anthropic_piece(value).strip()),
            _reader(lambda value: _openai_piece(value).strip() + _anthropic_piece(value)),
        ),
    ),
    Trap(
        "trimmed",
        lambda events: (assemble(events)[0].strip(), assemble(events)[1]),
        "Spaces or line breaks at the ends of the text are lost. They belong to it, and more text may follow.",
    ),
    Trap(
        "joined with line breaks",
        _joined_with("\n"),
        "There are line breaks between the pieces that nobody sent. Tokens are pieces of words: join them as they are.",
        also=(lambda events: ("\n".join(_pieces(events)), assemble(events)[1]),),
    ),
    Trap(
        "one dialect",
        _one_dialect,
        "Anthropic's answers are empty and never complete. Its events have types of their own, and their text stands "
        "in other fields.",
        also=(
            lambda events: (assemble(events)[0], True) if any(data == "[DONE]" for _, data in events) else ("", False),
            lambda events: (
                "".join(map(_openai_piece, map(json.loads, [d for _, d in events if d != "[DONE]"]))),
                any(data == "[DONE]" for _, data in events),
            ),
        ),
    ),
    Trap(
        "choices raise",
        _reader(_choices_raise),
        "An event in Anthropic's dialect has no choices, and the function raises an error. Look at what an event holds "
        "before you take it.",
        also=(_reader(_choices_raise, is_end=lambda data: data == "[DONE]" or "message_stop" in data),),
    ),
    Trap(
        "each delta has a text",
        _reader(_each_delta),
        "Not every delta has a text, and the function raises an error. A thinking_delta, for instance, holds what the "
        "model thought.",
    ),
    Trap(
        "thinks aloud",
        _reader(_thinks_aloud),
        "What the model thought was shown as its answer. Only a delta of type text_delta is text for the reader.",
    ),
)
