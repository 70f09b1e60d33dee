"""What is asked, in the form of each dialect, and what each says of its end."""

from __future__ import annotations

import asyncio
import json

import pytest
from tornado.web import RequestHandler

from labkit.lab.lesson_07.recorded_answers import TWELVE_TOKENS, end_words, record_answer
from labkit.lab.lesson_07.streamed_answers import streamed
from labkit.llm import Pace, Studio, Trouble, model_routes
from labkit.recording import Recording
from labkit.server import serve

pytestmark = pytest.mark.live

CHAT, MESSAGES, OLLAMA, RESPONSES = "/v1/chat/completions", "/v1/messages", "/api/chat", "/v1/responses"
GEMINI = "/v1beta/models/any:streamGenerateContent?alt=sse"


class Echo(RequestHandler):
    def post(self) -> None:
        self.write(self.request.body)


def test_a_request_holds_what_it_is_told_and_the_question_where_its_dialect_has_it() -> None:
    async def all_of_them() -> list[dict[str, object]]:
        routes = {"/": Echo, RESPONSES: Echo, GEMINI.partition("?")[0]: Echo}
        async with serve(routes) as server:
            base = server.url.removesuffix("/")
            answers = [
                await record_answer(base, "Why?", max_tokens=5, n=2),
                await record_answer(base + RESPONSES, "Why?", background=True),
                await record_answer(base + GEMINI, "Why?"),
            ]
            return [json.loads(answer.body) for answer in answers]

    chat, responses, gemini = asyncio.run(all_of_them())
    turns = [{"role": "user", "content": "Why?"}]
    assert chat == {"model": "any", "stream": True, "messages": turns, "max_tokens": 5, "n": 2}
    assert responses == {"model": "any", "stream": True, "input": turns, "background": True}
    assert gemini == {"contents": [{"role": "user", "parts": [{"text": "Why?"}]}]}


def test_each_dialect_says_in_its_own_words_that_it_was_cut() -> None:
    async def limited(trouble: Trouble) -> dict[str, Recording]:
        studio = Studio(Pace(0.0, 10_000), words=30, trouble=trouble)
        async with serve(model_routes(studio)) as server:
            base = server.url.removesuffix(CHAT)
            paths = (CHAT, MESSAGES, OLLAMA, RESPONSES, GEMINI)
            return {path: await record_answer(base + path, **TWELVE_TOKENS) for path in paths}  # type: ignore[arg-type]

    whole = asyncio.run(limited(Trouble()))
    assert {path: end_words(recording) for path, recording in whole.items()} == {
        CHAT: ['"finish_reason":"length"', "[DONE]"],
        MESSAGES: ['"stop_reason":"max_tokens"', "event: message_stop"],
        OLLAMA: ['"done": true', '"done_reason": "length"'],
        RESPONSES: ["event: response.incomplete", '"reason":"max_output_tokens"'],
        GEMINI: ['"finishReason":"MAX_TOKENS"'],
    }
    assert {streamed(recording).ending for recording in whole.values()} == {"length"}
    without = asyncio.run(limited(Trouble(ending="unfinished", ends_after=5)))
    assert [end_words(recording) for recording in without.values()] == [[]] * 5
    assert {streamed(recording).ending for recording in without.values()} == {"unfinished"}
