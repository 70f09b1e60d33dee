"""The lines of a streamed answer in the format of Ollama's own API: JSON, and no events.

Source: https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from labkit.dialects import Ending, Finish, Part, Reasoning, Refusal, Text, ToolCall
from labkit.llm.trouble import ErrorShape
from labkit.llm.writer import AnswerHead, Bill, DialectWriter, gather, whole_arguments

PATH = "/api/chat"
CONTENT_TYPE = "application/x-ndjson"
#: The done_reason for each ending. Ollama has no word for a tool call; other reasons go out as they are.
DONE_REASONS: Mapping[Ending, str] = {
    "finished": "stop", "length": "length", "tool_calls": "stop", "stopped": "cancelled",
}  # fmt: skip


class OllamaLines(DialectWriter):
    """One answer, as the lines of its stream or as one JSON object.

    A tool call stands in one line, whole, with its arguments as an object. There is no heartbeat: a line that says
    nothing would be a piece of the answer to its readers, and Ollama itself is silent while it loads a model.

    Args:
        head: what the lines repeat.
        utc_now: the time that a line carries.
        took_s: how long the answer has taken so far.
    """

    heartbeat = b""

    def __init__(
        self, head: AnswerHead, utc_now: Callable[[], datetime.datetime], took_s: Callable[[], float] = lambda: 0.0
    ) -> None:
        super().__init__(head)
        self._utc_now, self._took_s = utc_now, took_s
        self._open_call: list[ToolCall] = []
        self._finish: Finish | None = None
        self._refused = False

    def part(self, part: Part) -> bytes:
        finished = b""
        if self._open_call and not (isinstance(part, ToolCall) and part.number == self._open_call[0].number):
            finished = self._call_line()
        match part:
            case Text(text, 0) | Refusal(text, 0):
                self._refused |= isinstance(part, Refusal)
                return finished + self._line({"role": "assistant", "content": text})
            case Reasoning(text, 0):
                return finished + self._line({"role": "assistant", "content": "", "thinking": text})
            case ToolCall(choice=0):
                self._open_call.append(part)
            case Finish(choice=0):
                self._finish = part
        return finished

    def end_mark(self, bill: Bill) -> bytes:
        return _encode({**self._head(), "message": {"role": "assistant", "content": ""}, **self._end(bill)})

    def failure(self, message: str, shape: ErrorShape) -> bytes:
        return _encode(error(message))

    def whole(self, parts: Iterable[Part], bill: Bill) -> dict[str, Any]:
        choice = gather(parts)[0]
        self._finish, self._refused = choice.finish, bool(choice.refusal)
        message: dict[str, Any] = {"role": "assistant", "content": choice.text or choice.refusal}
        if choice.reasoning:
            message["thinking"] = choice.reasoning
        if calls := _calls(choice.calls):
            message["tool_calls"] = calls
        return {**self._head(), "message": message, **self._end(bill)}

    def _call_line(self) -> bytes:
        calls = _calls(gather(self._open_call)[0].calls)
        self._open_call = []
        return self._line({"role": "assistant", "content": "", "tool_calls": calls}) if calls else b""

    def _line(self, message: Mapping[str, Any]) -> bytes:
        return _encode({**self._head(), "message": message, "done": False})

    def _head(self) -> dict[str, Any]:
        return {"model": self.head.model, "created_at": self._utc_now().isoformat().replace("+00:00", "Z")}

    def _end(self, bill: Bill) -> dict[str, Any]:
        finish = self._finish or Finish("finished", "stop")
        reason = DONE_REASONS.get(finish.ending, finish.reason)
        if finish.ending == "refused":  # in words it is text, and stop; without them another dialect's word is better
            reason = "stop" if self._refused else "refusal"
        return {
            "done": True,
            "done_reason": reason,
            "total_duration": round(self._took_s() * 1e9),
            "prompt_eval_count": bill.prompt_tokens,
            "eval_count": bill.answer_tokens,
        }


def error(message: str) -> dict[str, Any]:
    """The JSON of an error: the body of an error response, or a line in mid-stream."""
    return {"error": message}


def _calls(calls: Mapping[int, Mapping[str, str]]) -> list[dict[str, Any]]:
    """The calls whose arguments came whole: of the others Ollama makes no call."""
    return [
        {"id": call["id"], "function": {"index": index, "name": call["name"], "arguments": arguments}}
        for index, call in calls.items()
        if call["name"] and (arguments := whole_arguments(call["arguments"])) is not None
    ]


def _encode(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode() + b"\n"
