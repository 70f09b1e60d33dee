"""The handlers of answers that outlive their connection: POST starts one, GET reads it, DELETE stops it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

from labkit.dialects import Part, Reasoning, Refusal, Text, ToolCall
from labkit.errors import LabError
from labkit.llm.chat_requests import answer_request
from labkit.llm.fields import Fields, RequestRefused
from labkit.llm.generation import Generation
from labkit.llm.model_handler import ModelHandler
from labkit.llm.model_request import ModelRequest
from labkit.llm.writer import COMMENT
from labkit.wire import Frame, encode

PATH = "/answers"
CUT_PATH = "/answers/cut"
RETRY_MS = 500
END_SUFFIX = "-end"


class Answers(ModelHandler):
    """The handler of /answers: starts, streams and stops an answer that outlives its connection.

    POST with {"prompt": ...} starts one, and gives its number. It may have "messages" instead, and what else
    answer_request() takes.

    GET /answers?id=NUMBER is an event stream of {"text": ...}, {"reasoning": ...}, {"refusal": ...} and
    {"tool_call": {"number", "id", "name", "arguments"}}, each with "choice" where it is not the first. It resumes by
    Last-Event-ID, and ends with an event named done; a client that comes back after that gets 204, and asks no second
    time. With Accept: application/json it tells the state instead. DELETE stops the generation.
    """

    def read_question(self, fields: Fields) -> ModelRequest:
        return answer_request(fields)

    async def answer(self, number: str, generation: Generation) -> None:
        """Answers 201 with the number and the state of the answer that was begun."""
        if self.studio.shared is not None:
            await self.studio.shared.begun(number)  # who has the number may ask another server at once
        self.set_status(201)
        self._send_json({"id": number, **_state_of(generation)})

    async def get(self) -> None:
        generation = await self.find_generation()
        if generation is None:
            return
        if "application/json" in self.request.headers.get("Accept", ""):
            self._send_json(_state_of(generation))
        elif self.last_event_id.endswith(END_SUFFIX):
            self.set_status(204)  # it has everything: EventSource stops at this
            self.clear_header("Content-Type")
        else:
            await self.stream(generation)

    async def delete(self) -> None:
        """Stops the generation; the tokens so far stay."""
        generation = await self.find_generation() if self.may_ask() else None
        if generation is not None:
            try:
                await generation.stop("stopped by the reader")
            except LabError as problem:
                self.refuse(RequestRefused(503, str(problem), "api_error"))
                return
            self._send_json(_state_of(generation))

    async def pieces(self, generation: Generation) -> AsyncGenerator[bytes, None]:
        """The event stream after the client's Last-Event-ID, with an event named done at its end."""
        yield encode(Frame(retry_ms=RETRY_MS, comment="the stream is open"))
        reading = generation.read_with_heartbeats(self.studio.heartbeat_s, self.last_event_id)
        async with contextlib.aclosing(reading) as tokens:
            async for token in tokens:
                if token is None:
                    yield COMMENT
                elif (said := _said(token.part)) is not None:
                    yield encode(Frame(data=json.dumps(said, ensure_ascii=False), id=token.id))
        yield encode(Frame(event="done", data=json.dumps(_state_of(generation)), id=generation.epoch + END_SUFFIX))

    async def find_generation(self) -> Generation | None:
        """The answer with the number in the query; None if there is none, after 404 was sent (503: Redis is away)."""
        number = self.get_query_argument("id", "")
        try:
            generation = await self.studio.find(number)
        except LabError as problem:
            self.refuse(RequestRefused(503, str(problem), "api_error"))
            return None
        if generation is None:
            message = f"there is no answer {number[:40]!r} here, or no longer: only the newest ones are kept"
            self.refuse(RequestRefused(404, message, "not_found_error"))
        return generation

    def _send_json(self, value: dict[str, Any]) -> None:
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(value))


class CutAnswer(Answers):
    """The handler of POST /answers/cut?id=NUMBER: it cuts the connection of every reader of this answer."""

    async def post(self, **path: str) -> None:
        generation = await self.find_generation() if self.may_ask() else None
        if generation is not None:
            generation.cut()
            self.clear_header("Content-Type")
            self.set_status(204)


def _said(part: Part) -> dict[str, Any] | None:
    """What an event says about this part; None for what the last event says."""
    match part:
        case Text(text, choice):
            said: dict[str, Any] = {"text": text}
        case Reasoning(text, choice):
            said = {"reasoning": text}
        case Refusal(text, choice):
            said = {"refusal": text}
        case ToolCall(number, id, name, arguments, choice):
            said = {"tool_call": {"number": number, "id": id, "name": name, "arguments": arguments}}
        case _:
            return None
    return {**said, "choice": choice} if choice else said


def _state_of(generation: Generation) -> dict[str, Any]:
    """The state of an answer, for a page."""
    return {
        "state": generation.state,
        "ending": generation.ending or "",
        "reason": generation.reason,
        "why": generation.why,
        "prompt": generation.prompt,
        "made": generation.token_count,
        "readers": generation.readers,
        "notes": generation.notes,
    }
