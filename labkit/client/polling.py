"""Clients for polling and long polling: they do by hand what an event stream does by itself."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
from collections.abc import AsyncGenerator, Iterable, Iterator

import httpx

from labkit.client.body import read_whole
from labkit.client.facts import CLOSED
from labkit.client.httpx_client import new_client
from labkit.client.retry_after import retry_after_s
from labkit.client.source import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, AttemptOver, OnState
from labkit.client.synchronous import SynchronousSource
from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.errors import NOT_JSON, StreamLost, StreamRejected
from labkit.system.secrets import shown_url
from labkit.wire import Event
from labkit.wire.session import (
    DEFAULT_RECONNECTION_MS,
    FLOOR_MS,
    RESILIENT,
    STANDARD,
    Answered,
    Policy,
)

#: A server that has nothing new, and says so at once, is not asked again at full speed.
FLOOR_S = FLOOR_MS / 1000
#: What no browser brings: it waits as a browser's EventSource does, and outlives a bad moment of the server. (No
#: standard says what polling does at a 502.)
PATIENT = dataclasses.replace(STANDARD, name="patient", retry_statuses=RESILIENT.retry_statuses, must_open_first=True)


class Polling(SynchronousSource):
    """Iterate over it to get Events from a polling() route, which it asks every `every_s` seconds.

    With `every_s` zero it asks a long_polling() route, at once after each answer that has events or took its time.
    States, resuming and coming back are those of Source. `requests` counts the requests, `empty_answers` the answers
    without an event.

    Args:
        url: the route's URL.
        every_s: the wait between two requests.
        last_event_id: where an earlier client ended.
        policy: what it does after a request that failed.
        reconnection_ms: the wait after a request that failed.
        read_timeout_s: how long an answer may take.
        deduplicate: drops an event whose id was among the newest 1000.
        on_state: called with the new state and the StateReason.
        transport, clock, rng: replaced in tests.

    Raises:
        StreamRejected: the answer is neither events nor "nothing new".
        StreamLost: the first request found nobody, or an answer is no JSON of this kind.
        RetriesExhausted: a StreamLost; the policy allows no further attempt.
        LimitExceeded: an answer is larger than MAX_ANSWER_BYTES.
    """

    def __init__(
        self,
        url: str,
        *,
        every_s: float = 1.0,
        last_event_id: str = "",
        policy: Policy = PATIENT,
        reconnection_ms: int = DEFAULT_RECONNECTION_MS,
        read_timeout_s: float = READ_TIMEOUT_S,
        deduplicate: bool = False,
        on_state: OnState | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = SYSTEM_CLOCK,
        rng: random.Random | None = None,
    ) -> None:
        super().__init__(
            url,
            last_event_id=last_event_id,
            policy=policy,
            reconnection_ms=reconnection_ms,
            deduplicate=deduplicate,
            on_state=on_state,
            clock=clock,
            rng=rng,
        )
        self.requests = 0
        self.empty_answers = 0
        self._etag = ""  # of the newest answer
        self._every_s = every_s
        self._read_timeout_s = read_timeout_s
        timeout = httpx.Timeout(CONNECT_TIMEOUT_S, read=read_timeout_s)
        self._http = new_client(url, transport=transport, timeout=timeout)

    async def _connect(self) -> AsyncGenerator[Iterable[Event], None]:
        while self.state != CLOSED:
            asked_s = self._clock.now_s()
            try:
                events, last_id = await self._request_events()
            except (httpx.RequestError, TimeoutError) as problem:
                raise self._broken(f"{type(problem).__name__}: {problem}".rstrip(": ")) from None
            self._open("an answer")
            self._session = self._session.with_success()
            yield self._take(events, last_id)
            if self._every_s:
                await self._clock.sleep_s(self._every_s)
            elif not events and (rest_s := asked_s + FLOOR_S - self._clock.now_s()) > 0:
                await self._clock.sleep_s(rest_s)

    def _take(self, events: list[Event], last_id: str) -> Iterator[Event]:
        for event in events:
            self._session = self._session.with_signal(event, event.last_event_id or self.last_event_id)
            yield event
        self._session = self._session.with_last_event_id(last_id)

    async def _request_events(self) -> tuple[list[Event], str]:
        """The events of one answer, and where to go on."""
        headers = {"If-None-Match": self._etag} if self._etag else {}
        self.requests += 1
        since = {"since": self.last_event_id}
        async with (
            asyncio.timeout(self._read_timeout_s),  # in all: httpx counts each read anew
            self._http.stream("GET", self.url, params=since, headers=headers) as response,
        ):
            self.status = response.status_code
            if response.status_code == 304:
                self.empty_answers += 1
                return [], self.last_event_id
            if response.status_code != 200:
                raise self._refused(response)
            body = await read_whole(response)
        try:
            answer = json.loads(body)
            events = [Event(str(item["data"]), str(item["type"]), str(item["id"])) for item in answer["events"]]
            last_id = str(answer["last"] or "")
        except (*NOT_JSON, LookupError, TypeError):
            raise StreamLost(f"{shown_url(self.url)} sent what is no answer to polling: {body[:60]!r}") from None
        self._etag = response.headers.get("ETag", "")
        self.empty_answers += not events
        return events, last_id

    def _refused(self, response: httpx.Response) -> AttemptOver:
        content_type = response.headers.get("content-type")
        wait_s = retry_after_s(response.headers.get("retry-after", ""))
        error = StreamRejected(shown_url(self.url), response.status_code, content_type)
        return AttemptOver(Answered(response.status_code, content_type, wait_s), error)

    async def _release(self) -> None:
        await self._http.aclose()


class LongPolling(Polling):
    """Iterate over it to get Events from a long_polling() route: the server waits, not the client.

    Args:
        url: the route's URL.
        settings: as for Polling, except `every_s`.
    """

    def __init__(self, url: str, **settings: object) -> None:
        super().__init__(url, every_s=0.0, **settings)  # type: ignore[arg-type]
