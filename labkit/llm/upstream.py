"""A real model that answers in place of the generator: any server with the API of OpenAI's chat completions."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from labkit.client.body import read_beginning, read_body, read_whole
from labkit.client.httpx_client import new_client
from labkit.errors import NOT_JSON, LabError
from labkit.system.secrets import HIDDEN, hidden, shown_url
from labkit.wire import Decoder, Event
from labkit.wire.session import opens_stream

#: Where the key is taken from. It is sent to the upstream, and nowhere printed or stored.
KEY_VARIABLE = "LABKIT_UPSTREAM_KEY"
CONNECT_TIMEOUT_S = 10.0
MAX_REFUSAL_BYTES = 16384
MIN_KEY_LENGTH = 12
READ_TIMEOUT_S = 60.0  # a large model may think for long before its first token


class UpstreamFailed(LabError):
    """The upstream model could not be asked, or failed in the middle of an answer."""


@dataclass(frozen=True)
class Upstream:
    """A server with the API of OpenAI's chat completions, and one of its models.

    Args:
        base_url: its base URL, such as http://localhost:11434/v1 for Ollama.
        model: the name of the model; "" takes the first that the server lists.
        key: the key to send; by default that of the environment variable LABKIT_UPSTREAM_KEY.

    Raises:
        LabError: the URL is none, or the key is nothing that a header can hold.
    """

    base_url: str
    model: str = ""
    key: str = field(default_factory=lambda: os.environ.get(KEY_VARIABLE, ""), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", self.key.strip())  # of the line break that a file or a copy brought along
        if not (self.key.isascii() and (self.key + "x").isprintable()):  # told without the key itself
            raise LabError(f"the key in {KEY_VARIABLE} holds a line break, or what is no ASCII. Copy it once more")
        if (problem := _url_problem(self.base_url)) is not None:
            raise LabError(f"the base URL {problem}. One looks like http://localhost:11434/v1")

    def url(self, path: str) -> str:
        """The URL of this path below the base URL, such as "chat/completions"."""
        base = self.base_url.rstrip("/")
        return f"{base}{'' if urlsplit(base).path else '/v1'}/{path}"

    async def tokens(self, prompt: str) -> AsyncGenerator[str, None]:
        """The pieces of the model's answer to this prompt, as they arrive.

        Raises:
            UpstreamFailed: with what went wrong, in a sentence for the page.
            LimitExceeded: it sends more at once than any model does.
        """
        try:
            async with aclosing(_without_key(self._received_tokens(prompt), self.key)) as pieces:
                async for text in pieces:
                    yield text
        except UpstreamFailed as problem:  # a server may repeat what it was sent
            raise UpstreamFailed(hidden(str(problem), [self.key])) from None

    async def _received_tokens(self, prompt: str) -> AsyncGenerator[str, None]:
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        # No EventSource here: it would come back after a break, and ask (and pay) for a second answer.
        timeout = httpx.Timeout(CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
        has_opened = False
        try:
            async with new_client(self.base_url, timeout=timeout, headers=headers) as client:
                model = self.model or await self._first_model(client)
                request = {"model": model, "stream": True, "messages": [{"role": "user", "content": prompt}]}
                async with client.stream("POST", self.url("chat/completions"), json=request) as response:
                    content_type = response.headers.get("content-type")
                    if not opens_stream(response.status_code, content_type):
                        raise UpstreamFailed(await self._refusal_text(response))
                    has_opened = True
                    async with aclosing(_text_pieces(response, self.key)) as pieces:
                        async for text in _whole_characters(pieces):
                            yield text
        except httpx.HTTPError as problem:
            failure = "broke in the middle of the answer" if has_opened else "cannot be made"
            why = str(problem) or type(problem).__name__
            raise UpstreamFailed(f"the connection to the model at {self.base_url} {failure} ({why})") from None

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


async def _text_pieces(response: httpx.Response, key: str) -> AsyncGenerator[str, None]:
    decoder = Decoder()
    async for data in read_body(response):
        for signal in decoder.feed(data):
            if not isinstance(signal, Event):
                continue
            if signal.data == "[DONE]":
                return
            value = _json(signal.data, key)
            if value.get("error"):
                raise UpstreamFailed(f"the model says: {_message(value['error'], key)}")
            try:
                text = "".join(
                    (choice.get("delta") or {}).get("content") or "" for choice in value.get("choices") or []
                )
            except (AttributeError, TypeError):
                raise UpstreamFailed(
                    f"the model sent what is no piece of an answer: {_beginning(signal.data, key)}"
                ) from None
            if text:
                yield text
    raise UpstreamFailed("the model's answer ended without [DONE]: it may be cut off")


def _json(data: str, key: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except NOT_JSON:
        value = None
    if not isinstance(value, dict):
        raise UpstreamFailed(f"the model sent what is no JSON object: {_beginning(data, key)}")
    return value


def _message(error: object, key: str) -> str:
    return hidden(str(error.get("message", error) if isinstance(error, dict) else error), [key])[:200]


def _beginning(data: str, key: str) -> str:
    return ascii(hidden(data, [key])[:60])  # hidden first: a part of a key is one too


async def _without_key(pieces: AsyncGenerator[str, None], key: str) -> AsyncGenerator[str, None]:
    """The same text without the key, also where it is cut: readers of the page were not given it.

    A short key is let through. It is the name of a program that wants none, such as "ollama", and a word in answers.
    """
    held = ""  # may be the beginning of the key
    async with aclosing(pieces):
        async for piece in pieces:
            text = held + piece if len(key) < MIN_KEY_LENGTH else (held + piece).replace(key, HIDDEN)
            sizes = range(min(len(key) - 1, len(text)), 0, -1) if len(key) >= MIN_KEY_LENGTH else ()
            size = next((size for size in sizes if text.endswith(key[:size])), 0)
            text, held = text[: len(text) - size], text[len(text) - size :]
            if text:
                yield text
    if held:
        yield held


async def _whole_characters(pieces: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """The same text, cut only between characters: JSON can cut a surrogate pair, and UTF-8 cannot."""
    half_character = ""
    async for piece in pieces:
        text = half_character + piece
        half_character = text[-1] if "\ud800" <= text[-1] <= "\udbff" else ""
        text = text.removesuffix(half_character).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        if text:
            yield text


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
