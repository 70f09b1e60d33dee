"""The dialect of Anthropic's messages: named events.

Source: https://docs.anthropic.com/en/docs/build-with-claude/streaming
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from labkit.wire import Frame

PATH = "/v1/messages"


@dataclass(frozen=True, slots=True)
class Message:
    """One answer: what stands in its events."""

    id: str
    model: str
    input_tokens: int

    def opening(self) -> list[Frame]:
        """The message without content, the start of its one block, and a ping."""
        return [
            _event("message_start", message=self._head([], None, 1)),
            _event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            _event("ping"),
        ]

    def piece(self, text: str) -> Frame:
        """Some text."""
        return _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})

    def closing(self, output_tokens: int, reason: str = "end_turn") -> list[Frame]:
        """The end of the block, why it is over with the tokens so far, and the end."""
        delta = {"stop_reason": reason, "stop_sequence": None}
        return [
            _event("content_block_stop", index=0),
            _event("message_delta", delta=delta, usage={"output_tokens": output_tokens}),
            _event("message_stop"),
        ]

    def whole(self, text: str, output_tokens: int) -> dict[str, Any]:
        """The answer in one, for those who do not stream."""
        return self._head([{"type": "text", "text": text}], "end_turn", output_tokens)

    def _head(self, content: list[dict[str, str]], reason: str | None, output_tokens: int) -> dict[str, Any]:
        return {
            "id": self.id,
            "type": "message",
            "role": "assistant",
            "model": self.model,
            "content": content,
            "stop_reason": reason,
            "stop_sequence": None,
            "usage": {"input_tokens": self.input_tokens, "output_tokens": output_tokens},
        }


def error(message: str, kind: str) -> dict[str, Any]:
    """The body of an error answer."""
    return {"type": "error", "error": {"type": kind, "message": message}}


def error_event(message: str, kind: str = "overloaded_error") -> Frame:
    """An error in mid-stream, under status 200."""
    return _event("error", error={"type": kind, "message": message})


def _event(name: str, **fields: object) -> Frame:
    data = json.dumps({"type": name, **fields}, ensure_ascii=False, separators=(",", ":"))
    return Frame(event=name, data=data)
