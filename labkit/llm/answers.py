"""The handlers of answers that outlive their connection: POST starts one, GET reads it, DELETE stops it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

from labkit.llm.generation import Generation
from labkit.llm.model_handler import ModelHandler, RequestRefused
from labkit.wire import Frame, encode

PATH = "/answers"
CUT_PATH = "/answers/cut"
RETRY_MS = 500
END_SUFFIX = "-end"


class Answers(ModelHandler):
    """The handler of /answers: starts, streams and stops an answer that outlives its connection.

    POST with {"prompt": ...} starts one, and gives its number.

    GET /answers?id=NUMBER is an event stream of {"text": ...}, which resumes by Last-Event-ID, and ends with an event
    named done; a client that comes back after that gets 204, and asks no second time. With Accept: application/json it
    tells the state instead. DELETE stops the generation.
    """

    def read_prompt(self) -> str:
        """The prompt in the request.

        Raises:
            RequestRefused: it is missing or empty.
        """
        prompt = self.read_request().get("prompt")
        if not isinstance(prompt, str) or not prompt.strip():
            raise RequestRefused(400, "the prompt is empty: write something", "invalid_request_error")
        return prompt

    async def answer(self, number: str, generation: Generation, prompt: str) -> None:
        """Answers 201 with the number and the state of the answer that was begun."""
        self.set_status(201)
        self._send_json({"id": number, **_state_of(generation)})

    async def get(self) -> None:
        generation = self.find_generation()
        if generation is None:
            return
        if "application/json" in self.request.headers.get("Accept", ""):
            self._send_json(_state_of(generation))
        elif self.last_event_id.endswith(END_SUFFIX):
            self.set_status(204)  # it has everything: EventSource stops at this
            self.clear_header("Content-Type")
        else:
            await self.stream(generation, "")

    def delete(self) -> None:
        """Stops the generation; the tokens so far stay."""
        generation = self.find_generation() if self.may_ask() else None
        if generation is not None:
            generation.cancel("stopped by the reader")
            self._send_json(_state_of(generation))

    async def pieces(self, generation: Generation, prompt: str) -> AsyncGenerator[bytes, None]:
        """The event stream after the client's Last-Event-ID, with an event named done at its end."""
        yield encode(Frame(retry_ms=RETRY_MS, comment="the stream is open"))
        async with contextlib.aclosing(generation.read(self.last_event_id)) as tokens:
            async for token in tokens:
                yield encode(Frame(data=json.dumps({"text": token.text}, ensure_ascii=False), id=token.id))
        yield encode(Frame(event="done", data=json.dumps(_state_of(generation)), id=generation.log.epoch + END_SUFFIX))

    def find_generation(self) -> Generation | None:
        """The answer with the number in the query; None if there is none, after 404 was sent."""
        number = self.get_query_argument("id", "")
        generation = self.studio.generations.get(number)
        if generation is None:
            message = f"there is no answer {number[:40]!r} here, or no longer: only the newest ones are kept"
            self.refuse(RequestRefused(404, message, "not_found_error"))
        return generation

    def _send_json(self, value: dict[str, Any]) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value))


class CutAnswer(Answers):
    """The handler of POST /answers/cut?id=NUMBER: it cuts the connection of every reader of this answer."""

    async def post(self) -> None:
        generation = self.find_generation() if self.may_ask() else None
        if generation is not None:
            generation.cut()
            self.clear_header("Content-Type")
            self.set_status(204)


def _state_of(generation: Generation) -> dict[str, Any]:
    """The state of an answer, for a page."""
    return {
        "state": generation.state,
        "why": generation.why,
        "prompt": generation.prompt,
        "made": generation.token_count,
        "readers": generation.readers,
    }
