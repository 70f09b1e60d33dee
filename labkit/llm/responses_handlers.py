"""The tornado handlers of OpenAI's Responses: one is begun, read again after a break, looked at, and cancelled."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from labkit.llm.fields import Fields, RequestRefused, invalid
from labkit.llm.generation import Generation
from labkit.llm.item_requests import responses_request
from labkit.llm.model_handler import MAX_PROMPT_CHARACTERS, ModelHandler, bill_of
from labkit.llm.model_request import ModelRequest, Turn
from labkit.llm.responses import Response
from labkit.llm.writer import AnswerHead, gather

#: What a response repeats of its request.
ECHOED = (
    "instructions", "max_output_tokens", "metadata", "parallel_tool_calls", "previous_response_id", "reasoning",
    "temperature", "text", "tool_choice", "tools", "top_p", "user",
)  # fmt: skip
ID_PREFIX = "resp_"


class ResponsesHandler(ModelHandler):
    """The base of the handlers of Responses: it finds a response, writes it from any event on, and tells its state."""

    starting_after = -1

    def head_of(self, generation: Generation) -> AnswerHead:
        return replace(super().head_of(generation), id=generation.extras["number"])

    def writer(self, generation: Generation) -> Response:
        extras = generation.extras
        return Response(self.head_of(generation), extras["background"], extras["echo"], self.starting_after)

    def find_response(self, id: str) -> Generation:
        """The answer behind the response with this id.

        Raises:
            RequestRefused: 404, there is none.
        """
        generation = self.studio.generations.get(id.removeprefix(ID_PREFIX))
        if generation is None or "echo" not in generation.extras or not id.startswith(ID_PREFIX):
            message = f"Response with id {id[:60]!r} not found: only the newest ones are kept"
            raise RequestRefused(404, message, "invalid_request_error")
        return generation

    def response_of(self, generation: Generation) -> dict[str, Any]:
        """The response as it is now, as a JSON object."""
        writer = self.writer(generation)
        if generation.state == "finished":
            return writer.whole(generation.parts, bill_of(generation))
        for part in generation.parts:
            writer.write(part)
        if generation.state == "failed":
            writer.closing(bill_of(generation))
            return writer.as_json("failed", error={"code": "server_error", "message": generation.why})
        return writer.as_json("cancelled" if generation.state == "cancelled" else "in_progress")

    def send_response(self, generation: Generation) -> None:
        """Sends the response as it is now."""
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(self.response_of(generation)))


class Responses(ResponsesHandler):
    """The handler of POST /v1/responses.

    With "background" the answer is made to its end, whoever reads; it is read again at /v1/responses/ID.
    """

    def read_question(self, fields: Fields) -> ModelRequest:
        self.background = fields.flag("background")
        self.echo = {name: fields.value[name] for name in ECHOED if fields.value.get(name) is not None}
        if len(json.dumps(self.echo)) > MAX_PROMPT_CHARACTERS:  # three events repeat it, and a hundred are kept
            raise RequestRefused(413, f"{', '.join(self.echo)} are too long to be repeated", "request_too_large")
        previous_id = fields.text("previous_response_id", 200)
        return responses_request(fields, self._turns_of(previous_id) if previous_id else ())

    def begin(self, asked: ModelRequest, abandons: bool = True) -> tuple[str, Generation]:
        number, generation = super().begin(asked, abandons and not self.background)
        generation.extras.update(number=number, background=self.background, echo=self.echo)
        return number, generation

    async def answer(self, number: str, generation: Generation) -> None:
        if self.background and not self.request_json.get("stream"):
            self.send_response(generation)
        else:
            await super().answer(number, generation)

    def _turns_of(self, id: str) -> tuple[Turn, ...]:
        """The conversation up to the end of this response."""
        generation = self.find_response(id)
        said = gather(generation.parts)[0]
        calls = tuple(said.calls.values())
        return (*generation.request.turns, Turn("assistant", said.text or said.refusal, calls))


class StoredResponse(ResponsesHandler):
    """The handler of GET /v1/responses/ID: the response as it is now.

    With ?stream=true it streams its events, from the one after ?starting_after=NUMBER on; so one goes on reading after
    a break. That works for responses that were asked for in the background, as OpenAI has it.
    """

    async def get(self, id: str) -> None:
        try:
            self.check_key()
            generation = self.find_response(id)
            self._read_query(generation)
        except RequestRefused as refusal:
            self.refuse(refusal)
            return
        if self.get_query_argument("stream", "false") == "true":
            await self.stream(generation)
        else:
            self.send_response(generation)

    def _read_query(self, generation: Generation) -> None:
        text = self.get_query_argument("starting_after", "")
        if self.get_query_argument("stream", "false") != "true":
            return
        if not generation.extras["background"]:
            raise invalid("this response cannot be streamed again: ask for it with background=true")
        if text and not (text.isascii() and text.isdecimal() and len(text) < 10):
            raise invalid(f"starting_after is {text[:20]!r}; it has to be the sequence_number of an event")
        self.starting_after = int(text) if text else -1


class CancelResponse(ResponsesHandler):
    """The handler of POST /v1/responses/ID/cancel: stops an answer that is made in the background.

    Its streams end without a last event: OpenAI documents none for this. The response's status is "cancelled".
    """

    async def post(self, **path: str) -> None:
        try:
            self.check_key()
            generation = self.find_response(path["id"])
            if not generation.extras["background"]:
                raise invalid("only a response that was asked for with background=true can be cancelled")
        except RequestRefused as refusal:
            self.refuse(refusal)
            return
        generation.cancel("stopped by its reader")
        self.send_response(generation)
