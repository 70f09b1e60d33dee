"""The ASGI app: the routes of a tornado server of ours, answered inside another server."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tornado.httputil import HTTPHeaders
from tornado.web import Application

from labkit.asgi.exchange import (
    AsgiExchange,
    BodyTooLarge,
    BodyTooLate,
    ClientLeft,
    Receive,
    Scope,
    request_body,
    request_headers,
    request_line,
)  # fmt: skip
from labkit.asgi.stream import Send
from labkit.server import Channel, Site
from labkit.server.site import MAX_BODY_BYTES, REQUEST_TIMEOUT_S, Route, Routes, bind_channels

#: Under this path a Site has the route of an app that has one only; over ASGI every path leads there.
ONLY_PATH = "/events"
#: How long streams may take to end where a signal ends the process by itself. Longer than a loop that is busy needs.
FAREWELL_S = 1.0
TOO_LARGE = f"a request's body has at most {MAX_BODY_BYTES:,} bytes here\n"
TOO_LATE = "the request's body did not come in time\n"


def asgi_app(
    routes: Routes | Route, hosts: Collection[str] | None = (), ends_on: Iterable[signal.Signals] = ()
) -> AsgiApp:
    """An ASGI app that answers as launch() and serve() do, under uvicorn, hypercorn, or any ASGI server on asyncio.

    One route alone, such as a Channel, answers every path: in Starlette `Route("/events", asgi_app(channel))`, in
    FastAPI `app.add_route("/events", asgi_app(channel))`. Several are answered below the path where the app is
    mounted: `app.mount("/model", asgi_app(model_routes(studio)))`.

    It has the same replay, gap event, heartbeats, bounds and rules for pages of other sites. Publish from any thread.
    What waits for a slow reader is bounded by the Channel's `room_bytes`, beside what the server itself holds.

    Args:
        routes: what it serves: {"/path": Channel(), ...}, or one route; see Site. No WebSocket is answered.
        hosts: the names under which it may be reached, beside localhost and numeric addresses; None: every name, where
            the app around it looks at the Host header (as Starlette's TrustedHostMiddleware does).
        ends_on: signals at which every stream ends, such as `[signal.SIGTERM]`. An ASGI server that is told to stop
            waits for open streams, uvicorn without a limit: its app is told only after that. The signal must reach the
            process of the app: where hypercorn's first process alone gets it, streams are cut after graceful_timeout.

    Raises:
        LabError: there is no route, or one that cannot be served.
    """
    return AsgiApp(routes, hosts, ends_on)


class AsgiApp:
    """The app that asgi_app() makes. It lives on the loop that it is first called on; `site` has its routes."""

    def __init__(
        self, routes: Routes | Route, hosts: Collection[str] | None, ends_on: Iterable[signal.Signals]
    ) -> None:
        self._path = None if isinstance(routes, Mapping) else ONLY_PATH
        self.site = MountedSite(routes if isinstance(routes, Mapping) else {ONLY_PATH: routes}, hosts)
        self._signals = tuple(ends_on)
        self._ending = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one connection, as ASGI 3 has it."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        else:  # a WebSocket, which is refused with 403 so
            await send({"type": "websocket.close", "code": 1000})

    def end(self) -> None:
        """Ends every stream, and each that is opened from now on. Call it on the app's loop; see `ends_on`."""
        self._ending = True
        self.site.end_streams("server stopped")

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        application = self._ready()
        headers = request_headers(scope["headers"])
        try:
            body = await request_body(receive, headers, MAX_BODY_BYTES, REQUEST_TIMEOUT_S)
        except ClientLeft:
            return
        except BodyTooLarge:
            await _refuse(scope, send, 413, TOO_LARGE)
        except BodyTooLate:
            await _refuse(scope, send, 408, TOO_LATE)
        else:
            await self._hand_over(application, scope, headers, body, receive, send)

    async def _hand_over(
        self, application: Application, scope: Scope, headers: HTTPHeaders, body: bytes, receive: Receive, send: Send
    ) -> None:
        exchange = AsgiExchange(scope)
        leaving = asyncio.ensure_future(exchange.notice_leaving(receive))
        try:
            line = request_line(scope, self._path)
            request = application.start_request(None, exchange)
            for step in (request.headers_received(line, headers), request.data_received(body)):
                if step is not None:
                    await step
            request.finish()
            if self._ending:
                asyncio.get_running_loop().call_soon(self.end)  # they are told when to come back, and nothing else
            await exchange.stream.hand_on(send)
        finally:
            leaving.cancel()
            exchange.stream.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._ready()
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                self.site.unmount()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _ready(self) -> Application:
        application, is_new = self.site.mount()
        if is_new:
            self._ending = False
            with contextlib.suppress(ValueError):  # not in the main thread: there nobody may listen to signals
                for number in self._signals:
                    self._end_on(number, asyncio.get_running_loop())
        return application

    def _end_on(self, number: signal.Signals, loop: asyncio.AbstractEventLoop) -> None:
        before = signal.getsignal(number)

        def hear(got: int, frame: Any) -> None:
            signal.signal(number, before)  # who sends it again means it
            dies = before is signal.SIG_DFL  # as a worker of hypercorn's, which its parent stops in another way
            try:
                loop.call_soon_threadsafe(self.end)
                if dies:
                    loop.call_soon_threadsafe(loop.call_later, FAREWELL_S, signal.raise_signal, number)
            except RuntimeError:  # the loop has ended
                if dies:
                    signal.raise_signal(number)
            if callable(before):
                before(got, frame)

        if before is not None:  # None: not set from Python, and it cannot be put back
            signal.signal(number, hear)


async def _refuse(scope: Scope, send: Send, status: int, why: str) -> None:
    head = [(b"content-type", b"text/plain; charset=utf-8")]
    if str(scope.get("http_version", "1.1")).startswith(
        "1"
    ):  # HTTP/2 resets the request alone, and knows no such header
        head.append((b"connection", b"close"))  # or the server reads the rest of the body for nothing
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": why.encode()})


class MountedSite(Site):
    """Routes without a port: what opens them is the server around."""

    def __init__(self, routes: Routes, hosts: Collection[str] | None) -> None:
        super().__init__(routes, hosts or ())
        if hosts is None:
            self.hosts = _EveryName()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._mounted: Application | None = None

    def mount(self) -> tuple[Application, bool]:
        """What answers requests on the running loop, and whether it was made now.

        Raises:
            LabError: a channel is mounted on another loop that still runs.
        """
        loop = asyncio.get_running_loop()
        if self._mounted is not None and self._loop is loop:
            return self._mounted, False
        if self._loop is not None and self._loop.is_closed():  # a server that was not told to stop, such as a test's
            for route in self.routes.values():
                if isinstance(route, Channel):
                    route.abandon()
        bind_channels(self.routes)
        self._loop, self._mounted = loop, self._application()
        return self._mounted, True

    def unmount(self) -> None:
        """Ends every stream, and lets the channels go."""
        self._loop = self._mounted = None
        self._unbind(routes_to_keep={})

    def end_streams(self, why: str) -> None:
        """Ends every stream; `why` goes into the visits of the channels. Others may be opened."""
        for route in self.routes.values():
            if isinstance(route, Channel):
                route.end(why)
        for task in tuple(self._senders):
            task.cancel()


class _EveryName(set[str]):
    """A set that has every name."""

    def __contains__(self, name: object) -> bool:
        return True
