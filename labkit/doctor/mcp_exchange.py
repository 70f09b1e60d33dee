"""Single requests to an MCP endpoint, and what was answered to each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx

from labkit.client import ResponseRecorder, watch
from labkit.dialects.json_values import object_in
from labkit.doctor.mcp_visit import message_text
from labkit.doctor.request import Request
from labkit.errors import LimitExceeded
from labkit.recording import Recording
from labkit.wire import Decoder, Event

#: A question without effect is answered soon, or something holds the answer.
EXCHANGE_S = 5.0
BOTH = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
CLIENT = {"name": "labkit doctor", "version": "1"}
#: The page of a DNS rebinding: its name is nobody's (RFC 6761), and is meant to lead here.
ELSEWHERE = "rebound.invalid"


@dataclass
class McpExchanges:
    """Sends single requests to an MCP endpoint, and records each answer.

    Args:
        request: the request, for its URL and its headers.
        seconds: how long a stream is watched.
        patience_s: how much longer one waits, in seconds, where not even a head came.
    """

    request: Request
    seconds: float
    patience_s: float = 0.0

    async def send(
        self,
        content: bytes | None,
        headers: Mapping[str, str] = MappingProxyType({}),
        *,
        url: str = "",
        method: str = "POST",
        seconds: float | None = None,
        stop_when: Callable[[ResponseRecorder], bool] = lambda watching: False,
    ) -> Recording | None:
        """The answer; None if the connection was refused, took too long, or was closed without one.

        With `seconds` it is watched for so long, as a stream is; else until it ends, EXCHANGE_S at most.
        """
        heads: list[httpx.Response] = []
        question_s = min(self.seconds + self.patience_s, EXCHANGE_S)
        for _ in range(2):  # a request that was never sent says nothing about the answer
            try:
                answer = await watch(
                    url or self.request.url,
                    question_s if seconds is None else seconds,
                    method=method,
                    headers=self.request.all_headers({**(BOTH if content is not None else {}), **headers}),
                    content=content,
                    verify=self.request.verify,
                    stop_when=stop_when,
                    on_answer=heads.append,
                    patience_s=0.0 if seconds is None else self.patience_s,
                    enough=lambda watching: bool(heads),
                )
            except (httpx.HTTPError, httpx.InvalidURL, UnicodeError, OverflowError, ExceptionGroup):
                return None
            if answer.status or answer.sent_s:
                return answer
        return None

    async def ask(
        self, method: str, number: int, params: dict[str, Any], headers: Mapping[str, str]
    ) -> Recording | None:
        """The answer to a request of JSON-RPC, watched until the message with its id has come."""
        return await self.send(message_text(method, number, params), headers, stop_when=AnswerSeen(number))

    @property
    def stranger(self) -> McpExchanges | None:
        """The same, sent by a page that lets its own name lead here: without our keys, with its Host and its Origin.

        None where the URL holds what such a page would not know, and another host at that address need not learn.
        """
        parts = urlsplit(self.request.url)
        if parts.query or "@" in parts.netloc:
            return None
        host = f"{ELSEWHERE}:{parts.port}" if parts.port else ELSEWHERE
        origin = f"{parts.scheme}://{host}"
        request = Request(self.request.url, {"Host": host}, origin=origin, verify=self.request.verify)
        return McpExchanges(request, self.seconds, self.patience_s)


class AnswerSeen:
    """Called with a recorder after each piece; True when the JSON-RPC message with this id has come in an event."""

    def __init__(self, number: int) -> None:
        self._decoder, self._number = Decoder(), number

    def __call__(self, watching: ResponseRecorder) -> bool:
        try:
            signals = self._decoder.feed(watching.newest)
        except LimitExceeded:
            return True
        values = [object_in(signal.data) or {} for signal in signals if isinstance(signal, Event)]
        return any(value.get("id") == self._number and "method" not in value for value in values)
