"""The events of a streamed answer in the format of Gemini's streamGenerateContent, with alt=sse.

Source: https://ai.google.dev/api/generate-content
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from labkit.dialects import Ending, Finish, Part, Reasoning, Refusal, Text, ToolCall
from labkit.llm.trouble import ErrorShape
from labkit.llm.writer import AnswerHead, Bill, DialectWriter, gather, json_event, whole_arguments

PATH = "/v1beta/models/{model}:generateContent"
STREAM_PATH = "/v1beta/models/{model}:streamGenerateContent"
#: The same under Gemini's other version: google-genai asks there from its third version on.
V1_PATH = PATH.replace("/v1beta/", "/v1/")
V1_STREAM_PATH = STREAM_PATH.replace("/v1beta/", "/v1/")
#: The finishReason for each ending. Gemini has no word for a tool call; other reasons go out as they are.
FINISH_WORDS: Mapping[Ending, str] = {
    "finished": "STOP", "length": "MAX_TOKENS", "filtered": "SAFETY", "tool_calls": "STOP",
    "stopped": "CANCELLED", "other": "OTHER",
}  # fmt: skip
#: The word for a status in the body of an error (google.rpc.Code).
STATUS_WORDS = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND",
    413: "INVALID_ARGUMENT", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE", 529: "UNAVAILABLE",
}  # fmt: skip


class Candidates(DialectWriter):
    """One answer, as the events of its stream or as one JSON object.

    A function call stands in one event, whole, with its arguments as an object. There is no end mark: the last event
    has a finishReason, and the stream ends. A question that is filtered before a word is said gets no candidate at
    all, and a promptFeedback.

    Args:
        head: what the events repeat.
    """

    def __init__(self, head: AnswerHead) -> None:
        super().__init__(head)
        self._open_calls: dict[int, list[ToolCall]] = {}
        self._finishes: list[Finish] = []
        self._said = False
        self._refused: set[int] = set()

    def part(self, part: Part) -> bytes:
        if isinstance(part, ToolCall):
            opened = self._open_calls.setdefault(part.choice, [])
            finished = self._call_event(part.choice) if opened and opened[0].number != part.number else b""
            self._open_calls.setdefault(part.choice, []).append(part)
            return finished
        if not isinstance(part, Text | Reasoning | Refusal | Finish):
            return b""
        finished = self._call_event(part.choice)
        if isinstance(part, Finish):
            self._finishes.append(part)
            return finished
        if isinstance(part, Refusal):
            self._refused.add(part.choice)
        thought = {"thought": True} if isinstance(part, Reasoning) else {}
        return finished + self._event(part.choice, [{"text": part.text, **thought}])

    def closing(self, bill: Bill) -> bytes:
        return json_event(self._end([(finish, []) for finish in self._finishes], bill))

    def failure(self, message: str, shape: ErrorShape) -> bytes:
        return json_event(error(message, 503))

    def whole(self, parts: Iterable[Part], bill: Bill) -> dict[str, Any]:
        ends = []
        for index, choice in sorted(gather(parts, self.head.choices).items()):
            content: list[dict[str, Any]] = []
            if choice.reasoning:
                content.append({"text": choice.reasoning, "thought": True})
            if choice.text or choice.refusal:
                content.append({"text": choice.text or choice.refusal})
            content += _calls(choice.calls.values())
            self._said |= bool(content)
            self._refused |= {index} if choice.refusal else set()
            ends.append((choice.finish or Finish("finished", "stop", index), content))
        return self._end(ends, bill)

    def _call_event(self, choice: int) -> bytes:
        pieces = self._open_calls.pop(choice, [])
        calls = _calls(gather(pieces)[choice].calls.values()) if pieces else []
        return self._event(choice, calls) if calls else b""

    def _event(self, index: int, parts: list[dict[str, Any]]) -> bytes:
        self._said = True
        candidate = {"content": {"parts": parts, "role": "model"}, "index": index}
        return json_event({"candidates": [candidate], **self._tail(Bill(self.head.prompt_tokens, 0))})

    def _end(self, ends: list[tuple[Finish, list[dict[str, Any]]]], bill: Bill) -> dict[str, Any]:
        """What ends an answer: each candidate with its reason, or that the question was blocked."""
        if not self._said and all(finish.ending == "filtered" for finish, _ in ends):
            return {"promptFeedback": {"blockReason": "SAFETY"}, **self._tail(bill)}
        candidates = [
            {
                "content": {"parts": parts or [{"text": ""}], "role": "model"},
                "finishReason": self._word(finish),
                "index": finish.choice,
            }
            for finish, parts in ends
        ]
        return {"candidates": candidates, **self._tail(bill)}

    def _word(self, finish: Finish) -> str:
        if finish.ending == "refused":  # a refusal in words is text, and STOP
            return "STOP" if finish.choice in self._refused else "PROHIBITED_CONTENT"
        return FINISH_WORDS.get(finish.ending, finish.reason.upper())

    def _tail(self, bill: Bill) -> dict[str, Any]:
        counts = {"promptTokenCount": bill.prompt_tokens}
        if bill.answer_tokens:
            counts["candidatesTokenCount"] = bill.answer_tokens - bill.reasoning_tokens
        if bill.reasoning_tokens:
            counts["thoughtsTokenCount"] = bill.reasoning_tokens
        counts["totalTokenCount"] = bill.prompt_tokens + bill.answer_tokens
        return {"usageMetadata": counts, "modelVersion": self.head.model, "responseId": self.head.id}


def error(message: str, status: int) -> dict[str, Any]:
    """The JSON of an error: the body of an error response, or the data of an event in mid-stream."""
    return {"error": {"code": status, "message": message, "status": STATUS_WORDS.get(status, "UNKNOWN")}}


def _calls(calls: Iterable[Mapping[str, str]]) -> list[dict[str, Any]]:
    """The calls whose arguments came whole: the others are none."""
    return [
        {"functionCall": {"id": call["id"], "name": call["name"], "args": arguments}}
        for call in calls
        if call["name"] and (arguments := whole_arguments(call["arguments"])) is not None
    ]
