"""EventSource for Python: reads an event stream, reconnects and resumes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Any

import httpx

from labkit.client.body import read_body
from labkit.client.httpx_client import new_client
from labkit.client.retry_after import retry_after_s
from labkit.client.source import CLOSED, CONNECT_TIMEOUT_S, CONNECTING, OPEN, READ_TIMEOUT_S, Source, State
from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.errors import RetriesExhausted, StreamLost, StreamRejected, StreamStalled
from labkit.system.secrets import hidden, secrets_of, shown_url
from labkit.wire import Decoder, Event, Signal
from labkit.wire.decoder import MAX_EVENT_BYTES
from labkit.wire.session import (
    DEFAULT_RECONNECTION_MS,
    STANDARD,
    Answered,
    Ended,
    Outcome,
    Policy,
    Session,
    Stop,
    Unreachable,
    opens_stream,
)

#: As many as a log keeps by default: no server sends again what it has dropped.
MAX_RECENT_IDS = 1000


class EventSource(Source):
    """Iterate over it to get Events. It connects, reconnects and resumes by itself.

        async with EventSource(url) as source:
            async for event in source:
                print(event.data)

    Iterating ends without an error when the server answers 204, or after close().

    `state` is "connecting", "open" or "closed"; `last_event_id` is what the next request would send; `connections`
    counts the requests that were sent; `retry_in_s` is how long it waits before the next; `duplicates` counts the
    events that were dropped.

    Args:
        url: the stream's URL.
        method, headers, content, json: the request; browsers can only GET.
        last_event_id: where an earlier stream ended; "" begins with what is published next.
        policy: when to reconnect: STANDARD, RESILIENT or your own.
        reconnection_ms: the wait before a reconnection, until the server sends a `retry`.
        read_timeout_s: without a byte for so long, heartbeats counted, the peer is gone, and so it is if its head takes
            longer; None waits for ever.
        max_event_bytes: the largest event that is read.
        deduplicate: drops an event whose id was among the newest 1000. For streams in which each event has an id of its
            own. Events without any id always come through.
        on_state: called with the new state and the reason; each failed attempt is "connecting" again.
        on_signal: called with each signal, comments and ignored lines too.
        on_bytes: called with each chunk of the body.
        transport, clock, rng: replaced in tests.

    Raises:
        StreamRejected: the answer is not an event stream.
        StreamLost: the first attempt failed, and the policy allows no other; or the request cannot be sent.
        RetriesExhausted: the policy allows no further attempt.
        LimitExceeded: an event is larger than `max_event_bytes`, or (DecompressionBomb) a compressed body holds far
            more than it seems to; reconnecting would meet it again.

    Source: WHATWG HTML 9.2.2 to 9.2.4.
    """

    def __init__(
        self,
        url: str,
        *,
        method: str = "GET",
        headers: Mapping[str, str] | None = None,
        content: str | bytes | None = None,
        json: Any = None,
        last_event_id: str = "",
        policy: Policy = STANDARD,
        reconnection_ms: int = DEFAULT_RECONNECTION_MS,
        read_timeout_s: float | None = READ_TIMEOUT_S,
        max_event_bytes: int = MAX_EVENT_BYTES,
        deduplicate: bool = False,
        on_state: Callable[[State, str], object] | None = None,
        on_signal: Callable[[Signal], object] | None = None,
        on_bytes: Callable[[bytes], object] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = SYSTEM_CLOCK,
        rng: random.Random | None = None,
    ) -> None:
        super().__init__(url, on_state)
        self.retry_in_s = 0.0
        self._session = Session(last_event_id, reconnection_ms)
        self._policy = policy
        self._read_timeout_s = read_timeout_s
        self._max_event_bytes = max_event_bytes
        self.duplicates = 0
        self._recent_ids: dict[str, None] | None = {} if deduplicate else None  # the ids, oldest first
        self._on_signal, self._on_bytes = on_signal, on_bytes
        self._clock = clock
        self._rng = rng or random.Random()
        self._request = {"method": method, "content": content, "json": json}
        self._headers = {name.lower(): value for name, value in (headers or {}).items()}
        # In all: httpx counts each read anew, and a head may come letter by letter.
        self._head_timeout_s = None if read_timeout_s is None else CONNECT_TIMEOUT_S + read_timeout_s
        self._secrets = secrets_of(url, headers)
        timeout = httpx.Timeout(CONNECT_TIMEOUT_S, read=read_timeout_s)
        # trust_env=False: a proxy of the environment must not come between a learner and a server on loopback.
        self._http = new_client(url, transport=transport, timeout=timeout, follow_redirects=True)

    @property
    def last_event_id(self) -> str:
        """The id that the next request would send; "" before the first."""
        return self._session.last_event_id

    @property
    def reconnection_ms(self) -> int:
        """The wait before a reconnection, as the server's last `retry` has set it."""
        return self._session.reconnection_ms

    async def _release(self) -> None:
        await self._http.aclose()

    async def _run(self) -> AsyncGenerator[Event, None]:
        try:
            while self.state != CLOSED:
                attempt = _Attempt()
                async with aclosing(self._connect(attempt)) as events:
                    async for event in events:
                        yield event
                if self.state != CLOSED:
                    await self._wait_or_stop(attempt)
        finally:
            self._set_state(CLOSED, "finished")
            await self._http.aclose()

    async def _connect(self, attempt: _Attempt) -> AsyncGenerator[Event, None]:
        """The events of one connection; what became of it is left in `attempt`."""
        self.connections += 1
        try:
            async with (
                asyncio.timeout(self._head_timeout_s) as head_timeout,
                self._http.stream(url=self.url, headers=self._request_headers(), **self._request) as response,
            ):
                head_timeout.reschedule(None)
                content_type = response.headers.get("content-type")
                attempt.url = str(response.url)
                if not opens_stream(response.status_code, content_type):
                    after_s = retry_after_s(response.headers.get("retry-after", ""))
                    attempt.outcome = Answered(response.status_code, content_type, after_s)
                    return
                attempt.opened = True
                attempt.outcome = Ended()
                self._session = self._session.with_open_stream()
                self._set_state(OPEN, f"status {response.status_code}")
                async with aclosing(self._read(response)) as events:
                    async for event in events:
                        yield event
        except (httpx.ReadTimeout, TimeoutError):
            error = StreamStalled(self._read_timeout_s or 0.0)
            attempt.outcome = Ended(str(error)) if attempt.opened else Unreachable(str(error))
        except httpx.LocalProtocolError as problem:
            if attempt.opened or self.state == CLOSED:
                attempt.outcome = Ended(_reason(problem))
            else:  # the next attempt would send the same
                why = hidden(str(problem), self._secrets)  # h11 shows the whole value
                message = f"the request cannot be sent ({why}); its Last-Event-ID is {self.last_event_id!a}"
                raise StreamLost(message) from None
        except httpx.RequestError as problem:  # also redirects in a circle, and a body that cannot be decompressed
            attempt.outcome = Ended(_reason(problem)) if attempt.opened else Unreachable(_reason(problem))

    async def _read(self, response: httpx.Response) -> AsyncGenerator[Event, None]:
        decoder = Decoder(last_event_id=self.last_event_id, max_event_bytes=self._max_event_bytes)
        async for chunk in read_body(response):
            if self._on_bytes is not None:
                self._on_bytes(chunk)
            for signal in decoder.feed(chunk):
                # An event carries its own id. The decoder's is already that of the last one in this chunk.
                id = signal.last_event_id if isinstance(signal, Event) else self.last_event_id
                self._handle_signal(signal, id)
                if isinstance(signal, Event) and not self._is_duplicate(signal.last_event_id):
                    yield signal
                    if self.state == CLOSED:
                        return
            self._session = self._session.with_last_event_id(decoder.last_event_id)
        for signal in decoder.close():
            self._handle_signal(signal, self.last_event_id)

    def _handle_signal(self, signal: Signal, last_event_id: str) -> None:
        self._session = self._session.with_signal(signal, last_event_id)
        if self._on_signal is not None:
            self._on_signal(signal)

    def _is_duplicate(self, id: str) -> bool:
        if self._recent_ids is None or not id:
            return False
        if id in self._recent_ids:
            self.duplicates += 1
            return True
        self._recent_ids[id] = None
        if len(self._recent_ids) > MAX_RECENT_IDS:
            del self._recent_ids[next(iter(self._recent_ids))]
        return False

    async def _wait_or_stop(self, attempt: _Attempt) -> None:
        self._session, step = self._session.next_step(attempt.outcome, self._policy, self._rng.random())
        if isinstance(step, Stop):
            self._set_state(CLOSED, step.why)
            if step.error:
                raise self._error(step, attempt)
            return
        self.retry_in_s = step.seconds
        self._set_state(CONNECTING, f"{step.why}; next attempt in {step.seconds:.3g} s")
        await self._clock.sleep_s(step.seconds)
        self.retry_in_s = 0.0

    def _error(self, step: Stop, attempt: _Attempt) -> Exception:
        if isinstance(attempt.outcome, Answered) and attempt.outcome.status not in self._policy.retry_statuses:
            content_type = hidden(attempt.outcome.content_type or "", self._secrets) or None
            return StreamRejected(shown_url(attempt.url), attempt.outcome.status, content_type)
        why = hidden(step.why, self._secrets)
        if self._session.failures > 1 or self._session.opened_once:
            return RetriesExhausted(self._session.failures, why)
        return StreamLost(f"{shown_url(self.url)} cannot be reached: {why}")

    def _set_state(self, state: State, why: str) -> None:
        super()._set_state(state, hidden(why, self._secrets))

    def _request_headers(self) -> list[tuple[bytes, bytes]]:
        # Exactly this Accept: jupyter-server-proxy buffers the whole stream for any other.
        headers = {"accept": "text/event-stream", "cache-control": "no-cache", **self._headers}
        if self.last_event_id:
            headers["last-event-id"] = self.last_event_id.strip(" \t")  # as Fetch does: no header holds such an end
        return [(name.encode(), value.encode()) for name, value in headers.items()]  # UTF-8, as browsers send an id

    def __repr__(self) -> str:
        return f"<EventSource {self.state} {shown_url(self.url)} last_event_id={self.last_event_id!r}>"


class _Attempt:
    """What became of one connection."""

    def __init__(self) -> None:
        self.opened = False
        self.url = ""
        self.outcome: Outcome = Unreachable("nothing happened")


def _reason(problem: httpx.RequestError) -> str:
    if isinstance(problem, httpx.ConnectError):
        return f"no connection ({problem})" if str(problem) else "no connection"
    if isinstance(problem, httpx.RemoteProtocolError) and "incomplete" in str(problem):
        return "the connection broke in mid-response"  # no last chunk, or fewer bytes than Content-Length promised
    if isinstance(problem, httpx.RemoteProtocolError | httpx.ReadError):
        return f"the connection broke ({str(problem) or type(problem).__name__})"
    return f"{type(problem).__name__}: {problem}"
