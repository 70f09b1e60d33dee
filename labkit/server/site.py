"""A set of routes on one port, served by the running loop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
from collections import deque
from collections.abc import AsyncIterator, Collection, Mapping
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from labkit.errors import LabError, PortInUse
from labkit.server.channel import Channel
from labkit.server.connection import ReaderStream, Visit
from labkit.server.handlers import (
    SENDERS_SETTING,
    ChannelHandler,
    EventGenerator,
    Senders,
    SourceHandler,
    allow_loopback,
)  # fmt: skip
from labkit.server.paths import path_pattern
from labkit.system.accepting import Acceptor
from labkit.system.hosts import address, is_own_host, refusal
from labkit.system.sockets import shut_down

#: A tornado handler, and what its initialize() is called with.
HandlerRoute = tuple[type[RequestHandler], Mapping[str, Any]]
Route = Channel | EventGenerator | type[RequestHandler] | HandlerRoute
Routes = Mapping[str, Route]

LOOPBACK = "127.0.0.1"
#: The largest body of a request, and the largest message over a WebSocket; more is refused before it is read. It is ten
#: times the longest prompt that a model here takes. (tornado takes 100 MB.)
MAX_BODY_BYTES = 2 * 1024 * 1024
#: How long a connection may be idle between two requests, and how long a request's head, and then its body, may take.
#: Precedent: nginx's client_header_timeout, client_body_timeout (60 s) and keepalive_timeout (75 s).
REQUEST_TIMEOUT_S = 60.0


class NotFoundHandler(RequestHandler):
    """Answers 404 where no route matches, with the list of paths that exist."""

    def initialize(self, paths: list[str]) -> None:
        """Called by tornado with the paths that exist."""
        self.paths = paths

    def prepare(self) -> None:
        self.set_status(404)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        allow_loopback(self)  # a page that asks for the wrong path may see that it did
        self.finish(f"Nothing is served at {self.request.path}. This server has: {', '.join(self.paths)}\n")


class ForeignHostHandler(RequestHandler):
    """Answers 403 to a request that was meant for another name than this server's. See is_own_host()."""

    def prepare(self) -> None:
        self.set_status(403)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(refusal(self.request.headers.get("Host")))


class OwnHostsApplication(Application):
    """A tornado Application that asks for the request's Host before anything else, whatever the route is.

    Args:
        hosts: the names that it answers to, beside localhost and numeric addresses.
        rules: what tornado's Application takes; `settings` as well.
    """

    def __init__(self, hosts: Collection[str], rules: list[Any], **settings: Any) -> None:
        super().__init__(rules, **settings)
        self.hosts = hosts

    def find_handler(self, request: HTTPServerRequest, **kwargs: Any) -> Any:
        if not is_own_host(request.headers.get("Host"), self.hosts):
            return self.get_handler_delegate(request, ForeignHostHandler)
        return super().find_handler(request, **kwargs)


