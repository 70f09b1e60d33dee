"""The tornado handlers of the three model APIs: OpenAI, Anthropic and Ollama."""

from __future__ import annotations

import contextlib
import datetime
import json
import time
from collections.abc import AsyncGenerator, Iterable
from typing import Any

from labkit.llm import anthropic, ollama, openai
from labkit.llm.generation import Generation
from labkit.llm.model_handler import ModelHandler
from labkit.wire import Frame, encode


class ChatCompletions(ModelHandler):
    """The handler of POST /v1/chat/completions, in the format of OpenAI."""

    @property
    def wants_usage(self) -> bool:
        """Whether the request asks for the token counts (stream_options.include_usage)."""
        options = self.request_json.get("stream_options")
        return isinstance(options, dict) and bool(options.get("include_usage"))

    def completion(self, generation: Generation) -> openai.Completion:
        """The frames of this answer in the format of OpenAI."""
        return openai.Completion(f"chatcmpl-{generation.log.epoch}", self.model, int(time.time()))

    async def pieces(self, generation: Generation, prompt: str) -> AsyncGenerator[bytes, None]:
        completion = self.completion(generation)
        yield encode(completion.opening())
        async with contextlib.aclosing(generation.read()) as tokens:
            async for token in tokens:
                yield encode(completion.piece(token.text))
        if generation.state == "failed":
            yield encode(Frame(data=json.dumps(openai.error(generation.why, "server_error"))))
            return
        yield encode(completion.closing())
        if self.wants_usage:
            yield encode(completion.usage(count(prompt), generation.token_count))
        yield encode(openai.DONE)

    def whole_answer(self, generation: Generation, prompt: str) -> dict[str, Any]:
        return self.completion(generation).whole_answer(generation.text, count(prompt), generation.token_count)


class Messages(ModelHandler):
    """The handler of POST /v1/messages, in the format of Anthropic."""

    def error_body(self, message: str, kind: str) -> dict[str, Any]:
        return anthropic.error(message, kind)

    def message(self, generation: Generation, prompt: str) -> anthropic.Message:
        """The frames of this answer in the format of Anthropic."""
        return anthropic.Message(f"msg_{generation.log.epoch}", self.model, count(prompt))

    async def pieces(self, generation: Generation, prompt: str) -> AsyncGenerator[bytes, None]:
        message = self.message(generation, prompt)
        yield _encode_all(message.opening())
        async with contextlib.aclosing(generation.read()) as tokens:
            async for token in tokens:
                yield encode(message.piece(token.text))
        if generation.state == "failed":
            yield encode(anthropic.error_event(generation.why))
        else:
            yield _encode_all(message.closing(generation.token_count))

    def whole_answer(self, generation: Generation, prompt: str) -> dict[str, Any]:
        return self.message(generation, prompt).whole_answer(generation.text, generation.token_count)


class OllamaChat(ModelHandler):
    """The handler of POST /api/chat, in the format of Ollama: lines of JSON, which no EventSource can read."""

    streams_by_default = True

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Content-Type", ollama.CONTENT_TYPE)

    def error_body(self, message: str, kind: str) -> dict[str, Any]:
        return ollama.error(message)

    async def pieces(self, generation: Generation, prompt: str) -> AsyncGenerator[bytes, None]:
        name, began_s = self.model, time.monotonic()
        async with contextlib.aclosing(generation.read()) as tokens:
            async for token in tokens:
                yield ollama.line(name, token.text, _utc_now())
        if generation.state == "failed":
            yield json.dumps(ollama.error(generation.why)).encode() + b"\n"
        else:
            yield ollama.last_line(name, _utc_now(), generation.token_count, time.monotonic() - began_s)

    def whole_answer(self, generation: Generation, prompt: str) -> dict[str, Any]:
        return ollama.whole_answer(self.model, generation.text, _utc_now(), generation.token_count, 0.0)


class Models(ModelHandler):
    """The handler of GET /v1/models: the list of models, which is one."""

    def get(self) -> None:
        upstream = self.studio.upstream
        self.set_header("Content-Type", "application/json")
        self.finish(
            json.dumps(openai.models([self.studio.model], 0, "labkit" if upstream is None else upstream.base_url))
        )


def count(text: str) -> int:
    """About how many tokens a text has, by the rule of thumb of four characters each; at least 1."""
    return max(1, len(text) // 4)


def _encode_all(frames: Iterable[Frame]) -> bytes:
    return b"".join(map(encode, frames))


def _utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
