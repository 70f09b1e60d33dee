"""Clients for polling and long polling: they do by hand what an event stream does by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

import httpx

from labkit.client.body import read_whole
from labkit.client.httpx_client import new_client
from labkit.client.source import CLOSED, CONNECT_TIMEOUT_S, CONNECTING, OPEN, READ_TIMEOUT_S, Source, State
from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.errors import NOT_JSON, StreamLost, StreamRejected
from labkit.system.secrets import shown_url
from labkit.wire import Event
from labkit.wire.session import DEFAULT_RECONNECTION_MS, FLOOR_MS

#: A server that has nothing new, and says so at once, is not asked again at full speed.
FLOOR_S = FLOOR_MS / 1000


class Polling(Source):
    """Iterate over it to get Events from a polling() route, which it asks every `every_s` seconds.

    With `every_s` zero it asks a long_polling() route, at once after each answer that has events or took its time.
    States and resuming are those of EventSource. `requests` counts the requests, `empty_answers` the answers without an
    event.

    Args:
        url: the route's URL.
        every_s: the wait between two requests.
        last_event_id: where an earlier client ended.
        reconnection_ms: the wait after a request that failed.
        read_timeout_s: how long an answer may take.
        on_state: called with the new state and the reason.
        transport, clock: replaced in tests.

    Raises:
        StreamRejected: the answer is neither events nor "nothing new".
        StreamLost: the first request found nobody, or an answer is no JSON of this kind.
        LimitExceeded: an answer is larger than MAX_ANSWER_BYTES.
    """

    def __init__(
        self,
        url: str,
        *,
        every_s: float = 1.0,
        last_event_id: str = "",
        reconnection_ms: int = DEFAULT_RECONNECTION_MS,
        read_timeout_s: float = READ_TIMEOUT_S,
        on_state: Callable[[State, str], object] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        super().__init__(url, on_state)
        self.last_event_id = last_event_id
        self.requests = 0
        self.empty_answers = 0
        self._opened = False
        self._etag = ""  # of the newest answer
        self._every_s, self._reconnection_s = every_s, reconnection_ms / 1000
        self._clock = clock
        self._read_timeout_s = read_timeout_s
        timeout = httpx.Timeout(CONNECT_TIMEOUT_S, read=read_timeout_s)
        self._http = new_client(url, transport=transport, timeout=timeout)

    async def _run(self) -> AsyncGenerator[Event, None]:
        try:
            while self.state != CLOSED:
                try:
                    async with aclosing(self._poll()) as events:
                        async for event in events:
                            yield event
                except (httpx.RequestError, TimeoutError) as problem:
                    if not self._opened:
                        raise StreamLost(f"{shown_url(self.url)} cannot be reached: {problem}") from None
                    self._set_state(
                        CONNECTING, f"{type(problem).__name__}; next attempt in {self._reconnection_s:.3g} s"
                    )
                    await self._clock.sleep_s(self._reconnection_s)
        finally:
            self._set_state(CLOSED, "finished")
            await self._http.aclose()

    async def _poll(self) -> AsyncGenerator[Event, None]:
        self.connections += 1
        while self.state != CLOSED:
            asked_s = self._clock.now_s()
            events, last_id = await self._request_events()
            self._set_state(OPEN, "an answer")
            self._opened = True
            for event in events:
                self.last_event_id = event.last_event_id or self.last_event_id
                yield event
                if self.state == CLOSED:
                    return
            self.last_event_id = last_id
            if self._every_s:
                await self._clock.sleep_s(self._every_s)
            elif not events and (rest_s := asked_s + FLOOR_S - self._clock.now_s()) > 0:
                await self._clock.sleep_s(rest_s)

    async def _request_events(self) -> tuple[list[Event], str]:
        """The events of one answer, and where to go on."""
        headers = {"If-None-Match": self._etag} if self._etag else {}
        self.requests += 1
        since = {"since": self.last_event_id}
        async with (
            asyncio.timeout(self._read_timeout_s),  # in all: httpx counts each read anew
            self._http.stream("GET", self.url, params=since, headers=headers) as response,
        ):
            if response.status_code == 304:
                self.empty_answers += 1
                return [], self.last_event_id
            if response.status_code != 200:
                raise StreamRejected(shown_url(self.url), response.status_code, response.headers.get("content-type"))
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
