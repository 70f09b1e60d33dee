"""What one tends to write in the exercise assemble for the text."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from labkit.check.exercise import Trap
from labkit.check.exercises.assemble_reader import AnswerReader, Events, TextAndEnding, assemble
from labkit.check.exercises.class_traps import traps_of


class _LoadsEverything(AnswerReader):
    sentence = (
        "`[DONE]` is no JSON, so `json.loads` raises an error at the end of each answer. It is OpenAI's end mark: look "
        "for it first."
    )

    def is_mark(self, data: str) -> bool:
        return False


class _FirstChoice(AnswerReader):
    sentence = (
        "A chunk without choices has no first choice, and the function raises an error. Such a chunk tells what is "
        "billed; it comes when a client asked for that."
    )

    def choices(self, value: dict[str, Any]) -> list[dict[str, Any]]:
        return [value["choices"][0]] if "choices" in value else []


class _FirstChoiceOfAny(_FirstChoice):
    def has_text(self, choice: dict[str, Any]) -> bool:
        return True

    def has_reason(self, choice: dict[str, Any]) -> bool:
        return True


class _NullRaises(AnswerReader):
    sentence = (
        "The content of a chunk may be null: the first one only says who speaks. The function raises an error there, "
        "because null, in Python None, is no text."
    )

    def said(self, delta: dict[str, Any]) -> str:
        return self._text(delta.get("content", ""))

    def _text(self, content: Any) -> str:
        return "" + (self.parts(content) if isinstance(content, list) else content)


class _NullRaisesWithSeveral(_NullRaises):
    def has_text(self, choice: dict[str, Any]) -> bool:
        return True


class _MissingRaises(AnswerReader):
    sentence = (
        "The delta of a chunk may be empty: the last one only says why the answer ended. The function raises an error "
        "there; `delta.get` does not."
    )

    def said(self, delta: dict[str, Any]) -> str:
        return super().said({"content": delta["content"]})


class _MissingOrNullRaises(_NullRaises):
    sentence = (
        "Not each chunk brings text, and the function raises an error: the content may be null, or missing. `or` helps "
        "with the one, `delta.get` with the other."
    )

    def said(self, delta: dict[str, Any]) -> str:
        return self._text(delta["content"])


class _MissingOrNullRaisesWithSeveral(_MissingOrNullRaises):
    def has_text(self, choice: dict[str, Any]) -> bool:
        return True


class _NullOrNothingRaises(_FirstChoiceOfAny, _NullRaises):
    sentence = (
        "Not each chunk brings text, and the function raises an error: the content may be null or missing, and there "
        "may be no choices at all."
    )


class _MissingOrNothingRaises(_FirstChoiceOfAny, _MissingRaises):
    pass


class _NoneOfThemRaises(_FirstChoiceOfAny, _MissingOrNullRaises):
    pass


class _NullIsText(AnswerReader):
    sentence = (
        'The text holds the word "None". The content of a chunk may be null: the first one says who speaks, and brings '
        "no text."
    )

    def said(self, delta: dict[str, Any]) -> str:
        return str(super().said(delta) if delta.get("content", "") is not None else None)


class _LastPiece(AnswerReader):
    sentence = (
        "Only the last piece arrived. Each chunk brings the next piece of the text, so all of them belong together."
    )

    def add(self, piece: str) -> None:
        self.text = piece or self.text


class _DoneAnywhere(AnswerReader):
    sentence = (
        "The answer stopped where its own text held the characters [DONE]. They are the end mark only when the data is "
        "nothing else: a model may write them too."
    )

    def is_mark(self, data: str) -> bool:
        return "[DONE]" in data


class _AnthropicStripped(AnswerReader):
    def said_by_anthropic(self, delta: dict[str, Any]) -> str:
        return super().said_by_anthropic(delta).strip()


class _OpenAiStripped(AnswerReader):
    def said(self, delta: dict[str, Any]) -> str:
        return super().said(delta).strip()


def _pieces(events: Events) -> list[str]:
    class Collector(AnswerReader):
        def add(self, piece: str) -> None:
            pieces.append(piece)

    pieces: list[str] = []
    Collector().read(events)
    return pieces


def _with_text(make: Callable[[Sequence[str]], str]) -> Callable[[Events], TextAndEnding]:
    """A reader that makes the text of the answer's pieces in a way of its own."""
    return lambda events: (make(_pieces(events)), assemble(events)[1])


def _starter(events: Events) -> TextAndEnding:
    text = ""
    for _, data in events:
        text += json.loads(data)["choices"][0]["delta"]["content"]
    return text, "finished"


_ONE_CHANGE = traps_of(
    (
        _FirstChoice, _NullRaises, _MissingRaises, _MissingOrNullRaises, _NullOrNothingRaises, _NullIsText, _LastPiece,
        _DoneAnywhere,
    ),
    "read",
    {
        _FirstChoice: (_FirstChoiceOfAny,),
        _NullRaises: (_NullRaisesWithSeveral,),
        _MissingOrNullRaises: (_MissingOrNullRaisesWithSeveral,),
        _NullOrNothingRaises: (_MissingOrNothingRaises, _NoneOfThemRaises),
    },
)  # fmt: skip

TEXT_TRAPS = (
    Trap("loads everything", _LoadsEverything().read, _LoadsEverything.sentence, also=(_starter,)),
    Trap(
        "as it was sent",
        lambda events: ("".join(data for _, data in events), "finished"),
        "The text is the data as it was sent, with the JSON around it. `json.loads` makes an object of each chunk, and "
        "the text stands inside of it.",
        also=(
            lambda events: ("".join(data for _, data in events if data != "[DONE]"), "finished"),
            lambda events: ("".join(data for _, data in events if data != "[DONE]"), assemble(events)[1]),
        ),
    ),
    *_ONE_CHANGE,
    Trap(
        "joined with spaces",
        _with_text(lambda pieces: " ".join(filter(None, pieces))),
        "There are spaces between the pieces that nobody sent. Tokens are pieces of words: join them as they are.",
        also=(
            _with_text(lambda pieces: " ".join(piece.strip() for piece in pieces if piece.strip())),
            _with_text(" ".join),
            _with_text(lambda pieces: "".join(f"{piece} " for piece in pieces)),
        ),
    ),
    Trap(
        "stripped",
        _with_text(lambda pieces: "".join(piece.strip() for piece in pieces)),
        "Spaces or line breaks at the ends of the pieces are lost, so words run together. Tokens are pieces of words: "
        "join them as they are.",
        also=(_AnthropicStripped().read, _OpenAiStripped().read),
    ),
    Trap(
        "trimmed",
        _with_text(lambda pieces: "".join(pieces).strip()),
        "Spaces or line breaks at the ends of the text are lost. They belong to it, and more text may follow.",
    ),
    Trap(
        "joined with line breaks",
        _with_text(lambda pieces: "\n".join(filter(None, pieces))),
        "There are line breaks between the pieces that nobody sent. Tokens are pieces of words: join them as they are.",
    ),
)
