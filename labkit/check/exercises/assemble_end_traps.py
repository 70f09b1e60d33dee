"""What one tends to write in the exercise assemble for the reasons why an answer ended."""

from __future__ import annotations

from typing import Any

from labkit.check.exercises.assemble_reader import ENDINGS, AnswerReader, TextAndEnding
from labkit.check.exercises.class_traps import traps_of


class _EndIsFinished(AnswerReader):
    sentence = (
        "Every answer that ended is called finished here. That the end came says nothing of how: with the reason "
        "length the text breaks off in mid-sentence, and its user would cook half a recipe."
    )

    def meaning(self, reason: str) -> str:
        return "finished"


class _AlwaysFinished(_EndIsFinished):
    def without_reason(self) -> str:
        return "finished"

    def failed(self, value: dict[str, Any]) -> TextAndEnding:
        return self.text, "finished"


class _ReasonsNotRead(_EndIsFinished):
    def ending(self) -> str:
        return self.without_reason()


class _MarkIsFinished(AnswerReader):
    def ending(self) -> str:
        return "finished" if self.marked else super().ending()


class _LengthIsFinished(AnswerReader):
    sentence = (
        "An answer that hit its limit of tokens was called finished. It breaks off in the middle, and its end mark "
        "came all the same."
    )

    def meaning(self, reason: str) -> str:
        ending = super().meaning(reason)
        return "finished" if ending == "length" else ending


class _MaxTokensIsFinished(AnswerReader):
    def meaning(self, reason: str) -> str:
        return "finished" if reason == "max_tokens" else super().meaning(reason)


class _FilterIsFinished(AnswerReader):
    sentence = (
        "An answer that a filter cut was called finished. Its reason is content_filter, and its user would take a part "
        "for the whole."
    )

    def meaning(self, reason: str) -> str:
        return "finished" if reason == "content_filter" else super().meaning(reason)


class _RefusalIsFinished(AnswerReader):
    sentence = "A refusal was called finished. The `stop_reason` refusal says that this is no answer."

    def meaning(self, reason: str) -> str:
        return "finished" if reason == "refusal" else super().meaning(reason)


class _RefusalSaysStop(AnswerReader):
    sentence = (
        "A refusal in OpenAI's dialect was called finished. Its reason is stop, as that of an answer; that the model "
        "refuses is told by `delta.refusal`, where its sentence stands."
    )

    def refuses(self, delta: dict[str, Any]) -> bool:
        return False


class _RefusalIsText(AnswerReader):
    sentence = "The sentence of a refusal stands in the text. It comes in the place of an answer, and is none."

    def said(self, delta: dict[str, Any]) -> str:
        return super().said(delta) + str(delta.get("refusal") or "")


class _RefusalIsAnAnswer(_RefusalIsText):
    def refuses(self, delta: dict[str, Any]) -> bool:
        return False


class _ToolIsFinished(AnswerReader):
    sentence = (
        "An answer that waits for the result of a tool was called finished. It goes on when the program has called the "
        "tool, and has sent what came of it."
    )

    def meaning(self, reason: str) -> str:
        ending = super().meaning(reason)
        return "finished" if ending == "tool_calls" else ending


class _DialectsWord(AnswerReader):
    sentence = (
        "The ending is the reason as its dialect says it, such as stop or end_turn. The result names it in words that "
        "hold for both dialects."
    )

    def meaning(self, reason: str) -> str:
        return reason


class _StopSequenceIsOther(AnswerReader):
    sentence = (
        "The reason stop_sequence was called other. The model came to a text at which it was told to stop: it did as "
        "it was asked, and the answer is finished."
    )

    def meaning(self, reason: str) -> str:
        return "other" if reason == "stop_sequence" else super().meaning(reason)


class _UnknownRaises(AnswerReader):
    sentence = (
        "A reason that no table holds makes the function raise an error. Servers send reasons that no documentation "
        "has: the ending is other."
    )

    def meaning(self, reason: str) -> str:
        return ENDINGS[reason]


class _UnknownAsItIs(AnswerReader):
    sentence = (
        "A reason that no documentation has is the ending here, in the server's own word. The caller knows only the "
        "endings that were agreed on: it is other."
    )

    def meaning(self, reason: str) -> str:
        return ENDINGS.get(reason, reason)


class _UnknownIsFinished(AnswerReader):
    sentence = (
        "A reason that no documentation has was called finished. It may mean anything, such as that the server gave "
        "up: the ending is other."
    )

    def meaning(self, reason: str) -> str:
        return ENDINGS.get(reason, "finished")


class _UnknownIsUnfinished(AnswerReader):
    sentence = "A reason that no documentation has was called unfinished. The answer did end: the ending is other."

    def meaning(self, reason: str) -> str:
        return ENDINGS.get(reason, "unfinished")


class _NoStopReason(AnswerReader):
    sentence = (
        "Anthropic's answers are all called finished. Their reason stands in the event before the end mark: it is "
        "`stop_reason` in the delta of message_delta."
    )

    def take_anthropic(self, value: dict[str, Any]) -> None:
        self.add(self.said_by_anthropic(value.get("delta") or {}))


END_TRAPS = traps_of(
    (
        _EndIsFinished, _LengthIsFinished, _FilterIsFinished, _RefusalIsFinished, _RefusalSaysStop, _RefusalIsText,
        _ToolIsFinished, _DialectsWord, _StopSequenceIsOther, _UnknownRaises, _UnknownAsItIs, _UnknownIsFinished,
        _UnknownIsUnfinished, _NoStopReason,
    ),
    "read",
    {
        _EndIsFinished: (_AlwaysFinished, _ReasonsNotRead, _MarkIsFinished),
        _LengthIsFinished: (_MaxTokensIsFinished,),
        _RefusalIsText: (_RefusalIsAnAnswer,),
    },
)  # fmt: skip
