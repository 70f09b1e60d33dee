"""The base of the handlers of all model APIs: it checks a request, refuses it, or sends the answer."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

from labkit.errors import NOT_JSON
from labkit.llm import openai
from labkit.llm.generation import Generation
from labkit.llm.studio import MODEL, Studio
from labkit.server.connection import Visit
from labkit.server.handlers import StreamHandler
from labkit.server.origins import is_own_page

MAX_PROMPT_CHARACTERS = 200_000  # some 50,000 tokens: what a small model's window holds
#: A name comes back in every token of the answer. Names that are in use have up to 100.
MAX_NAME_CHARACTERS = 200


class RequestRefused(Exception):
    """A request that is refused.

    Args:
        status: the status of the response.
        message: the sentence for its body.
        kind: the type of the error, such as "invalid_request_error".
    """

    def __init__(self, status: int, message: str, kind: str) -> None:
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind


class ModelHandler(StreamHandler):
    """The base of the handlers: reads the request, refuses it, or sends the answer, streamed or whole."""

    streams_by_default = False
    waiting_task: asyncio.Task[Any] | None = None

    def initialize(self, studio: Studio) -> None:
        self.studio = studio

    def prepare(self) -> None:
        if not self.studio.forbids_buffering:
            self.clear_header("X-Accel-Buffering")

    def error_body(self, message: str, kind: str) -> dict[str, Any]:
        """The JSON body of an error response, in the format of this API."""
        return openai.error(message, kind)

    def pieces(self, generation: Generation, prompt: str) -> AsyncGenerator[bytes, None]:
        """The bytes of the stream, piece by piece, in the format of this API."""
        raise NotImplementedError

    def whole_answer(self, generation: Generation, prompt: str) -> dict[str, Any]:
        """The whole answer as one JSON object, in the format of this API."""
        raise NotImplementedError

    async def post(self) -> None:
        try:
            self.check_key()
            prompt = self.read_prompt()
            self.check_length(prompt)
            self.check_trouble()
        except RequestRefused as refusal:
            self.refuse(refusal)
            return
        number, generation = self.studio.generate(prompt)
        self.set_header("Labkit-Answer", number)  # as providers name a request, so that one can ask about it later
        await self.answer(number, generation, prompt)

    def read_prompt(self) -> str:
        """The prompt in the request; `request_json` and `model` are set as well.

        Raises:
            RequestRefused: the request is no JSON object, or has no prompt, or its model's name is too long.
        """
        self.request_json = self.read_request()
        self.model = model_of(self.request_json)
        return prompt_of(self.request_json)

    async def answer(self, number: str, generation: Generation, prompt: str) -> None:
        """Sends the answer that was begun: as a stream if the request wants one, otherwise whole."""
        if self.request_json.get("stream", self.streams_by_default):
            await self.stream(generation, prompt)
        else:
            await self.answer_whole(generation, prompt)

    def check_key(self) -> None:
        """Checks the key, and that no page of another site asks: an answer may cost money.

        Raises:
            RequestRefused: 403 for a page of another site, 401 for a wrong key.
        """
        if not is_own_page(self.request.headers.get("Origin"), self.request.host, self.studio.allowed):
            raise RequestRefused(403, "only a page of this machine, or of this server, may ask", "permission_error")
        bearer_key = self.request.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.studio.key is not None and self.studio.key not in (bearer_key, self.request.headers.get("X-Api-Key")):
            raise RequestRefused(401, "this server wants a key, and got none or another one", "authentication_error")

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
        return request

    def check_length(self, prompt: str) -> None:
        """Checks that the prompt is text of at most MAX_PROMPT_CHARACTERS.

        Raises:
            RequestRefused: 400 for a lone surrogate, 413 for too many characters.
        """
        try:
            prompt.encode()
        except UnicodeEncodeError as problem:
            message = f"the prompt holds half of a character, at {problem.start}: a lone surrogate is no text"
            raise RequestRefused(400, message, "invalid_request_error") from None
        if len(prompt) > MAX_PROMPT_CHARACTERS:
            message = f"the prompt has {len(prompt):,} characters; at most {MAX_PROMPT_CHARACTERS:,} are taken"
            raise RequestRefused(413, message, "request_too_large")

    def check_trouble(self) -> None:
        """Refuses the request if the studio's trouble has a status.

        Raises:
            RequestRefused: with that status.
        """
        status = self.studio.trouble.status
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
            self.set_header("Retry-After", str(self.studio.trouble.retry_after_s))
        self.finish(json.dumps(self.error_body(refusal.message, refusal.kind)))

    async def answer_whole(self, generation: Generation, prompt: str) -> None:
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
            self.finish(json.dumps(self.whole_answer(generation, prompt)))
        else:
            self.refuse(RequestRefused(500, f"the answer was not finished: {generation.why}", "api_error"))

    def on_connection_close(self) -> None:
        """Stops waiting when a client leaves that waits for a whole answer."""
        if self.waiting_task is not None:
            self.waiting_task.cancel()

    async def stream(self, generation: Generation, prompt: str) -> None:
        """Sends the answer as it is generated. When the client leaves, the generation goes on."""
        await self.send_all(
            self._with_trouble(self.pieces(generation, prompt), generation), Visit("", agent=self.agent)
        )

    async def _with_trouble(
        self, pieces: AsyncGenerator[bytes, None], generation: Generation
    ) -> AsyncGenerator[bytes, None]:
        """The pieces, up to the middle of the one at which the lab wants the connection cut."""
        cut_after = self.studio.trouble.cut_after
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


def prompt_of(request: dict[str, Any]) -> str:
    """The text of the last message in the request.

    Raises:
        RequestRefused: there is none.
    """
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        raise RequestRefused(400, "messages is missing, or no list with a message in it", "invalid_request_error")
    message = messages[-1]
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, list):  # parts, of which only text is understood here
        content = "".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
    if not isinstance(content, str) or not content:
        raise RequestRefused(400, "the last message has no text", "invalid_request_error")
    return content