class Site:
    """Routes that can be served, replaced while they are served, and stopped. Call every method on its loop.

    A route's path may hold names, such as "/answers/{id}": see path_pattern(). A route's value is a Channel, an async
    generator function that is called once for each client with its Last-Event-ID and yields Frames, a tornado
    RequestHandler, or a pair of one and the settings that its initialize() takes. `visits` lists the clients of the
    generators; a Channel keeps its own. `port` is 0 before start(). A request's body has at most MAX_BODY_BYTES.

    `hosts` are the names under which it may be reached, beside localhost and numeric addresses: see is_own_host().

    Raises:
        LabError: there is no route, or one that cannot be served.
    """

    def __init__(self, routes: Routes, hosts: Collection[str] = ()) -> None:
        self.hosts: set[str] = set()
        self.allow(hosts)
        self.visits: deque[Visit] = deque(maxlen=1000)
        self.port = 0
        self._server: HTTPServer | None = None
        self._acceptors: list[Acceptor] = []
        self._senders: Senders = {}
        self.routes = _check_routes(routes)

    def allow(self, hosts: Collection[str]) -> None:
        """Adds names under which it may be reached."""
        self.hosts.update(host.lower() for host in hosts)

    def start(self, port: int = 0, host: str = LOOPBACK) -> None:
        """Starts to listen; port 0 takes a free one.

        Raises:
            PortInUse: another program listens there.
            LabError: a channel is mounted on another server.
        """
        try:
            sockets = bind_sockets(port, host)
        except OSError as problem:
            if problem.errno == errno.EADDRINUSE:
                raise PortInUse(host, port) from None
            raise
        try:
            bind_channels(self.routes)
        except LabError:
            for listener in sockets:
                listener.close()
            raise
        self.port = sockets[0].getsockname()[1]
        self.allow([host])  # where it is bound to a name
        server = self._server = HTTPServer(
            self._application(),
            max_body_size=MAX_BODY_BYTES,
            idle_connection_timeout=REQUEST_TIMEOUT_S,
            body_timeout=REQUEST_TIMEOUT_S,
        )
        self._acceptors = [
            Acceptor(listener, lambda connection, address: server.handle_stream(IOStream(connection), address))
            for listener in sockets
        ]

    def replace(self, routes: Routes) -> None:
        """Serves the new routes on the same port, and ends the streams of routes that are gone.

        Raises:
            LabError: a route that cannot be served; the old routes stay.
        """
        assert self._server is not None
        new_routes = _check_routes(routes)
        bind_channels(new_routes)
        self._unbind(routes_to_keep=new_routes)
        self.routes = new_routes
        self._server.request_callback = self._application()

    async def stop(self) -> None:
        """Stops listening and ends every stream."""
        if self._server is None:
            return
        for acceptor in self._acceptors:
            await acceptor.stop()
        self._unbind(routes_to_keep={})
        await asyncio.sleep(0)  # the ends of the streams leave before their connections go
        for connection in self._server._connections:
            shut_down(connection.stream.socket)
        await self._server.close_all_connections()
        self._server = None

    def abandon(self) -> None:
        """Frees the port and cuts every connection of a loop that stands still. Call it on any other thread."""
        server, self._server = self._server, None
        if server is None:
            return
        for route in self.routes.values():
            if isinstance(route, Channel):
                route.abandon()
        for acceptor in self._acceptors:
            acceptor.abandon()
        streams: list[ReaderStream] = [connection.stream for connection in server._connections]
        streams += [stream for _, stream in self._senders.values()]
        for stream in streams:
            shut_down(stream.socket)

    def _application(self) -> Application:
        settings: dict[str, Any] = {SENDERS_SETTING: self._senders}
        return OwnHostsApplication(
            self.hosts,
            [(path_pattern(path), *self._handler(route)) for path, route in self.routes.items()],
            default_handler_class=NotFoundHandler,
            default_handler_args={"paths": list(self.routes)},
            websocket_max_message_size=MAX_BODY_BYTES,
            log_function=lambda handler: None,  # a log line would land in whichever notebook cell runs next
            **settings,
        )

    def _handler(self, route: Route) -> tuple[type[RequestHandler], dict[str, Any]]:
        """The tornado handler that serves the route, and its settings."""
        if isinstance(route, Channel):
            return ChannelHandler, {"channel": route}
        if isinstance(route, tuple):
            return route[0], dict(route[1])
        if isinstance(route, type):
            return route, {}
        return SourceHandler, {"source": route, "visits": self.visits}

    def _unbind(self, routes_to_keep: Routes) -> None:
        ids_to_keep = {id(route) for route in routes_to_keep.values()}
        for route in self.routes.values():
            if isinstance(route, Channel) and id(route) not in ids_to_keep:
                route.unbind()
        for task, (path, _) in tuple(self._senders.items()):
            if id(self._route_at(path)) not in ids_to_keep:
                task.cancel()

    def _route_at(self, path: str) -> Route | None:
        """The route that serves this path of a request; None if there is none."""
        return next((route for of, route in self.routes.items() if re.fullmatch(path_pattern(of), path)), None)


@contextlib.asynccontextmanager
async def serve(
    routes: Routes | Route, port: int = 0, host: str = LOOPBACK, hosts: Collection[str] = ()
) -> AsyncIterator[RunningServer]:
    """Runs a server on the running loop, for experiments and tests; a route alone is served at /events.

    `hosts` are the names under which it may be reached, beside localhost and numeric addresses.

    Raises:
        PortInUse: another program listens on that port.
        LabError: a route that cannot be served.

    >>> async def example():
    ...     async with serve(Channel()) as server:
    ...         return server.url.startswith("http://127.0.0.1:")
    >>> asyncio.run(example())
    True
    """
    site = Site(routes if isinstance(routes, Mapping) else {"/events": routes}, hosts)
    site.start(port, host)
    try:
        yield RunningServer(site, host)
    finally:
        await site.stop()


class RunningServer:
    """A running server: `url` is its first route, `base_url` its root, `port` where it listens."""

    def __init__(self, site: Site, host: str) -> None:
        self.site = site
        self.port = site.port
        self.base_url = base_url(host, site.port)
        self.url = self.base_url + next(iter(site.routes))


def base_url(host: str, port: int) -> str:
    """The http:// URL of a host and port, with an IPv6 address in brackets."""
    return f"http://{address(host, port)}"


def bind_channels(routes: Routes) -> None:
    """Ties every channel to the running loop, or none: a mount that fails must not hold a channel."""
    loop = asyncio.get_running_loop()
    bound_channels: list[Channel] = []
    try:
        for route in routes.values():
            if isinstance(route, Channel) and route.bind(loop):
                bound_channels.append(route)
    except LabError:
        for channel in bound_channels:
            channel.unbind()
        raise


def _check_routes(routes: Routes) -> dict[str, Route]:
    if not routes:
        raise LabError("a server needs at least one route, such as {'/events': Channel()}")
    for path, route in routes.items():
        if not path.startswith("/"):
            raise LabError(f"the path {path!r} must start with a slash")
        if not (isinstance(route, Channel | type) or callable(route) or _has_settings(route)):
            raise LabError(
                f"{path} leads to {type(route).__name__}; it takes a Channel, an async generator function, "
                "a tornado RequestHandler, or (RequestHandler, settings)"
            )
    return dict(routes)


def _has_settings(route: object) -> bool:
    match route:
        case (type(), Mapping()):
            return True
    return False
