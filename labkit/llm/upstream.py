"""A real model behind the same server: whatever speaks OpenAI's dialect."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from labkit.client.http import new_client
from labkit.errors import LabError
from labkit.wire import Decoder, Event
from labkit.wire.session import opens

#: Where the key is taken from. It is sent to the upstream, and nowhere printed or stored.
KEY_VARIABLE = "LABKIT_UPSTREAM_KEY"
CONNECT_TIMEOUT_S = 10.0
READ_TIMEOUT_S = 60.0  # a large model may think for long before its first token


class UpstreamFailed(LabError):
    """The model behind could not be asked, or stopped in the middle."""


@dataclass(frozen=True)
class Upstream:
    """A server that speaks OpenAI's dialect, by its base URL (http://localhost:11434/v1 for Ollama), and a model of it:
    without a name the first that it lists.

    Raises:
        LabError: the URL is none, or the key is nothing that a header can hold.
    """

    base_url: str
    model: str = ""
    key: str = field(default_factory=lambda: os.environ.get(KEY_VARIABLE, ""), repr=False)

    def __post_init__(self) -> None:
        if urlsplit(self.base_url).scheme not in ("http", "https") or not urlsplit(self.base_url).hostname:
            raise LabError(f"{self.base_url!r} is no base URL. One looks like http://localhost:11434/v1")
        if not (self.key.isascii() and (self.key + "x").isprintable()):  # told without the key itself
            raise LabError(f"the key in {KEY_VARIABLE} holds a line break, or what is no ASCII. Copy it once more")

    def url(self, path: str) -> str:
        """Where it is asked for this."""
        base = self.base_url.rstrip("/")
        return f"{base}{'' if urlsplit(base).path else '/v1'}/{path}"

    async def tokens(self, prompt: str) -> AsyncGenerator[str, None]:
        """The answer, piece by piece.

        Raises:
            UpstreamFailed: with what went wrong, in a sentence for the page.
        """
        headers = {"Authorization": f"Bearer {self.key}"} if self.key else {}
        # No EventSource here: it would come back after a break, and ask (and pay) for a second answer.
        timeout = httpx.Timeout(CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
        opened = False
        try:
            async with new_client(self.base_url, timeout=timeout, headers=headers) as client:
                model = self.model or await self._first_model(client)
                request = {"model": model, "stream": True, "messages": [{"role": "user", "content": prompt}]}
                async with client.stream("POST", self.url("chat/completions"), json=request) as response:
                    content_type = response.headers.get("content-type")
                    if not opens(response.status_code, content_type):
                        raise UpstreamFailed(_refused(self.base_url, response.status_code, content_type))
                    opened = True
                    async with aclosing(_pieces(response)) as pieces:
                        async for text in pieces:
                            yield text
        except httpx.HTTPError as problem:
            where = "broke in the middle of the answer" if opened else "cannot be made"
            raise UpstreamFailed(f"the connection to the model at {self.base_url} {where} ({problem})") from None

    async def _first_model(self, client: httpx.AsyncClient) -> str:
        response = await client.get(self.url("models"))
        content_type = response.headers.get("content-type")
        if response.status_code != 200:
            raise UpstreamFailed(_refused(self.base_url, response.status_code, content_type))
        try:
            return str(response.json()["data"][0]["id"])
        except (ValueError, LookupError, TypeError):
            told = f"{self.base_url} lists no model (it sent {content_type}). Is it a model's server?"
            raise UpstreamFailed(f"{told} If so, name one with --model") from None


async def _pieces(response: httpx.Response) -> AsyncGenerator[str, None]:
    decoder = Decoder()
    async for data in response.aiter_bytes():
        for signal in decoder.feed(data):
            if not isinstance(signal, Event):
                continue
            if signal.data == "[DONE]":
                return
            value = _json(signal.data)
            if "error" in value:
                raise UpstreamFailed(f"the model says: {_message(value['error'])}")
            for choice in value.get("choices") or []:
                text = (choice.get("delta") or {}).get("content")
                if text:
                    yield text
    raise UpstreamFailed("the model's answer ended without [DONE]: it may be cut off")


def _json(data: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise UpstreamFailed(f"the model sent what is no JSON object: {data[:60]!a}")
    return value


def _message(error: object) -> str:
    return str(error.get("message", error) if isinstance(error, dict) else error)[:200]


def _refused(base_url: str, status: int, content_type: str | None) -> str:
    if status in (401, 403):
        return f"the model at {base_url} refuses the key (status {status}). Set {KEY_VARIABLE}, and start again"
    if status == 404:
        return f"{base_url} knows no chat completions, or not this model (404). A base URL ends with /v1, mostly"
    if status == 429:
        return f"the model at {base_url} has had too many requests (429). Wait a little, and ask again"
    kind = content_type or "no Content-Type"
    return f"{base_url} answered status {status} with {kind}, and no event stream. Is it a model's server?"
