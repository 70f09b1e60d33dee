"""What one tends to take for text of the answer in the exercise assemble, and what one leaves out."""

from __future__ import annotations

from typing import Any

from labkit.check.exercises.assemble_reader import AnswerReader
from labkit.check.exercises.class_traps import traps_of


class _OneDialect(AnswerReader):
    sentence = (
        "Anthropic's answers are empty, and unfinished. Its events have types of their own, and text and reason stand "
        "in other fields."
    )

    def is_stop(self, value: dict[str, Any]) -> bool:
        return False

    def take_anthropic(self, value: dict[str, Any]) -> None:
        pass


class _ChoicesRaise(AnswerReader):
    sentence = (
        "The events of Anthropic's dialect make the function raise an error. They have no choices, and their deltas "
        "are of several kinds: look at what an event holds before you take it."
    )

    def choices(self, value: dict[str, Any]) -> list[dict[str, Any]]:
        return list(value["choices"])


class _ChoicesOfAnyRaise(_ChoicesRaise):
    def has_text(self, choice: dict[str, Any]) -> bool:
        return True

    def has_reason(self, choice: dict[str, Any]) -> bool:
        return True


class _EachDelta(AnswerReader):
    sentence = (
        "Not every delta has a text, and the function raises an error. A thinking_delta, for instance, holds what the "
        "model thought."
    )

    def take_anthropic(self, value: dict[str, Any]) -> None:
        if value.get("type") == "content_block_delta":
            self.add(str(value["delta"]["text"]))
        else:
            super().take_anthropic(value)


class _ThinksAloud(AnswerReader):
    sentence = (
        "What the model thought was shown as its answer. A thinking_delta and `reasoning_content` are no text for the "
        "reader."
    )

    def said(self, delta: dict[str, Any]) -> str:
        return str(delta.get("reasoning_content") or "") + super().said(delta)

    def said_by_anthropic(self, delta: dict[str, Any]) -> str:
        return super().said_by_anthropic(delta) + str(delta.get("thinking", ""))


class _AnthropicThinksAloud(_ThinksAloud):
    def said(self, delta: dict[str, Any]) -> str:
        return AnswerReader.said(self, delta)


class _OpenAiThinksAloud(_ThinksAloud):
    def said_by_anthropic(self, delta: dict[str, Any]) -> str:
        return AnswerReader.said_by_anthropic(self, delta)


class _ToolIsText(AnswerReader):
    sentence = (
        "The arguments of a tool call stand in the text. They are pieces of a JSON text, written for a program; no "
        "reader should see them."
    )

    def said(self, delta: dict[str, Any]) -> str:
        arguments = [call["function"].get("arguments") or "" for call in delta.get("tool_calls") or []]
        return super().said(delta) + "".join(arguments)

    def said_by_anthropic(self, delta: dict[str, Any]) -> str:
        return super().said_by_anthropic(delta) + str(delta.get("partial_json", ""))


class _AnthropicToolIsText(_ToolIsText):
    def said(self, delta: dict[str, Any]) -> str:
        return AnswerReader.said(self, delta)


class _OpenAiToolIsText(_ToolIsText):
    def said_by_anthropic(self, delta: dict[str, Any]) -> str:
        return AnswerReader.said_by_anthropic(self, delta)


class _ChoicesJoined(AnswerReader):
    sentence = (
        "Two answers were joined into one text. Where a client asked for several, their chunks come by turns, each "
        "with one choice: only its `index` tells whose it is, and not its place in the list."
    )

    def has_text(self, choice: dict[str, Any]) -> bool:
        return True


class _ChoicesAndReasonsJoined(_ChoicesJoined):
    def has_reason(self, choice: dict[str, Any]) -> bool:
        return True


class _ReasonOfAny(AnswerReader):
    sentence = (
        "The text is that of one answer, and the ending that of another one. Where a client asked for several, each "
        "choice has a `finish_reason` of its own."
    )

    def has_reason(self, choice: dict[str, Any]) -> bool:
        return True


class _PartsRaise(AnswerReader):
    sentence = (
        "The content may be a list of parts, and the function raises an error there. Those of the type text have a "
        "text; a part of the type thinking has none."
    )

    def parts(self, content: list[dict[str, Any]]) -> str:
        raise TypeError("can only concatenate str")


class _EachPart(_PartsRaise):
    def parts(self, content: list[dict[str, Any]]) -> str:
        return "".join(part["text"] for part in content)


class _PartsAsTheyAre(AnswerReader):
    sentence = "A list of parts stands in the text as Python writes it. Take the text of its parts of the type text."

    def parts(self, content: list[dict[str, Any]]) -> str:
        return str(content)


class _NoParts(AnswerReader):
    sentence = (
        "Text is missing where the content is a list of parts. The text of its parts of the type text belongs to the "
        "answer."
    )

    def parts(self, content: list[dict[str, Any]]) -> str:
        return ""


BESIDE_TRAPS = traps_of(
    (
        _OneDialect, _ChoicesRaise, _EachDelta, _ThinksAloud, _ToolIsText, _ChoicesJoined, _ReasonOfAny, _PartsRaise,
        _PartsAsTheyAre, _NoParts,
    ),
    "read",
    {
        _ChoicesRaise: (_ChoicesOfAnyRaise,),
        _ThinksAloud: (_AnthropicThinksAloud, _OpenAiThinksAloud),
        _ToolIsText: (_AnthropicToolIsText, _OpenAiToolIsText),
        _ChoicesJoined: (_ChoicesAndReasonsJoined,),
        _PartsRaise: (_EachPart,),
    },
)  # fmt: skip
