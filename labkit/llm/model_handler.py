"""What the handlers of all dialects share: who may ask, what is refused, and how an answer is sent."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

from labkit.llm import openai
from labkit.llm.generation import Generation
from labkit.llm.studio import MODEL, Studio
from labkit.server.connection import Visit
from labkit.server.handlers import StreamHandler
from labkit.server.origins import is_own_page

MAX_PROMPT_CHARACTERS = 200_000  # some 50,000 tokens: what a small model's window holds


class Refused(Exception):
    """A request that gets no answer: the status, what to say, and the kind of error in each dialect."""

    def __init__(self, status: int, message: str, kind: str) -> None:
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind


class ModelHandler(StreamHandler):
    """What all dialects share: reading the request, refusing it, and streaming the answer."""

    streams_by_default = False
    waiting: asyncio.Task[Any] | None = None

    def initialize(self, studio: Studio) -> None:
        self.studio = studio

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
            prompt = self.read_prompt()
            self.check_length(prompt)
            self.check_trouble()
        except Refused as refused:
            self.refuse(refused)
            return
        number, generation = self.studio.generate(prompt)
        self.set_header("Labkit-Answer", number)  # as providers name a request, so that one can ask about it later
        await self.answer(number, generation, prompt)

    def read_prompt(self) -> str:
        """What is asked, in this dialect."""
        self.request_json = self.read_request()
        self.model = str(self.request_json.get("model") or MODEL).encode("utf-8", "replace").decode()
        return prompt_of(self.request_json)

    async def answer(self, number: str, generation: Generation, prompt: str) -> None:
        """What becomes of the answer that was begun."""
        if self.request_json.get("stream", self.streams_by_default):
            await self.stream(generation, prompt)
        else:
            await self.answer_whole(generation, prompt)

    def check_key(self) -> None:
        """Refuses who does not send the key, and pages of other sites: an answer may cost money."""
        if not is_own_page(self.request.headers.get("Origin"), self.request.host, self.studio.allowed):
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
            request = json.loads(self.request.body)
        except (ValueError, RecursionError) as problem:
            raise Refused(400, f"the request is no JSON: {problem}", "invalid_request_error") from None
        if not isinstance(request, dict):
            raise Refused(400, "the request is no JSON object", "invalid_request_error")
        return request

    def check_length(self, prompt: str) -> None:
        """Refuses what no small model could read, and what is no text."""
        try:
            prompt.encode()
        except UnicodeEncodeError as problem:
            message = f"the prompt holds half of a character, at {problem.start}: a lone surrogate is no text"
            raise Refused(400, message, "invalid_request_error") from None
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


def prompt_of(request: dict[str, Any]) -> str:
    """The text of the last message from the user.

    Raises:
        Refused: there is none.
    """
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        raise Refused(400, "messages is missing, or no list with a message in it", "invalid_request_error")
    last = messages[-1]
    content = last.get("content") if isinstance(last, dict) else None
    if isinstance(content, list):  # parts, of which only text is understood here
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str) or not content:
        raise Refused(400, "the last message has no text", "invalid_request_error")
    return content
