"""The tornado handlers of Gemini's API."""

from __future__ import annotations

from typing import Any

from labkit.llm import gemini
from labkit.llm.fields import Fields, RequestRefused, invalid
from labkit.llm.generation import Generation
from labkit.llm.item_requests import gemini_request
from labkit.llm.model_handler import ModelHandler
from labkit.llm.model_request import ModelRequest
from labkit.llm.writer import DialectWriter


class GenerateContent(ModelHandler):
    """The handler of POST /v1beta/models/NAME:generateContent: the whole answer as one JSON object."""

    def error_body(self, refusal: RequestRefused) -> dict[str, Any]:
        return gemini.error(refusal.message, refusal.status)

    def keys_sent(self) -> list[str | None]:
        return [*super().keys_sent(), self.get_query_argument("key", None)]  # in the URL: Gemini takes it there too

    def read_question(self, fields: Fields) -> ModelRequest:
        return gemini_request(fields)

    async def answer(self, number: str, generation: Generation) -> None:
        await self.answer_whole(generation)

    def writer(self, generation: Generation) -> DialectWriter:
        return gemini.Candidates(self.head_of(generation))


class StreamGenerateContent(GenerateContent):
    """The handler of POST /v1beta/models/NAME:streamGenerateContent?alt=sse: the answer as events."""

    def read_question(self, fields: Fields) -> ModelRequest:
        if self.get_query_argument("alt", "") != "sse":
            raise invalid(
                "add ?alt=sse to the address: without it Gemini sends one JSON list, which is not served here"
            )
        return super().read_question(fields)

    async def answer(self, number: str, generation: Generation) -> None:
        await self.stream(generation)
