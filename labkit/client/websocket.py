"""A client for events over a WebSocket: it does by hand what EventSource does by itself."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, Iterable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketError, websocket_connect

from labkit.client.facts import OPEN
from labkit.client.polling import PATIENT
from labkit.client.retry_after import retry_after_s
from labkit.client.source import CONNECT_TIMEOUT_S, READ_TIMEOUT_S, AttemptOver, OnState
from labkit.client.synchronous import SynchronousSource
from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.errors import NOT_JSON, LimitExceeded, StreamLost, StreamRejected
from labkit.system.secrets import shown_url
from labkit.wire import Event
from labkit.wire.decoder import MAX_EVENT_BYTES
from labkit.wire.session import DEFAULT_RECONNECTION_MS, Answered, Ended, Policy

#: tornado closes the connection on anything larger, decompressed, and tells its caller nothing (the peer gets 1009).
MAX_MESSAGE_BYTES = 8 * MAX_EVENT_BYTES


class WebSocketSource(SynchronousSource):
    """Iterate over it to get Events from a websocket() route. It reconnects and resumes as EventSource does.

    Args:
        url: the route's URL, with http:// or ws://.
        last_event_id: where an earlier client ended.
        policy: what it does after an attempt that failed.
        reconnection_ms: the wait before a reconnection.
        read_timeout_s: a peer that answers no ping for so long is gone.
        compression: offers permessage-deflate (RFC 7692).
        deduplicate: drops an event whose id was among the newest 1000.
        on_state: called with the new state and the StateReason.
        clock, rng: replaced in tests.

    Raises:
        StreamRejected: the server refused the handshake.
        StreamLost: the first attempt found nobody, or a message is no event.
        RetriesExhausted: a StreamLost; the policy allows no further attempt.
        LimitExceeded: a message is too large.

    Source: RFC 6455.
    """

    def __init__(
        self,
        url: str,
        *,
        last_event_id: str = "",
        policy: Policy = PATIENT,
        reconnection_ms: int = DEFAULT_RECONNECTION_MS,
        read_timeout_s: float = READ_TIMEOUT_S,
        compression: bool = False,
        deduplicate: bool = False,
        on_state: OnState | None = None,
        clock: Clock = SYSTEM_CLOCK,
        rng: random.Random | None = None,
    ) -> None:
        super().__init__(
            "ws" + url.removeprefix("http") if url.startswith("http") else url,
            last_event_id=last_event_id,
            policy=policy,
            reconnection_ms=reconnection_ms,
            deduplicate=deduplicate,
            on_state=on_state,
            clock=clock,
            rng=rng,
        )
        self._read_timeout_s = read_timeout_s
        self._compression: dict[str, Any] | None = {} if compression else None  # as tornado wants to hear it
        self._socket: WebSocketClientConnection | None = None

    async def _connect(self) -> AsyncGenerator[Iterable[Event], None]:
        try:
            socket = self._socket = await self._shake_hands()
        except HTTPClientError as problem:
            raise self._refused(problem) from None
        except (TimeoutError, OSError, StreamClosedError, WebSocketError) as problem:
            raise self._broken(str(problem)) from None
        self.status = 101
        self._open("status 101")
        try:
            while (message := await socket.read_message()) is not None:
                if len(message) > MAX_EVENT_BYTES:  # it would come again, and be too large again
                    raise LimitExceeded("one message", MAX_EVENT_BYTES, "No client here takes larger ones")
                yield self._take(message)
        finally:
            socket.close()
        raise AttemptOver(Ended("the socket closed"), None)

    def _take(self, message: str | bytes) -> Iterator[Event]:
        if isinstance(message, str) and message.startswith('{"id"') and '"data"' not in message:  # where it begins
            self._session = self._session.with_last_event_id(str(json.loads(message)["id"]))
            return
        event = self.event(message)
        self._session = self._session.with_signal(event, event.last_event_id or self.last_event_id)
        yield event

    def _refused(self, problem: HTTPClientError) -> AttemptOver:
        if problem.code == 599:  # tornado's number for "no answer"
            return self._broken(str(problem))
        self.status = problem.code
        headers = problem.response.headers if problem.response is not None else {}
        outcome = Answered(problem.code, headers.get("Content-Type"), retry_after_s(headers.get("Retry-After", "")))
        return AttemptOver(outcome, StreamRejected(shown_url(self.url), problem.code, None))

    def event(self, message: str | bytes) -> Event:
        """The Event that a message holds.

        Raises:
            StreamLost: the message is no event in JSON.
        """
        try:
            value = json.loads(message)
            return Event(str(value["data"]), str(value["type"]), str(value["id"]))
        except (*NOT_JSON, LookupError, TypeError):
            raise StreamLost(f"{shown_url(self.url)} sent what is no event in JSON: {message[:60]!r}") from None

    async def send(self, text: str) -> None:
        """Sends a text message to the server.

        Raises:
            StreamLost: the socket is not open.
        """
        if self._socket is None or self.state != OPEN:
            raise StreamLost(f"{shown_url(self.url)} is not open: wait until its state is {OPEN!r}")
        try:
            await self._socket.write_message(text)
        except WebSocketClosedError:
            raise StreamLost(f"{shown_url(self.url)} is gone") from None

    async def _shake_hands(self) -> WebSocketClientConnection:
        query = urlencode({"since": self.last_event_id}) if self.last_event_id else ""
        url = self.url + (("&" if urlsplit(self.url).query else "?") + query if query else "")
        ping_interval_s = self._read_timeout_s / 3
        handshake = asyncio.ensure_future(
            websocket_connect(
                HTTPRequest(url, connect_timeout=CONNECT_TIMEOUT_S),
                ping_interval=ping_interval_s,
                ping_timeout=ping_interval_s,
                max_message_size=MAX_MESSAGE_BYTES,
                compression_options=self._compression,
            )
        )
        try:
            socket: WebSocketClientConnection = await asyncio.shield(handshake)
        except asyncio.CancelledError:
            handshake.add_done_callback(_close_late_socket)  # a socket that opens after all would stay open for ever
            raise
        socket.protocol.set_nodelay(True)  # type: ignore[union-attr]
        return socket

    async def _release(self) -> None:
        if self._socket is not None:
            self._socket.close()


def _close_late_socket(handshake: asyncio.Future[WebSocketClientConnection]) -> None:
    if not handshake.cancelled() and handshake.exception() is None:
        handshake.result().close()
