"""Answers that outlive their connection: asked for by POST, read by GET as often as wanted, stopped by DELETE."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

from labkit.llm.generation import Generation
from labkit.llm.model_handler import ModelHandler, Refused
from labkit.wire import Frame, encode

PATH = "/answers"
CUT_PATH = "/answers/cut"
RETRY_MS = 500
END = "-end"


class Answers(ModelHandler):
    """POST /answers with {"prompt": ...} starts one, and gives its number.

    GET /answers?id=NUMBER is an event stream of {"text": ...}, which resumes by Last-Event-ID, and ends with an event
    named done; a client that comes back after that gets 204, and asks no second time. With Accept: application/json it
    tells the state instead. DELETE stops the making.
    """

    def read_prompt(self) -> str:
        prompt = self.read_request().get("prompt")
        if not isinstance(prompt, str) or not prompt.strip():
            raise Refused(400, "the prompt is empty: write something", "invalid_request_error")
        return prompt

    async def answer(self, number: str, generation: Generation, prompt: str) -> None:
        self.set_status(201)
        self._say({"id": number, **_state_of(generation)})

    async def get(self) -> None:
        generation = self.found()
        if generation is None:
            return
        if "application/json" in self.request.headers.get("Accept", ""):
            self._say(_state_of(generation))
        elif self.last_event_id.endswith(END):
            self.set_status(204)  # it has everything: EventSource stops at this
            self.clear_header("Content-Type")
        else:
            await self.stream(generation, "")

    def delete(self) -> None:
        """Stops the making; the tokens so far stay."""
        generation = self.found() if self.may_ask() else None
        if generation is not None:
            generation.cancel("stopped by the reader")
            self._say(_state_of(generation))

    async def pieces(self, generation: Generation, prompt: str) -> AsyncGenerator[bytes, None]:
        yield encode(Frame(retry_ms=RETRY_MS, comment="the stream is open"))
        async with contextlib.aclosing(generation.read(self.last_event_id)) as tokens:
            async for token in tokens:
                yield encode(Frame(data=json.dumps({"text": token.text}, ensure_ascii=False), id=token.id))
        yield encode(Frame(event="done", data=json.dumps(_state_of(generation)), id=generation.log.epoch + END))

    def found(self) -> Generation | None:
        """The answer that is meant, or None after a refusal."""
        number = self.get_query_argument("id", "")
        generation = self.studio.generations.get(number)
        if generation is None:
            message = f"there is no answer {number[:40]!r} here, or no longer: only the newest ones are kept"
            self.refuse(Refused(404, message, "not_found_error"))
        return generation

    def _say(self, value: dict[str, Any]) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value))


class CutAnswer(Answers):
    """POST /answers/cut?id=NUMBER takes the connection from everybody who reads this answer, in any dialect."""

    async def post(self) -> None:
        generation = self.found() if self.may_ask() else None
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
        "made": generation.made,
        "readers": generation.readers,
    }
