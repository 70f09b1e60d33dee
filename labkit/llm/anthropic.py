"""The events of a streamed answer in the format of Anthropic's messages API.

Source: https://platform.claude.com/docs/en/build-with-claude/streaming
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from labkit.dialects import Ending, Finish, Part, Reasoning, Refusal, Text, ToolCall
from labkit.llm.generator import StoppedBefore
from labkit.llm.trouble import ErrorShape
from labkit.llm.writer import AnswerHead, Bill, DialectWriter, gather, json_event, whole_arguments
from labkit.wire import Frame, encode

PATH = "/v1/messages"
#: There may be any number of them, anywhere.
PING = encode(Frame(event="ping", data='{"type":"ping"}'))
#: The stop_reason for each ending. Text that was filtered is called a refusal here; other reasons go out as they are.
STOP_REASONS: Mapping[Ending, str] = {
    "finished": "end_turn", "length": "max_tokens", "filtered": "refusal", "refused": "refusal",
    "tool_calls": "tool_use", "paused": "pause_turn", "stopped": "cancelled",
}  # fmt: skip


class Message(DialectWriter):
    """One answer, as the events of its stream or as one JSON object. What it holds stands in blocks, one by one.

    A thinking block ends with a signature, which here is a digest of its text. A refusal in words is text, with the
    stop_reason "refusal".

    Args:
        head: what the events repeat.
    """

    heartbeat = PING

    def __init__(self, head: AnswerHead) -> None:
        super().__init__(head)
        self._block: object = None  # what stands in the open block: a kind, or the number of a tool call
        self._index = -1
        self._thought = ""
        self._finish: Finish | None = None

    def opening(self) -> bytes:
        return _event("message_start", message=self._message([], None, self.head.prompt_tokens, 1))

    def part(self, part: Part) -> bytes:
        match part:
            case Text(text, 0) | Refusal(text, 0):
                return self._open("text", {"type": "text", "text": ""}) + self._delta("text_delta", text=text)
            case Reasoning(text, 0):
                opened = self._open("thinking", {"type": "thinking", "thinking": "", "signature": ""})
                self._thought += text
                return opened + self._delta("thinking_delta", thinking=text)
            case ToolCall(number, id, name, arguments, 0):
                block = {"type": "tool_use", "id": id, "name": name, "input": {}}
                return self._open(number, block) + self._delta("input_json_delta", partial_json=arguments)
            case Finish(choice=0):
                self._finish = part
        return b""

    def closing(self, bill: Bill) -> bytes:
        reason, stop = _stop_reason(self._finish)
        delta = {"stop_reason": reason, "stop_sequence": stop}
        return self._close() + _event("message_delta", delta=delta, usage={"output_tokens": bill.answer_tokens})

    def end_mark(self, bill: Bill) -> bytes:
        return _event("message_stop")

    def failure(self, message: str, shape: ErrorShape) -> bytes:
        return _event("error", error={"type": "overloaded_error", "message": message})

    def whole(self, parts: Iterable[Part], bill: Bill) -> dict[str, Any]:
        choice = gather(parts)[0]
        content: list[dict[str, Any]] = []
        if choice.reasoning:
            signature = _signature(choice.reasoning)
            content.append({"type": "thinking", "thinking": choice.reasoning, "signature": signature})
        if choice.text or choice.refusal or not choice.calls:
            content.append({"type": "text", "text": choice.text or choice.refusal})
        for call in choice.calls.values():
            content.append(
                {
                    "type": "tool_use",
                    "id": call["id"],
                    "name": call["name"],
                    "input": whole_arguments(call["arguments"]) or {},
                }
            )
        return self._message(content, choice.finish or Finish("finished", ""), bill.prompt_tokens, bill.answer_tokens)

    def _open(self, kind: object, block: Mapping[str, Any]) -> bytes:
        """The events that open a block of this kind, where it is not open: one is closed before."""
        if self._block == kind:
            return b""
        closed, self._block = self._close(), kind
        self._index += 1
        started = _event("content_block_start", index=self._index, content_block=block)
        return closed + started + (PING if self._index == 0 else b"")

    def _close(self) -> bytes:
        if self._block is None:
            return b""
        signed = b""
        if self._block == "thinking":
            signed, self._thought = self._delta("signature_delta", signature=_signature(self._thought)), ""
        self._block = None
        return signed + _event("content_block_stop", index=self._index)

    def _delta(self, kind: str, **fields: str) -> bytes:
        return _event("content_block_delta", index=self._index, delta={"type": kind, **fields})

    def _message(
        self, content: list[dict[str, Any]], finish: Finish | None, prompt_tokens: int, answer_tokens: int
    ) -> dict[str, Any]:
        reason, stop = (None, None) if finish is None else _stop_reason(finish)
        return {
            "id": f"msg_{self.head.id}",
            "type": "message",
            "role": "assistant",
            "model": self.head.model,
            "content": content,
            "stop_reason": reason,
            "stop_sequence": stop,
            "usage": {"input_tokens": prompt_tokens, "output_tokens": answer_tokens},
        }


def error(message: str, kind: str) -> dict[str, Any]:
    """The JSON body of an error response. `kind` is the type of the error, such as "overloaded_error"."""
    return {"type": "error", "error": {"type": kind, "message": message}}


def _stop_reason(finish: Finish | None) -> tuple[str, str | None]:
    if isinstance(finish, StoppedBefore):
        return "stop_sequence", finish.stop
    return ("end_turn", None) if finish is None else (STOP_REASONS.get(finish.ending, finish.reason), None)


def _signature(thought: str) -> str:
    return hashlib.sha256(thought.encode()).hexdigest()


def _event(name: str, **fields: object) -> bytes:
    return json_event({"type": name, **fields}, name)
