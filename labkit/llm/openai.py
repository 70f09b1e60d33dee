"""The events of a streamed answer in the format of OpenAI's chat completions; vLLM, LM Studio and Ollama use it too.

Source: https://developers.openai.com/api/reference/resources/chat/subresources/completions/streaming-events
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from labkit.dialects import Ending, Finish, Part, Reasoning, Refusal, Text, ToolCall
from labkit.llm.trouble import ErrorShape
from labkit.llm.writer import AnswerHead, Bill, DialectWriter, WholeChoice, gather, json_event
from labkit.wire import Frame, encode

DONE = encode(Frame(data="[DONE]"))
PATH = "/v1/chat/completions"
#: The finish_reason for each ending. The others have none: their reason goes out as it is.
FINISH_REASONS: Mapping[Ending, str] = {
    "finished": "stop", "length": "length", "filtered": "content_filter", "tool_calls": "tool_calls",
    "stopped": "cancelled",
}  # fmt: skip


class Completion(DialectWriter):
    """One answer, as the chunks of its stream or as one JSON object.

    Reasoning stands in `reasoning_content`, as DeepSeek sends it (vLLM and OpenRouter call it `reasoning`); OpenAI
    itself shows none here.

    Args:
        head: what the chunks repeat.
        wants_usage: whether a chunk with the token counts follows the last choice (stream_options.include_usage).
    """

    calls_in_order = False

    def __init__(self, head: AnswerHead, wants_usage: bool = False) -> None:
        super().__init__(head)
        self._wants_usage = wants_usage
        self._refused: set[int] = set()

    def opening(self) -> bytes:
        return b"".join(
            self._chunk(choice, {"role": "assistant", "content": ""}) for choice in range(self.head.choices)
        )

    def part(self, part: Part) -> bytes:
        match part:
            case Text(text, choice):
                return self._chunk(choice, {"content": text})
            case Reasoning(text, choice):
                return self._chunk(choice, {"reasoning_content": text})
            case Refusal(text, choice):
                self._refused.add(choice)
                return self._chunk(choice, {"refusal": text})
            case ToolCall():
                return self._chunk(part.choice, {"tool_calls": [_call_piece(part)]})
            case Finish():
                return self._chunk(part.choice, {}, finish_reason(part, part.choice in self._refused))
        return b""

    def closing(self, bill: Bill) -> bytes:
        return json_event({**self._head(), "choices": [], "usage": usage(bill)}) if self._wants_usage else b""

    def end_mark(self, bill: Bill) -> bytes:
        return DONE

    def failure(self, message: str, shape: ErrorShape) -> bytes:
        told = error(message, "server_error")
        if shape == "beside choices":
            choice = {"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "error"}
            return json_event({**self._head(), **told, "choices": [choice]})
        return json_event(told) + (DONE if shape == "then [DONE]" else b"")

    def whole(self, parts: Iterable[Part], bill: Bill) -> dict[str, Any]:
        choices = [
            {"index": index, "message": _message(choice), "logprobs": None, "finish_reason": _reason(choice)}
            for index, choice in sorted(gather(parts, self.head.choices).items())
        ]
        return {**self._head("chat.completion"), "choices": choices, "usage": usage(bill)}

    def _chunk(self, index: int, delta: Mapping[str, Any], reason: str | None = None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}
        return json_event({**self._head(), "choices": [choice]})

    def _head(self, kind: str = "chat.completion.chunk") -> dict[str, Any]:
        head = self.head
        return {"id": f"chatcmpl-{head.id}", "object": kind, "created": head.created, "model": head.model}


def finish_reason(finish: Finish, refused: bool) -> str:
    """The finish_reason for this end: "stop" after a refusal in words, "content_filter" for one without."""
    if finish.ending == "refused":
        return "stop" if refused else "content_filter"
    return FINISH_REASONS.get(finish.ending, finish.reason)


def usage(bill: Bill) -> dict[str, Any]:
    """The token counts of an answer, by which a provider bills it."""
    counts: dict[str, Any] = {
        "prompt_tokens": bill.prompt_tokens,
        "completion_tokens": bill.answer_tokens,
        "total_tokens": bill.prompt_tokens + bill.answer_tokens,
    }
    if bill.reasoning_tokens:
        counts["completion_tokens_details"] = {"reasoning_tokens": bill.reasoning_tokens}
    return counts


def error(message: str, kind: str, code: str | None = None) -> dict[str, Any]:
    """The JSON of an error: the body of an error response, or the data of an event in mid-stream."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def models(names: list[str], created: int, owner: str = "labkit") -> dict[str, Any]:
    """The response of /v1/models: a list of models with these names. `created` is in seconds since 1970."""
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "created": created, "owned_by": owner} for name in names],
    }


def _call_piece(part: ToolCall) -> dict[str, Any]:
    """A piece of a tool call: the first one has its id and its name, the others pieces of its arguments."""
    if part.id or part.name:
        function = {"name": part.name, "arguments": part.arguments}
        return {"index": part.number, "id": part.id, "type": "function", "function": function}
    return {"index": part.number, "function": {"arguments": part.arguments}}


def _message(choice: WholeChoice) -> dict[str, Any]:
    text = choice.text if choice.text or not (choice.calls or choice.refusal) else None
    message: dict[str, Any] = {"role": "assistant", "content": text, "refusal": choice.refusal or None}
    if choice.reasoning:
        message["reasoning_content"] = choice.reasoning
    if choice.calls:
        message["tool_calls"] = [
            {"id": call["id"], "type": "function", "function": {"name": call["name"], "arguments": call["arguments"]}}
            for call in choice.calls.values()
        ]
    return message


def _reason(choice: WholeChoice) -> str:
    return "stop" if choice.finish is None else finish_reason(choice.finish, bool(choice.refusal))
