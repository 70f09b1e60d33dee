"""A real model that answers in place of the generator: any server with the API of OpenAI's chat completions."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

from labkit.client.body import read_beginning, read_whole
from labkit.client.httpx_client import import_transport, new_client, shared_tls_context
from labkit.dialects import (
    Ending,
    Failed,
    Oddity,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    dialect_of,
    read_event,
)  # fmt: skip
from labkit.errors import NOT_JSON, LabError
from labkit.llm.model_request import ModelRequest, Turn
from labkit.llm.upstream_exchange import READ_TIMEOUT_S, UpstreamExchange
from labkit.llm.upstream_request import upstream_request
from labkit.llm.upstream_text import presentable
from labkit.system.secrets import hidden, shown_url
from labkit.wire import Event
from labkit.wire.media_type import extract_media_type
from labkit.wire.session import opens_stream

#: Where the key is taken from. It is sent to the upstream, and nowhere printed or stored.
KEY_VARIABLE = "LABKIT_UPSTREAM_KEY"
CONNECT_TIMEOUT_S = 10.0
#: A cold model is loaded first. Precedent: Ollama gives up loading one after five minutes (OLLAMA_LOAD_TIMEOUT).
FIRST_TOKEN_TIMEOUT_S = 300.0
MAX_REFUSAL_BYTES = 16384


class UpstreamFailed(LabError):
    """The upstream model could not be asked, or failed in the middle of an answer.

    `ending` says which: "failed", or how an answer ended that had begun ("unfinished", "broken").
    """

    def __init__(self, message: str, ending: Ending = "failed") -> None:
        super().__init__(message)
        self.ending = ending


@dataclass(frozen=True)
class Upstream:
    """A server with the API of OpenAI's chat completions, and one of its models.

    Args:
        base_url: its base URL, such as http://localhost:11434/v1 for Ollama.
        model: the name of the model; "" takes the first that the server lists.
        key: the key to send; by default that of the environment variable LABKIT_UPSTREAM_KEY.
        first_token_timeout_s: how long it may take to the first token of an answer, loading included; None: for ever.

    Raises:
        LabError: the URL is none, the key is nothing that a header can hold, or the time is not above 0.
    """

    base_url: str
    model: str = ""
    key: str = field(default_factory=lambda: os.environ.get(KEY_VARIABLE, ""), repr=False)
    first_token_timeout_s: float | None = FIRST_TOKEN_TIMEOUT_S

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.key.strip())  # of the line break that a file or a copy brought along
        if not (self.key.isascii() and (self.key + "x").isprintable()):  # told without the key itself
            raise LabError(f"the key in {KEY_VARIABLE} holds a line break, or what is no ASCII. Copy it once more")
        if (problem := _url_problem(self.base_url)) is not None:
            raise LabError(f"the base URL {problem}. One looks like http://localhost:11434/v1")
        if self.first_token_timeout_s is not None and not self.first_token_timeout_s > 0:
            raise LabError(
                f"first_token_timeout_s={self.first_token_timeout_s!r} is no time to wait. Say seconds, or None"
            )
        # Now, and not while somebody waits for the first answer.
        import_transport()
        shared_tls_context()  # reads the certificates

    def url(self, path: str) -> str:
        """The URL of this path below the base URL, such as "chat/completions"."""
        base = self.base_url.rstrip("/")
        return f"{base}{'' if urlsplit(base).path else '/v1'}/{path}"

    async def tokens(self, prompt: str) -> AsyncGenerator[str, None]:
        """The pieces of the text of the model's answer to this prompt, as they arrive.

        Raises:
            UpstreamFailed, LimitExceeded: as parts() does.
        """
        async with aclosing(self.parts(ModelRequest((Turn("user", prompt),)))) as parts:
            async for part in parts:
                if isinstance(part, Text) and part.choice == 0:
                    yield part.text

    async def parts(self, request: ModelRequest) -> AsyncGenerator[Part, None]:
        """The parts of the model's answer, as they arrive.

        First comes an Oddity for each thing that was not forwarded. Text, Reasoning, Refusal and ToolCall come in
        pieces. At the end come TokenCounts, if they are told; an Oddity for each thing that was odd about the stream;
        and a Finish for each choice. The `why` of an Oddity is a sentence. The caller must close the generator.

        Raises:
            UpstreamFailed: with what went wrong, in a sentence for the page: nobody answers, it refuses, it failed, or
                its answer ended too early. What came before was yielded.
            LimitExceeded: it sends more at once than any model does.
        """
        try:
            async with aclosing(presentable(self._received_parts(request), self.key)) as parts:
                async for part in parts:
                    yield part
        except UpstreamFailed as problem:  # a server may repeat what it was sent
            raise UpstreamFailed(hidden(str(problem), [self.key]), problem.ending) from None

    async def _received_parts(self, request: ModelRequest) -> AsyncGenerator[Part, None]:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        now_s, allowed_s = asyncio.get_running_loop().time(), self.first_token_timeout_s
        deadline_s = None if allowed_s is None else now_s + allowed_s
        # A client for each question: it takes 0.4 ms, and leaves no connection behind that breaks under the next one.
        client = new_client(self.base_url, timeout=httpx.Timeout(CONNECT_TIMEOUT_S, read=None), headers=headers)
        async with client:
            try:
                async with asyncio.timeout_at(deadline_s):
                    model = self.model or await self._first_model(client)
                    body, notes = upstream_request(request, model, self.base_url)
                    # No EventSource: it would come back after a break, and ask (and pay) for a second answer.
                    question = client.build_request("POST", self.url("chat/completions"), json=body)
                    response = await client.send(question, stream=True)
            except httpx.HTTPError as problem:
                why = str(problem) or type(problem).__name__
                raise UpstreamFailed(f"the connection to the model at {self.base_url} cannot be made ({why})") from None
            except TimeoutError:
                raise UpstreamFailed(self._too_late) from None
            for note in notes:
                yield Oddity("", note)
            exchange = UpstreamExchange(response, deadline_s)
            async with aclosing(self._read(exchange)) as parts:
                async for part in parts:
                    yield part
        for part in exchange.last_parts():
            yield part

    async def _read(self, exchange: UpstreamExchange) -> AsyncGenerator[Part, None]:
        """The pieces of the answer in the response, up to its end.

        Raises:
            UpstreamFailed: it is none, or it failed, or it is not whole.
        """
        answer, cut = exchange.answer, ""
        try:
            async with aclosing(self._events(exchange)) as events:
                async for event in events:
                    for part in answer.feed_event(event):
                        if isinstance(part, Text | Reasoning | Refusal | ToolCall):
                            yield part
                    if answer.ending:
                        break
        except httpx.HTTPError as problem:
            cut = f" ({str(problem) or type(problem).__name__})"
        except TimeoutError:
            if not answer.choices:
                raise UpstreamFailed(self._too_late) from None
            cut = f" (not a byte came for {READ_TIMEOUT_S:g} s)"
        finally:
            await exchange.response.aclose()
        answer.close(broken=bool(cut))
        if answer.ending == "broken":
            sentence = f"the connection to the model at {self.base_url} broke in the middle of the answer"
            raise UpstreamFailed(sentence + cut, "broken")
        if answer.ending == "unfinished":
            raise UpstreamFailed("the model's answer ended without [DONE]: it may be cut off", "unfinished")
        if answer.ending == "failed":
            raise UpstreamFailed(answer.why)

    async def _events(self, exchange: UpstreamExchange) -> AsyncGenerator[Event, None]:
        """The events of the response. A whole answer in JSON is one: it is paid for, though it does not stream."""
        response = exchange.response
        if not opens_stream(response.status_code, response.headers.get("content-type")):
            async with asyncio.timeout(READ_TIMEOUT_S):
                event = Event(await self._whole_answer(response))
            exchange.notes.append("the answer came at once: the model's server does not stream")
            yield event
            return
        async with aclosing(exchange.events()) as events:
            async for event in events:
                yield event

    async def _whole_answer(self, response: httpx.Response) -> str:
        """The JSON of a whole answer, or of an error under status 200.

        Raises:
            UpstreamFailed: it is neither.
        """
        if response.status_code != 200 or not _is_json(response.headers.get("content-type")):
            raise UpstreamFailed(await self._refusal_text(response))
        text = (await read_whole(response)).decode("utf-8", "replace")
        if any(isinstance(part, Failed) for part in read_event(Event(text))) or dialect_of(Event(text)) == "chat":
            return text
        raise UpstreamFailed(f"{self.base_url} answered with JSON that is no answer. Is it a model's server?")

    async def _first_model(self, client: httpx.AsyncClient) -> str:
        async with client.stream("GET", self.url("models")) as response:
            content_type = response.headers.get("content-type")
            if response.status_code != 200:
                raise UpstreamFailed(await self._refusal_text(response))
            listed = await read_whole(response)
        try:
            return str(json.loads(listed)["data"][0]["id"])
        except (*NOT_JSON, LookupError, TypeError):
            sentence = f"{self.base_url} lists no model (it sent {content_type}). Is it a model's server?"
            raise UpstreamFailed(f"{sentence} If so, name one with --model") from None

    @property
    def _too_late(self) -> str:
        waited_s = READ_TIMEOUT_S if self.first_token_timeout_s is None else self.first_token_timeout_s
        sentence = f"the model at {self.base_url} sent no token within {waited_s:g} s"
        cold = "A cold model is loaded first, which can take minutes"
        return f"{sentence}. {cold}: ask again, or give it longer (labkit serve --upstream-timeout)"

    async def _refusal_text(self, response: httpx.Response) -> str:
        base_url, body = self.base_url, await read_beginning(response, MAX_REFUSAL_BYTES)
        status, kind = response.status_code, response.headers.get("content-type") or "no Content-Type"
        if status in (401, 403):
            return f"the model at {base_url} refuses the key (status {status}). Set {KEY_VARIABLE}, and start again"
        if status == 429:
            return f"the model at {base_url} has had too many requests (429). Wait a little, and ask again"
        try:
            return f"the model at {base_url} says: {_message(json.loads(body)['error'], self.key)} (status {status})"
        except (*NOT_JSON, LookupError, TypeError):
            pass  # it is no server that speaks this dialect, or does not tell
        if status == 404:
            return f"{base_url} knows no chat completions, or not this model (404). A base URL ends with /v1, mostly"
        return f"{base_url} answered status {status} with {kind}, and no event stream. Is it a model's server?"


def _is_json(content_type: str | None) -> bool:
    media_type = extract_media_type(content_type)
    return media_type is not None and media_type.essence == "application/json"


def _message(error: object, key: str) -> str:
    return hidden(str(error.get("message", error) if isinstance(error, dict) else error), [key])[:200]


def _url_problem(base_url: str) -> str | None:
    """Why this is no base URL; None if it is one. What may be a secret in it is not told."""
    shown = shown_url(base_url)
    try:
        parts = urlsplit(base_url)
        _ = parts.port
    except ValueError:
        return "is none: its host or its port cannot be read"
    if parts.username is not None or parts.password is not None:
        return f"holds a name or a password. A key goes into {KEY_VARIABLE}"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return f"{shown!r} has no http:// or https:// with a host"
    return f"{shown!r} has a query or a fragment" if parts.query or parts.fragment else None
