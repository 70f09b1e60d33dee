"""EventSource for Python: reads an event stream, reconnects and resumes."""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import random
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing
from typing import Any

import httpx

from labkit.client.body import read_body
from labkit.client.facts import CLOSED
from labkit.client.httpx_client import new_client, send_request
from labkit.client.retry_after import retry_after_s
from labkit.client.source import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, AttemptOver, OnState
from labkit.client.synchronous import SynchronousSource
from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.errors import LabError, StreamLost, StreamRejected, StreamStalled
from labkit.recording.decompress import accept_encoding
from labkit.system.secrets import hidden, secrets_of, shown_url
from labkit.wire import Decoder, Event, Signal
from labkit.wire.decoder import MAX_EVENT_BYTES
from labkit.wire.session import (
    DEFAULT_RECONNECTION_MS,
    STANDARD,
    Answered,
    Policy,
    opens_stream,
)

#: Methods that change nothing on the server, and may be sent again by themselves. Source: RFC 9110, 9.2.1; the HTTP
#: Method Registry of IANA.
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "REPORT", "SEARCH", "QUERY"})
_NOT_AGAIN = "It is not asked for again: that could be another answer, and cost again. resend=True asks again"

Headers = Mapping[str, str]


class EventSource(SynchronousSource):
    """Iterate over it to get Events. It connects, reconnects and resumes by itself.

        async with EventSource(url) as source:
            async for event in source:
                print(event.data)

    A script without an event loop leaves out both `async`: then it runs on a thread of its own.

    Iterating ends without an error when the server answers 204, after the event that `done` tells, and after close().
    A request whose method is not safe, such as POST, is sent once: it ends with the response, and raises StreamLost if
    that breaks.

    Beside what Source tells, `response_headers` are those of the newest response, an httpx.Headers, or None.

    Args:
        url: the stream's URL.
        method, content, json: the request; browsers can only GET.
        headers: headers of your own, or a function, plain or async, that gives them: it is asked before each attempt,
            and once more after a 401.
        last_event_id: where an earlier stream ended; "" begins with what is published next.
        policy: when to reconnect: STANDARD, RESILIENT or your own.
        resend: sends a request with a method that is not safe again, after a break and after an end.
        done: the event that ends the stream for good: its type, or "[DONE]" for that data, or a function of the event.
            It is the last event that you get.
        reconnection_ms: the wait before a reconnection, until the server sends a `retry`.
        read_timeout_s: without a byte for so long, heartbeats counted, the peer is gone, and so it is if its head takes
            longer; None waits for ever.
        max_event_bytes: the largest event that is read; None: no limit.
        deduplicate: drops an event whose id was among the newest 1000. For streams in which each event has an id of its
            own. Events without any id always come through.
        on_state: called with the new state and its StateReason, a sentence with facts; each failed attempt is
            "connecting" again.
        on_signal: called with each signal, comments and ignored lines too.
        on_bytes: called with each chunk of the body.
        verify: whether the server's certificate is checked, or TLS settings of your own.
        client: an httpx.AsyncClient of your own, which stays open. Its proxies, certificates and cookies are used.
        transport, clock, rng: replaced in tests.

    Raises:
        StreamRejected: the answer is not an event stream.
        StreamLost: the first attempt failed, and the policy allows no other; or the request cannot be sent; or it is
            sent once, and the connection broke.
        StreamStalled: a StreamLost; no byte came for `read_timeout_s`.
        RetriesExhausted: a StreamLost; the policy allows no further attempt.
        LimitExceeded: an event is larger than `max_event_bytes`, or (DecompressionBomb) a compressed body holds far
            more than it seems to; reconnecting would meet it again.

    Source: WHATWG HTML 9.2.2 to 9.2.4.
    """

    def __init__(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Headers | Callable[[], Headers | Awaitable[Headers]] | None = None,
        content: str | bytes | None = None,
        json: Any = None,
        last_event_id: str = "",
        policy: Policy = STANDARD,
        resend: bool = False,
        done: str | Callable[[Event], bool] | None = None,
        reconnection_ms: int = DEFAULT_RECONNECTION_MS,
        read_timeout_s: float | None = READ_TIMEOUT_S,
        max_event_bytes: int | None = MAX_EVENT_BYTES,
        deduplicate: bool = False,
        on_state: OnState | None = None,
        on_signal: Callable[[Signal], object] | None = None,
        on_bytes: Callable[[bytes], object] | None = None,
        verify: bool | ssl.SSLContext = True,
        client: httpx.AsyncClient | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = SYSTEM_CLOCK,
        rng: random.Random | None = None,
    ) -> None:
        super().__init__(
            url,
            last_event_id=last_event_id,
            policy=policy if resend or method.upper() in SAFE_METHODS else dataclasses.replace(policy, resend=False),
            reconnection_ms=reconnection_ms,
            deduplicate=deduplicate,
            on_state=on_state,
            clock=clock,
            rng=rng,
        )
        self.response_headers: httpx.Headers | None = None
        self._read_timeout_s = read_timeout_s
        self._max_event_bytes = max_event_bytes
        self._on_signal, self._on_bytes = on_signal, on_bytes
        self._request = {"method": method, "content": content, "json": json}
        self._headers = headers
        self._is_done = _done_test(done)
        self._timeout = httpx.Timeout(CONNECT_TIMEOUT_S, read=read_timeout_s)
        # In all: httpx counts each read anew, and a head may come letter by letter.
        self._head_timeout_s = None if read_timeout_s is None else CONNECT_TIMEOUT_S + read_timeout_s
        self._http = client or new_client(url, verify=verify, transport=transport)
        self._owns_client = client is None

    async def _release(self) -> None:
        if self._owns_client:
            await self._http.aclose()

    async def _connect(self) -> AsyncGenerator[Iterable[Event], None]:
        response = None
        try:
            response = await self._ask()
            self._open(f"status {response.status_code}")
            decoder = Decoder(last_event_id=self.last_event_id, max_event_bytes=self._max_event_bytes)
            async with aclosing(read_body(response)) as chunks:
                async for chunk in chunks:
                    if self._on_bytes is not None:
                        self._on_bytes(chunk)
                    yield self._read(decoder, chunk)
            for signal in decoder.close():
                self._handle_signal(signal, self.last_event_id)
            if self._is_done is not None and not self._policy.resend:
                raise self._lost("the response ended before the event that means its end")
        except (httpx.RequestError, TimeoutError) as problem:  # also a body that cannot be decompressed
            raise self._over(problem) from None
        finally:
            if response is not None:
                await response.aclose()

    async def _ask(self) -> httpx.Response:
        """The response, which is an event stream.

        Raises:
            AttemptOver: it is none.
        """
        for is_last in (not callable(self._headers), True):
            headers = await self._request_headers()
            request = self._http.build_request(url=self.url, headers=headers, timeout=self._timeout, **self._request)
            async with asyncio.timeout(self._head_timeout_s):
                response = await send_request(self._http, request)
            self.status, self.response_headers = response.status_code, response.headers
            content_type = response.headers.get("content-type")
            if opens_stream(response.status_code, content_type):
                return response
            await response.aclose()
            if is_last or response.status_code != 401:
                break
            self.connections += 1  # with new headers: a token may have run out
        shown_type = hidden(content_type or "", self._secrets) or None
        outcome = Answered(response.status_code, content_type, retry_after_s(response.headers.get("retry-after", "")))
        error = StreamRejected(shown_url(str(response.url)), response.status_code, shown_type)
        raise AttemptOver(outcome, error)

    async def _request_headers(self) -> list[tuple[bytes, bytes]]:
        given: Any = self._headers() if callable(self._headers) else self._headers or {}
        own: Headers = await given if inspect.isawaitable(given) else given
        self._secrets = secrets_of(self.url, own)
        # Exactly this Accept: jupyter-server-proxy buffers the whole stream for any other.
        headers = {"accept": "text/event-stream", "accept-encoding": accept_encoding(), "cache-control": "no-cache"}
        headers |= {name.lower(): value for name, value in own.items()}
        if self.last_event_id:
            headers["last-event-id"] = self.last_event_id.strip(" \t")  # as Fetch does: no header holds such an end
        return [(name.encode(), value.encode()) for name, value in headers.items()]  # UTF-8, as browsers send an id

    def _read(self, decoder: Decoder, chunk: bytes) -> Iterator[Event]:
        for signal in decoder.feed(chunk):
            # An event carries its own id. The decoder's is already that of the last one in this chunk.
            id = signal.last_event_id if isinstance(signal, Event) else self.last_event_id
            self._handle_signal(signal, id)
            if isinstance(signal, Event):
                if self._is_done is not None and self._is_done(signal):
                    self._set_state(CLOSED, f"the event {signal.type!r} ends the stream")
                    yield signal
                    return
                yield signal
        self._session = self._session.with_last_event_id(decoder.last_event_id)

    def _handle_signal(self, signal: Signal, last_event_id: str) -> None:
        self._session = self._session.with_signal(signal, last_event_id)
        if self._on_signal is not None:
            self._on_signal(signal)

    def _over(self, problem: Exception) -> AttemptOver | LabError:
        """What a failed request, or a body that broke, means."""
        if isinstance(problem, httpx.LocalProtocolError) and not self._opened:  # the next attempt would send the same
            why = hidden(str(problem), self._secrets)  # h11 shows the whole value
            return StreamLost(f"the request cannot be sent ({why}); its Last-Event-ID is {self.last_event_id!a}")
        if isinstance(problem, httpx.ReadTimeout | TimeoutError):
            stalled = StreamStalled(self._read_timeout_s or 0.0)
            return self._broken(str(stalled), stalled)
        sent = not isinstance(problem, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
        return self._lost(_reason(problem), sent)

    def _lost(self, why: str, sent: bool = True) -> AttemptOver:
        why = hidden(why, self._secrets)
        advice = f". {_NOT_AGAIN}" if sent and not self._policy.resend else ""
        return self._broken(why, StreamLost(f"{shown_url(self.url)}: {why}{advice}"), sent)


def _done_test(done: str | Callable[[Event], bool] | None) -> Callable[[Event], bool] | None:
    if done is None or callable(done):
        return done
    return lambda event: event.type == done or event.data == done == "[DONE]"


def _reason(problem: Exception) -> str:
    if isinstance(problem, httpx.ConnectError):
        return f"no connection ({problem})" if str(problem) else "no connection"
    if isinstance(problem, httpx.RemoteProtocolError) and "incomplete" in str(problem):
        return "the connection broke in mid-response"  # no last chunk, or fewer bytes than Content-Length promised
    if isinstance(problem, httpx.RemoteProtocolError | httpx.ReadError):
        return f"the connection broke ({str(problem) or type(problem).__name__})"
    return f"{type(problem).__name__}: {problem}"
