"""The base of the handlers of all model APIs: it checks a request, refuses it, or sends the answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator
from typing import Any

from labkit.errors import NOT_JSON
from labkit.llm import openai
from labkit.llm.fields import Fields, RequestRefused
from labkit.llm.generation import Generation
from labkit.llm.model_request import ModelRequest
from labkit.llm.studio import MODEL, Studio
from labkit.llm.writer import AnswerHead, Bill, DialectWriter
from labkit.server.connection import Visit
from labkit.server.handlers import StreamHandler
from labkit.server.origins import FOREIGN_PAGE, is_own_page

MAX_PROMPT_CHARACTERS = 200_000  # some 50,000 tokens, at four characters each
#: A name comes back in every token of the answer. Names that are in use have up to 100.
MAX_NAME_CHARACTERS = 200


class ModelHandler(StreamHandler):
    """The base of the handlers: reads the request, refuses it, or sends the answer, streamed or whole."""

    streams_by_default = False
    waiting_task: asyncio.Task[Any] | None = None

    def initialize(self, studio: Studio) -> None:
        self.studio = studio

    def prepare(self) -> None:
        self.trouble = self.studio.trouble  # a lesson changes it while answers run
        if not self.studio.forbids_buffering:
            self.clear_header("X-Accel-Buffering")

    def head(self, **path: str) -> None:
        super().head()

    def options(self, **path: str) -> None:
        super().options()

    def error_body(self, refusal: RequestRefused) -> dict[str, Any]:
        """The JSON body of an error response, in the format of this API."""
        return openai.error(refusal.message, refusal.kind)

    def read_question(self, fields: Fields) -> ModelRequest:
        """What the request asks for.

        Raises:
            RequestRefused: it asks for nothing, or holds what it must not.
        """
        raise NotImplementedError

    def writer(self, generation: Generation) -> DialectWriter:
        """A writer of this answer in the format of this API."""
        raise NotImplementedError

    async def post(self, **path: str) -> None:
        try:
            self.check_key()
            asked = self.read_model_request()
            self.check_trouble()
        except RequestRefused as refusal:
            self.refuse(refusal)
            return
        number, generation = self.begin(asked)
        self.set_header("Labkit-Answer", number)  # as providers name a request, so that one can ask about it later
        await self.answer(number, generation)

    def begin(self, asked: ModelRequest, abandons: bool = True) -> tuple[str, Generation]:
        """Begins the answer; gives its number, and the answer. See Studio.generate()."""
        number, generation = self.studio.generate(asked, abandons)
        generation.extras.update(model=self.model, created=int(time.time()))
        return number, generation

    def read_model_request(self) -> ModelRequest:
        """What is asked; `request_json` and `model` are set as well.

        Raises:
            RequestRefused: the request is no JSON object, or one of its fields holds what it must not.
        """
        self.request_json = self.read_request()
        self.model = model_of({**self.request_json, **self.path_kwargs})
        asked = self.read_question(Fields(self.request_json))
        check_length(asked)
        return asked

    async def answer(self, number: str, generation: Generation) -> None:
        """Sends the answer that was begun: as a stream if the request wants one, otherwise whole."""
        if self.request_json.get("stream", self.streams_by_default):
            await self.stream(generation)
        else:
            await self.answer_whole(generation)

    def head_of(self, generation: Generation) -> AnswerHead:
        """What every event of this answer repeats."""
        extras, asked = generation.extras, generation.request
        prompt_tokens = count(asked.conversation)
        return AnswerHead(generation.epoch, extras["model"], extras["created"], prompt_tokens, asked.choices)

    async def pieces(self, generation: Generation) -> AsyncGenerator[bytes, None]:
        """The bytes of the stream, piece by piece, in the format of this API."""
        writer = self.writer(generation)
        if opening := writer.opening():
            yield opening
        async with contextlib.aclosing(generation.read_with_heartbeats(self.studio.heartbeat_s)) as tokens:
            async for token in tokens:
                if data := writer.heartbeat if token is None else writer.write(token.part):
                    yield data
        if end := self.end_of(writer, generation):
            yield end

    def end_of(self, writer: DialectWriter, generation: Generation) -> bytes:
        """What comes after the last part: the end as this API has it, an error, or nothing."""
        if generation.state == "failed":
            told_to = self.trouble.ending == generation.ending == "unfinished"
            return b"" if told_to else writer.failure(generation.why, self.trouble.error_shape)
        if generation.state == "cancelled":
            return b""  # it has no end: a reader sees that the answer is not whole
        bill = bill_of(generation)
        return writer.closing(bill) + (writer.end_mark(bill) if self.trouble.end_mark else b"")

    def check_key(self) -> None:
        """Checks the key, and that no page of another site asks: an answer may cost money.

        Raises:
            RequestRefused: 403 for a page of another site, 401 for a wrong key.
        """
        if not is_own_page(self.request.headers.get("Origin"), self.request.host, self.studio.allowed):
            raise RequestRefused(403, FOREIGN_PAGE, "permission_error")
        if self.studio.key is not None and self.studio.key not in self.keys_sent():
            raise RequestRefused(401, "this server wants a key, and got none or another one", "authentication_error")

    def keys_sent(self) -> list[str | None]:
        """The keys in the request, in whatever header a dialect has for it; None where one is missing."""
        headers = self.request.headers
        bearer_key = headers.get("Authorization", "").removeprefix("Bearer ")
        return [bearer_key, headers.get("X-Api-Key"), headers.get("X-Goog-Api-Key")]

    def may_ask(self) -> bool:
        """Whether check_key() allows the request. If not, the refusal was sent."""
        try:
            self.check_key()
        except RequestRefused as refusal:
            self.refuse(refusal)
            return False
        return True

    def read_request(self) -> dict[str, Any]:
        """The JSON object in the request's body.

        Raises:
            RequestRefused: it is no JSON object.
        """
        try:
            request = json.loads(self.request.body)
        except NOT_JSON as problem:
            raise RequestRefused(400, f"the request is no JSON: {problem}", "invalid_request_error") from None
        if not isinstance(request, dict):
            raise RequestRefused(400, "the request is no JSON object", "invalid_request_error")
        try:
            json.dumps(request, ensure_ascii=False).encode()  # what cannot be written cannot be answered or forwarded
        except UnicodeEncodeError:
            message = "the request holds half of a character: a lone surrogate is no text"
            raise RequestRefused(400, message, "invalid_request_error") from None
        except NOT_JSON:
            raise RequestRefused(400, "the request nests too deeply", "invalid_request_error") from None
        return request

    def check_trouble(self) -> None:
        """Refuses the request if the studio's trouble has a status.

        Raises:
            RequestRefused: with that status.
        """
        status = self.trouble.status
        if status:
            kind = {429: "rate_limit_error", 401: "authentication_error", 529: "overloaded_error"}.get(
                status, "api_error"
            )
            raise RequestRefused(status, f"the lab was told to answer {status}", kind)

    def refuse(self, refusal: RequestRefused) -> None:
        """Sends the refusal: its status, its headers, and its message as JSON."""
        self.set_status(refusal.status, "Overloaded" if refusal.status == 529 else None)
        self.set_header("Content-Type", "application/json")
        if refusal.status in (429, 503, 529):
            self.set_header("Retry-After", str(self.trouble.retry_after_s))
        self.finish(json.dumps(self.error_body(refusal)))

    async def answer_whole(self, generation: Generation) -> None:
        """Waits until the answer is finished, and sends it whole."""
        self.waiting_task = asyncio.current_task()
        try:
            async with contextlib.aclosing(generation.read()) as tokens:
                async for _ in tokens:
                    pass
        except asyncio.CancelledError:
            return  # the client has left
        except ConnectionAbortedError:
            self.take_stream().close()
            return
        finally:
            self.waiting_task = None
        if generation.state == "finished":
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps(self.writer(generation).whole(generation.parts, bill_of(generation))))
        else:
            self.refuse(RequestRefused(500, f"the answer was not finished: {generation.why}", "api_error"))

    def on_connection_close(self) -> None:
        """Stops waiting when a client leaves that waits for a whole answer."""
        if self.waiting_task is not None:
            self.waiting_task.cancel()

    async def stream(self, generation: Generation) -> None:
        """Sends the answer as it is generated. When the client leaves, the generation goes on."""
        await self.send_all(self._with_trouble(self.pieces(generation), generation), Visit("", agent=self.agent))

    async def _with_trouble(
        self, pieces: AsyncGenerator[bytes, None], generation: Generation
    ) -> AsyncGenerator[bytes, None]:
        """The pieces, up to the middle of the one at which the lab wants the connection cut."""
        cut_after = self.trouble.cut_after
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                if cut_after is not None and generation.token_count > cut_after:
                    yield piece[: len(piece) // 2]
                    raise ConnectionAbortedError("cut, as the lab was told to")
                yield piece


def model_of(request: dict[str, Any]) -> str:
    """The name of the model in the request, or the name of this server's own.

    Raises:
        RequestRefused: it is no text, or too long to be sent back with every token.
    """
    name = request.get("model") or MODEL
    if not isinstance(name, str) or len(name) > MAX_NAME_CHARACTERS:
        message = f"model is no name: it has to be a text of at most {MAX_NAME_CHARACTERS} characters"
        raise RequestRefused(400, message, "invalid_request_error")
    return name.encode("utf-8", "replace").decode()


def check_length(asked: ModelRequest) -> None:
    """Checks that the conversation, with the tools and the settings, has at most MAX_PROMPT_CHARACTERS.

    Raises:
        RequestRefused: 413, with the number that it has.
    """
    characters = sum(len(turn.text) + sum(len(call["arguments"]) for call in turn.calls) for turn in asked.turns)
    characters += len(json.dumps([asked.tools, asked.settings])) if asked.tools or asked.settings else 0
    if characters > MAX_PROMPT_CHARACTERS:
        message = f"the prompt has {characters:,} characters; at most {MAX_PROMPT_CHARACTERS:,} are taken"
        raise RequestRefused(413, message, "request_too_large")


def count(text: str) -> int:
    """About how many tokens a text has, by the rule of thumb of four characters each; at least 1."""
    return max(1, len(text) // 4)


def bill_of(generation: Generation) -> Bill:
    """The token counts of an answer: those of the upstream where it told them, otherwise this server's own."""
    told = generation.token_counts
    prompt_tokens, answer_tokens = (None, None) if told is None else (told.prompt_tokens, told.answer_tokens)
    return Bill(
        count(generation.request.conversation) if prompt_tokens is None else prompt_tokens,
        generation.token_count if answer_tokens is None else answer_tokens,
        generation.reasoning_count,
    )
