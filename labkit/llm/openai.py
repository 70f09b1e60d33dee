"""The dialect of OpenAI's chat completions, which vLLM, LM Studio, Ollama and others speak too.

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
    """One answer: what stands in each of its chunks."""

    id: str
    model: str
    created: int

    def opening(self) -> Frame:
        """The first chunk: who speaks."""
        return self._chunk({"role": "assistant", "content": ""})

    def piece(self, text: str) -> Frame:
        """A chunk with some text."""
        return self._chunk({"content": text})

    def closing(self, reason: str = "stop") -> Frame:
        """The chunk that says why it is over: "stop" or "length"."""
        return self._chunk({}, reason)

    def usage(self, prompt_tokens: int, completion_tokens: int) -> Frame:
        """The chunk without choices that is sent where stream_options.include_usage was asked for."""
        return Frame(data=_json({**self._head(), "choices": [], "usage": usage(prompt_tokens, completion_tokens)}))

    def whole(self, text: str, prompt_tokens: int, completion_tokens: int) -> dict[str, Any]:
        """The answer in one, for those who do not stream."""
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
    """What is billed."""
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }


def error(message: str, kind: str, code: str | None = None) -> dict[str, Any]:
    """The body of an error answer, and the data of an error in mid-stream."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def models(names: list[str], created: int, owner: str = "labkit") -> dict[str, Any]:
    """The answer of /v1/models."""
    return {
        "object": "list",
        "data": [{"id": name, "object": "model", "created": created, "owned_by": owner} for name in names],
    }


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
