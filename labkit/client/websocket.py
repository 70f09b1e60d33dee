"""A client for events over a WebSocket: it does by hand what EventSource does by itself."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any
from urllib.parse import urlencode, urlsplit

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, WebSocketError, websocket_connect

from labkit.client.source import CLOSED, CONNECT_TIMEOUT_S, CONNECTING, OPEN, READ_TIMEOUT_S, Source, State
from labkit.clock import SYSTEM_CLOCK, Clock
from labkit.errors import NOT_JSON, LimitExceeded, StreamLost, StreamRejected
from labkit.system.secrets import shown_url
from labkit.wire import Event
from labkit.wire.decoder import MAX_EVENT_BYTES
from labkit.wire.session import DEFAULT_RECONNECTION_MS

#: tornado closes the connection on anything larger, decompressed, and tells nobody why.
MAX_MESSAGE_BYTES = 8 * MAX_EVENT_BYTES


class WebSocketSource(Source):
    """Iterate over it to get Events from a websocket() route. It reconnects and resumes as EventSource does.

    Args:
        url: the route's URL, with http:// or ws://.
        last_event_id: where an earlier client ended.
        reconnection_ms: the wait before a reconnection.
        read_timeout_s: a peer that answers no ping for so long is gone.
        compression: offers permessage-deflate (RFC 7692).
        on_state: called with the new state and the reason.
        clock: replaced in tests.

    Raises:
        StreamRejected: the server refused the handshake.
        StreamLost: the first attempt found nobody, or a message is no event.
        LimitExceeded: a message is too large.

    Source: RFC 6455.
    """

    def __init__(
        self,
        url: str,
        *,
        last_event_id: str = "",
        reconnection_ms: int = DEFAULT_RECONNECTION_MS,
        read_timeout_s: float = READ_TIMEOUT_S,
        compression: bool = False,
        on_state: Callable[[State, str], object] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        super().__init__("ws" + url.removeprefix("http") if url.startswith("http") else url, on_state)
        self.last_event_id = last_event_id
        self._reconnection_s, self._read_timeout_s = reconnection_ms / 1000, read_timeout_s
        self._compression: dict[str, Any] | None = {} if compression else None  # as tornado wants to hear it
        self._clock = clock
        self._socket: WebSocketClientConnection | None = None

    async def _run(self) -> AsyncGenerator[Event, None]:
        try:
            while self.state != CLOSED:
                async with aclosing(self._messages()) as events:
                    async for event in events:
                        self.last_event_id = event.last_event_id or self.last_event_id
                        yield event
                if self.state != CLOSED:
                    self._set_state(CONNECTING, f"the socket closed; next attempt in {self._reconnection_s:.3g} s")
                    await self._clock.sleep_s(self._reconnection_s)
        finally:
            self._set_state(CLOSED, "finished")
            await self._release()

    async def _messages(self) -> AsyncGenerator[Event, None]:
        """The messages of one connection."""
        self.connections += 1
        try:
            self._socket = await self._connect()
        except HTTPClientError as problem:
            if problem.code != 599:  # tornado's number for "no answer"
                raise StreamRejected(shown_url(self.url), problem.code, None) from None
            self._raise_if_first_attempt(problem)
            return
        except (TimeoutError, OSError, StreamClosedError, WebSocketError) as problem:
            self._raise_if_first_attempt(problem)
            return
        self._set_state(OPEN, "status 101")
        while (message := await self._socket.read_message()) is not None:
            if len(message) > MAX_EVENT_BYTES:  # it would come again, and be too large again
                raise LimitExceeded("one message", MAX_EVENT_BYTES, "No client here takes larger ones")
            yield self.event(message)
            if self.state == CLOSED:
                return

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

    async def _connect(self) -> WebSocketClientConnection:
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

    def _raise_if_first_attempt(self, problem: Exception) -> None:
        if self.connections == 1:
            raise StreamLost(f"{shown_url(self.url)} cannot be reached: {problem}") from None

    async def _release(self) -> None:
        if self._socket is not None:
            self._socket.close()


def _close_late_socket(handshake: asyncio.Future[WebSocketClientConnection]) -> None:
    if not handshake.cancelled() and handshake.exception() is None:
        handshake.result().close()
