"""What one tends to write in the exercise assemble for answers that break, and for oddities that harm nobody."""

from __future__ import annotations

from typing import Any

from labkit.check.exercise import Symptom
from labkit.check.exercises.assemble_reader import AnswerReader, Events, TextAndEnding
from labkit.check.exercises.class_traps import traps_of


class _NeedsMark(AnswerReader):
    sentence = (
        "An answer that gave its reason, and whose end mark is missing, was called unfinished. The model said why it "
        "stopped; some servers leave out the mark."
    )

    def ending(self) -> str:
        return super().ending() if self.marked else "unfinished"


class _NeedsReason(AnswerReader):
    sentence = "An answer with its end mark, and without a reason, was called unfinished. The mark says that it ended."

    def without_reason(self) -> str:
        return "unfinished"


class _MessageStopNotSeen(AnswerReader):
    def is_stop(self, value: dict[str, Any]) -> bool:
        return False


class _NeedsBoth(_NeedsMark):
    def without_reason(self) -> str:
        return "unfinished"


class _NoReasonIsOther(AnswerReader):
    sentence = (
        "An answer without a reason was called other. Without a reason the end mark decides between finished and "
        "unfinished."
    )

    def without_reason(self) -> str:
        return "other"


class _CutIsOther(_NoReasonIsOther):
    def without_reason(self) -> str:
        return "finished" if self.marked else "other"


class _CutIsFinished(AnswerReader):
    sentence = (
        "An answer that broke off was called finished. It had no reason and no end mark: the stream was over before "
        "the answer was."
    )

    def without_reason(self) -> str:
        return "finished"


class _CutRaises(AnswerReader):
    sentence = (
        "An answer that broke off made the function raise an error. The user has seen its first words already: give "
        "what came, and unfinished."
    )

    def without_reason(self) -> str:
        if not self.marked:
            raise ValueError("unfinished")
        return "finished"


class _NoReasonRaises(_CutRaises):
    def without_reason(self) -> str:
        raise ValueError("unfinished")


class _CutIsFailed(AnswerReader):
    sentence = "An answer that broke off was called failed. No error came: it is unfinished."

    def without_reason(self) -> str:
        return "finished" if self.marked else "failed"


class _CutIsEmpty(AnswerReader):
    sentence = (
        "An answer that broke off came out empty. The user has seen its first words already: give what came, and "
        "unfinished."
    )

    def answer(self) -> TextAndEnding:
        text, ending = super().answer()
        return "" if ending == "unfinished" else text, ending


class _ErrorNotSeen(AnswerReader):
    sentence = (
        "The events with an error were not looked at. The status was 200 long before: the error came as an event, and "
        "the answer failed."
    )

    def is_error(self, kind: str, value: dict[str, Any]) -> bool:
        return False


class _OpenAiErrorNotSeen(AnswerReader):
    sentence = (
        "An error in OpenAI's dialect was not seen. Its event has no type of its own: the field error in the data "
        "tells it."
    )

    def is_error(self, kind: str, value: dict[str, Any]) -> bool:
        return kind == "error"


class _ErrorBesideChoicesNotSeen(AnswerReader):
    sentence = (
        "An error beside choices was not seen. Look for the field error in each event, before you look at its choices: "
        "OpenRouter sends both in one."
    )

    def is_error(self, kind: str, value: dict[str, Any]) -> bool:
        return "choices" not in value and super().is_error(kind, value)


class _MarkAfterError(AnswerReader):
    sentence = (
        "An error was forgotten when `[DONE]` came after it. vLLM sends the mark after an error too: what failed stays "
        "failed."
    )
    in_force = ""

    def read(self, events: Events) -> TextAndEnding:
        self.in_force = ""
        return super().read(events)

    def failed(self, value: dict[str, Any]) -> TextAndEnding:
        raise NotImplementedError  # no error ends the reading here

    def is_error(self, kind: str, value: dict[str, Any]) -> bool:
        if super().is_error(kind, value):
            self.in_force = "failed"
        return False

    def is_mark(self, data: str) -> bool:
        if marked := super().is_mark(data):
            self.in_force = "finished" if self.in_force else ""
        return marked

    def ending(self) -> str:
        return self.in_force or super().ending()


class _ErrorRaises(AnswerReader):
    sentence = (
        "An event that brings an error made the function raise one too. The text so far is all that the user gets, and "
        "the answer failed."
    )

    def failed(self, value: dict[str, Any]) -> TextAndEnding:
        raise RuntimeError


class _OpenAiErrorRaises(_ErrorRaises):
    def is_error(self, kind: str, value: dict[str, Any]) -> bool:
        return "choices" not in value and "type" not in value and super().is_error(kind, value)


class _ErrorInText(AnswerReader):
    sentence = "The message of an error stands in the answer's text. It is no word of the model."

    def failed(self, value: dict[str, Any]) -> TextAndEnding:
        return self.text + str(value["error"]["message"]), "failed"


class _FailedIsEmpty(AnswerReader):
    sentence = (
        "An answer that failed came out empty. The user has seen its first words already: give what came, and failed."
    )

    def failed(self, value: dict[str, Any]) -> TextAndEnding:
        return "", "failed"


class _SilenceRaises(AnswerReader):
    sentence = (
        "An event without data made `json.loads` raise an error. It is a sign of life, and says nothing: pass it over."
    )

    def says_nothing(self, data: str) -> bool:
        return False


class _BlanksRaise(AnswerReader):
    sentence = (
        "`[DONE]` with a blank behind it made the function raise an error. It is the end mark all the same: `strip` "
        "the data before you compare it."
    )

    def is_mark(self, data: str) -> bool:
        return data == "[DONE]"


FAILURE_TRAPS = traps_of(
    (
        _NeedsMark, _NeedsReason, _NoReasonIsOther, _CutIsFinished, _CutRaises, _CutIsFailed, _CutIsEmpty,
        _ErrorNotSeen, _OpenAiErrorNotSeen, _ErrorBesideChoicesNotSeen, _MarkAfterError, _ErrorRaises, _ErrorInText,
        _FailedIsEmpty, _SilenceRaises, _BlanksRaise,
    ),
    "read",
    {
        _NeedsMark: (_NeedsBoth,),
        _NeedsReason: (_MessageStopNotSeen,),
        _CutRaises: (_NoReasonRaises,),
        _NoReasonIsOther: (_CutIsOther,),
        _ErrorRaises: (_OpenAiErrorRaises,),
    },
)  # fmt: skip


def _error_is_another_ending(answer: TextAndEnding, expected: TextAndEnding) -> bool:
    return expected[1] == "failed" and answer[0] == expected[0] and answer[1] != "failed"


SYMPTOMS = (
    Symptom(
        "an error is another ending",
        _error_is_another_ending,
        "An answer with an error is not called failed. The error beats whatever stands beside it, and whatever comes "
        "after it.",
    ),
)
