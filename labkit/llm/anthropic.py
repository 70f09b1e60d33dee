"""The events of a streamed answer in the format of Anthropic's messages API.

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
    """One answer, as the events of its stream or as one JSON object.

    Args:
        id: the id of the message.
        model: the name of the model.
        input_tokens: the number of tokens in the prompt.
    """

    id: str
    model: str
    input_tokens: int

    def opening(self) -> list[Frame]:
        """The first events: message_start without content, content_block_start and ping."""
        return [
            _event("message_start", message=self._head([], None, 1)),
            _event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            _event("ping"),
        ]

    def piece(self, text: str) -> Frame:
        """The event content_block_delta with some text."""
        return _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})

    def closing(self, output_tokens: int, reason: str = "end_turn") -> list[Frame]:
        """The last events: content_block_stop, message_delta with the reason and the number of tokens, message_stop."""
        delta = {"stop_reason": reason, "stop_sequence": None}
        return [
            _event("content_block_stop", index=0),
            _event("message_delta", delta=delta, usage={"output_tokens": output_tokens}),
            _event("message_stop"),
        ]

    def whole_answer(self, text: str, output_tokens: int) -> dict[str, Any]:
        """The whole answer as one JSON object, for a request without streaming."""
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
    """The JSON body of an error response. `kind` is the type of the error, such as "overloaded_error"."""
    return {"type": "error", "error": {"type": kind, "message": message}}


def error_event(message: str, kind: str = "overloaded_error") -> Frame:
    """The event that reports an error in mid-stream, after status 200."""
    return _event("error", error={"type": kind, "message": message})


def _event(name: str, **fields: object) -> Frame:
    data = json.dumps({"type": name, **fields}, ensure_ascii=False, separators=(",", ":"))
    return Frame(event=name, data=data)
