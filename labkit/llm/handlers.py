"""The three dialects on tornado: what is asked, what is refused, and how each streams."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import time
from collections.abc import AsyncGenerator, Iterable
from typing import Any, ClassVar

from labkit.llm import anthropic, ollama, openai
from labkit.llm.generation import Generation
from labkit.llm.studio import MODEL, Studio
from labkit.server.connection import Visit
from labkit.server.origins import is_own_page
from labkit.server.streams import StreamHandler
from labkit.wire import Frame, encode

MAX_PROMPT_CHARACTERS = 200_000  # some 50,000 tokens: what a small model's window holds


class Refused(Exception):
    """A request that gets no answer: the status, what to say, and the kind of error in each dialect."""

    def __init__(self, status: int, message: str, kind: str) -> None:
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind


class ModelHandler(StreamHandler):
    """What all dialects share: reading the request, refusing it, and streaming the answer."""

    studio: ClassVar[Studio]
    streams_by_default = False
    waiting: asyncio.Task[Any] | None = None

    def prepare(self) -> None:
        if not self.studio.forbids_buffering:
            self.clear_header("X-Accel-Buffering")

    def error_body(self, message: str, kind: str) -> dict[str, Any]:
        """The body of an error answer, in this dialect."""
        return openai.error(message, kind)

    def pieces(self, generation: Generation, prompt: str) -> AsyncGenerator[bytes, None]:
        """The bytes of the stream, piece by piece."""
        raise NotImplementedError

    def whole(self, generation: Generation, prompt: str) -> dict[str, Any]:
        """The answer in one."""
        raise NotImplementedError

    async def post(self) -> None:
        try:
            self.check_key()
            self.asked = self.read_request()
            self.model = str(self.asked.get("model") or MODEL).encode("utf-8", "replace").decode()
            prompt = prompt_of(self.asked)
            self.check_length(prompt)
            self.check_trouble()
        except Refused as refused:
            self.refuse(refused)
            return
        number, generation = self.studio.generate(prompt)
        self.set_header("Labkit-Answer", number)  # as providers name a request, so that one can ask about it later
        if self.asked.get("stream", self.streams_by_default):
            await self.stream(generation, prompt)
        else:
            await self.answer_whole(generation, prompt)

    def check_key(self) -> None:
        """Refuses who does not send the key, and pages of other sites: an answer may cost money."""
        if not is_own_page(self.request.headers.get("Origin"), self.request.host):
            raise Refused(403, "only a page of this machine, or of this server, may ask", "permission_error")
        sent = self.request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.studio.key is not None and self.studio.key not in (sent, self.request.headers.get("X-Api-Key")):
            raise Refused(401, "this server wants a key, and got none or another one", "authentication_error")

    def may_ask(self) -> bool:
        """Whether check_key() lets this client in; if not, it was told."""
        try:
            self.check_key()
        except Refused as refused:
            self.refuse(refused)
            return False
        return True

    def read_request(self) -> dict[str, Any]:
        """The request's JSON."""
        try:
            asked = json.loads(self.request.body)
        except (ValueError, RecursionError) as problem:
            raise Refused(400, f"the request is no JSON: {problem}", "invalid_request_error") from None
        if not isinstance(asked, dict):
            raise Refused(400, "the request is no JSON object", "invalid_request_error")
        return asked

    def check_length(self, prompt: str) -> None:
        """Refuses what no small model could read, and what is no text."""
        try:
            prompt.encode()
        except UnicodeEncodeError as problem:
            told = f"the prompt holds half of a character, at {problem.start}: a lone surrogate is no text"
            raise Refused(400, told, "invalid_request_error") from None
        if len(prompt) > MAX_PROMPT_CHARACTERS:
            message = f"the prompt has {len(prompt):,} characters; at most {MAX_PROMPT_CHARACTERS:,} are taken"
            raise Refused(413, message, "request_too_large")

    def check_trouble(self) -> None:
        """Refuses where the lab wants trouble."""
        status = self.studio.trouble.status
        if status:
            kind = {429: "rate_limit_error", 401: "authentication_error", 529: "overloaded_error"}.get(
                status, "api_error"
            )
            raise Refused(status, f"the lab was told to answer {status}", kind)

    def refuse(self, refused: Refused) -> None:
        """Answers with an error's body."""
        self.set_status(refused.status, "Overloaded" if refused.status == 529 else None)
        self.set_header("Content-Type", "application/json")
        if refused.status in (429, 503, 529):
            self.set_header("Retry-After", str(self.studio.trouble.retry_after_s))
        self.finish(json.dumps(self.error_body(refused.message, refused.kind)))

    async def answer_whole(self, generation: Generation, prompt: str) -> None:
        """The answer in one, when it is finished."""
        self.waiting = asyncio.current_task()
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
            self.waiting = None
        if generation.state == "finished":
            self.set_header("Content-Type", "application/json")
            self.finish(json.dumps(self.whole(generation, prompt)))
        else:
            self.refuse(Refused(500, f"the answer was not finished: {generation.why}", "api_error"))

    def on_connection_close(self) -> None:
        """A client that waits for a whole answer has left."""
        if self.waiting is not None:
            self.waiting.cancel()

    async def stream(self, generation: Generation, prompt: str) -> None:
        """The answer as it is made. A client that leaves leaves the generation alone, and with it the bill."""
        await self.send_all(self._troubled(self.pieces(generation, prompt), generation), Visit("", agent=self.agent))

    async def _troubled(
        self, pieces: AsyncGenerator[bytes, None], generation: Generation
    ) -> AsyncGenerator[bytes, None]:
        """The pieces, up to the middle of the one at which the lab wants the connection cut."""
        cut_after = self.studio.trouble.cut_after
        async with contextlib.aclosing(pieces):
            async for piece in pieces:
                if cut_after is not None and generation.made > cut_after:
                    yield piece[: len(piece) // 2]
                    raise ConnectionAbortedError("cut, as the lab was told to")
                yield piece


class ChatCompletions(ModelHandler):
    """POST /v1/chat/completions."""

    @property
    def wants_usage(self) -> bool:
        """Whether the bill was asked for."""
        options = self.asked.get("stream_options")
        return isinstance(options, dict) and bool(options.get("include_usage"))

    def completion(self, generation: Generation) -> openai.Completion:
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
            yield encode(completion.usage(count(prompt), generation.made))
        yield encode(openai.DONE)

    def whole(self, generation: Generation, prompt: str) -> dict[str, Any]:
        return self.completion(generation).whole(generation.text, count(prompt), generation.made)


class Messages(ModelHandler):
    """POST /v1/messages."""

    def error_body(self, message: str, kind: str) -> dict[str, Any]:
        return anthropic.error(message, kind)

    def message(self, generation: Generation, prompt: str) -> anthropic.Message:
        return anthropic.Message(f"msg_{generation.log.epoch}", self.model, count(prompt))

    async def pieces(self, generation: Generation, prompt: str) -> AsyncGenerator[bytes, None]:
        message = self.message(generation, prompt)
        yield _joined(message.opening())
        async with contextlib.aclosing(generation.read()) as tokens:
            async for token in tokens:
                yield encode(message.piece(token.text))
        if generation.state == "failed":
            yield encode(anthropic.error_event(generation.why))
        else:
            yield _joined(message.closing(generation.made))

    def whole(self, generation: Generation, prompt: str) -> dict[str, Any]:
        return self.message(generation, prompt).whole(generation.text, generation.made)


class OllamaChat(ModelHandler):
    """POST /api/chat: lines of JSON, which no EventSource can read."""

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
                yield ollama.line(name, token.text, _now())
        if generation.state == "failed":
            yield json.dumps(ollama.error(generation.why)).encode() + b"\n"
        else:
            yield ollama.last_line(name, _now(), generation.made, time.monotonic() - began_s)

    def whole(self, generation: Generation, prompt: str) -> dict[str, Any]:
        return ollama.whole(self.model, generation.text, _now(), generation.made, 0.0)


class Models(ModelHandler):
    """GET /v1/models."""

    def get(self) -> None:
        upstream = self.studio.upstream
        self.set_header("Content-Type", "application/json")
        self.finish(
            json.dumps(openai.models([self.studio.model], 0, "labkit" if upstream is None else upstream.base_url))
        )


def with_studio(handler: type[ModelHandler], studio: Studio) -> type[ModelHandler]:
    """The handler with its studio: a route takes a class alone."""
    return type(handler.__name__, (handler,), {"studio": studio})


def prompt_of(asked: dict[str, Any]) -> str:
    """The text of the last message from the user.

    Raises:
        Refused: there is none.
    """
    messages = asked.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(400, "messages is missing, or no list with a message in it", "invalid_request_error")
    last = messages[-1]
    content = last.get("content") if isinstance(last, dict) else None
    if isinstance(content, list):  # parts, of which only text is understood here
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str) or not content:
        raise Refused(400, "the last message has no text", "invalid_request_error")
    return content


def count(text: str) -> int:
    """About how many tokens a text has: four characters each, as a rule of thumb goes."""
    return max(1, len(text) // 4)


def _joined(frames: Iterable[Frame]) -> bytes:
    return b"".join(map(encode, frames))


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)
