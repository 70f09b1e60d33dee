"""The events of a streamed answer in the format of OpenAI's chat completions; vLLM, LM Studio and Ollama use it too.

Source: https://platform.openai.com/docs/api-reference/chat-streaming
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from labkit.wire import Frame

DONE = Frame(data="[DONE]")
PATH = "/v1/chat/completions"


@dataclass(frozen=True, slots=True)
class Completion:
    """One answer, as the chunks of its stream or as one JSON object.

    Args:
        id: the id of the completion.
        model: the name of the model.
        created: when it began, in whole seconds since 1970.
    """

    id: str
    model: str
    created: int

    def opening(self) -> Frame:
        """The first chunk, with the role "assistant"."""
        return self._chunk({"role": "assistant", "content": ""})

    def piece(self, text: str) -> Frame:
        """The chunk with some text."""
        return self._chunk({"content": text})

    def closing(self, reason: str = "stop") -> Frame:
        """The last chunk, with the reason for the end: "stop" or "length"."""
        return self._chunk({}, reason)

    def usage(self, prompt_tokens: int, completion_tokens: int) -> Frame:
        """The chunk with the token counts, for a request with stream_options.include_usage."""
        return Frame(data=_json({**self._head(), "choices": [], "usage": usage(prompt_tokens, completion_tokens)}))

    def whole_answer(self, text: str, prompt_tokens: int, completion_tokens: int) -> dict[str, Any]:
        """The whole answer as one JSON object, for a request without streaming."""
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        counts = usage(prompt_tokens, completion_tokens)
        return {**self._head("chat.completion"), "choices": [choice], "usage": counts}

    def _chunk(self, delta: Mapping[str, str], reason: str | None = None) -> Frame:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": reason}
        return Frame(data=_json({**self._head(), "choices": [choice]}))

    def _head(self, kind: str = "chat.completion.chunk") -> dict[str, Any]:
        return {"id": self.id, "object": kind, "created": self.created, "model": self.model}


def usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    """The token counts of an answer, by which a provider bills it."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def error(message: str, kind: str, code: str | None = None) -> dict[str, Any]:
    """The JSON of an error: the body of an error response, or the data of an event in mid-stream."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def models(names: list[str], created: int, owner: str = "labkit") -> dict[str, Any]:
    """The response of /v1/models: a list of models with these names. `created` is in seconds since 1970."""
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "created": created, "owned_by": owner} for name in names],
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
