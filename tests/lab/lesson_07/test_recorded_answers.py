"""What is asked, in the form of each dialect."""

from __future__ import annotations

import asyncio
import json

import pytest
from tornado.web import RequestHandler

from labkit.lab.lesson_07.recorded_answers import record_answer
from labkit.server import serve

pytestmark = pytest.mark.live


class Echo(RequestHandler):
    def post(self) -> None:
        self.write(self.request.body)


def test_a_request_holds_what_it_is_told_and_the_question_where_its_dialect_has_it() -> None:
    async def both() -> tuple[dict[str, object], ...]:
        async with serve({"/v1/messages": Echo, "/v1/responses": Echo}) as server:
            base = server.url.removesuffix("/v1/messages")
            first = await record_answer(server.url, "Why?", max_tokens=5, n=2)
            second = await record_answer(base + "/v1/responses", "Why?", background=True)
            return json.loads(first.body), json.loads(second.body)

    chat, responses = asyncio.run(both())
    turns = [{"role": "user", "content": "Why?"}]
    assert chat == {"model": "any", "stream": True, "messages": turns, "max_tokens": 5, "n": 2}
    assert responses == {"model": "any", "stream": True, "input": turns, "background": True}
