"""The tornado handlers of the model APIs whose answers nobody asks for again: chat completions, Anthropic, Ollama."""

from __future__ import annotations

import datetime
import json
import time
from typing import Any

from labkit.llm import anthropic, ollama, openai
from labkit.llm.chat_requests import chat_request, messages_request, ollama_request
from labkit.llm.fields import Fields, RequestRefused
from labkit.llm.generation import Generation
from labkit.llm.model_handler import ModelHandler
from labkit.llm.model_request import ModelRequest
from labkit.llm.writer import DialectWriter


class ChatCompletions(ModelHandler):
    """The handler of POST /v1/chat/completions, in the format of OpenAI."""

    @property
    def wants_usage(self) -> bool:
        """Whether the request asks for the token counts (stream_options.include_usage)."""
        options = self.request_json.get("stream_options")
        return isinstance(options, dict) and bool(options.get("include_usage"))

    def read_question(self, fields: Fields) -> ModelRequest:
        return chat_request(fields)

    def writer(self, generation: Generation) -> DialectWriter:
        return openai.Completion(self.head_of(generation), self.wants_usage)


class Messages(ModelHandler):
    """The handler of POST /v1/messages, in the format of Anthropic."""

    def error_body(self, refusal: RequestRefused) -> dict[str, Any]:
        return anthropic.error(refusal.message, refusal.kind)

    def read_question(self, fields: Fields) -> ModelRequest:
        return messages_request(fields)

    def writer(self, generation: Generation) -> DialectWriter:
        return anthropic.Message(self.head_of(generation))


class OllamaChat(ModelHandler):
    """The handler of POST /api/chat, in the format of Ollama: lines of JSON, which no EventSource can read."""

    streams_by_default = True

    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Content-Type", ollama.CONTENT_TYPE)

    def error_body(self, refusal: RequestRefused) -> dict[str, Any]:
        return ollama.error(refusal.message)

    def read_question(self, fields: Fields) -> ModelRequest:
        return ollama_request(fields)

    def writer(self, generation: Generation) -> DialectWriter:
        began_s = time.monotonic()
        return ollama.OllamaLines(self.head_of(generation), _utc_now, lambda: time.monotonic() - began_s)


class Models(ModelHandler):
    """The handler of GET /v1/models: the list of models, which is one."""

    def get(self) -> None:
        upstream = self.studio.upstream
        self.set_header("Content-Type", "application/json")
        self.finish(
            json.dumps(openai.models([self.studio.model], 0, "labkit" if upstream is None else upstream.base_url))
        )


def _utc_now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
