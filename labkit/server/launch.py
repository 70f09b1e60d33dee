"""A server that outlives the cell that started it: on a thread of its own, with a loop of its own.

On the kernel's loop it would stand still for as long as a cell runs.
"""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

from labkit.errors import NotServing
from labkit.server.channel import Channel
from labkit.server.site import LOOPBACK, Routes, Site, base_url
from labkit.system.background import ANSWER_TIMEOUT_S, Background

T = TypeVar("T")

_servers: dict[str, LabServer] = {}  # the registry of launched servers, by name


def launch(routes: Routes, name: str = "lab", port: int = 0, host: str = LOOPBACK) -> LabServer:
    """A server that runs in the background, and is there when this returns.

    The cell run again gives the same server on the same port, with the new routes: `name` tells servers apart. It
    listens on this machine only, unless another `host` is given.

    Raises:
        PortInUse: another program listens on that port.
        LabError: a route that cannot be served.
    """
    server = _servers.get(name)
    if server is not None and server.running:
        server.replace(routes)
        return server
    server = LabServer(name, routes, port, host)
    _servers[name] = server
    return server


class LabServer:
    """A server on its own daemon thread: it ends with the kernel at the latest. Made by launch().

    `running` is False once it was stopped, for good; `down` is True between take_down() and bring_up(), `paused`
    between pause() and resume().
    """

    def __init__(self, name: str, routes: Routes, port: int, host: str) -> None:
        self.name = name
        self._site = Site(routes)
        self._background = Background(f"server {name}")
        self._plays: list[tuple[Channel, Future[None]]] = []
        self._host = host
        self._not_paused = asyncio.Event()
        self._not_paused.set()
        self.running = True
        self.down = False
        try:
            self._run_on_loop(self._start(host, port))
        except BaseException:
            self._end_thread()
            raise
        self.port = self._site.port
        self.url = base_url(host, self.port)

    def replace(self, routes: Routes) -> None:
        """Serves other routes on the same port. Streams of routes that are gone are ended. It is up and not
        paused then, whatever it was before."""
        self.bring_up()
        self.resume()

        async def replace() -> None:
            self._site.replace(routes)

        self._run_on_loop(replace())
        current_routes = list(self._site.routes.values())
        for channel, future in self._plays:
            if channel not in current_routes:
                future.cancel()
        self._plays = [(channel, future) for channel, future in self._plays if not future.done()]

    def play(self, channel: Channel, texts: Iterable[str], every_s: float, event: str | None = None) -> Future[None]:
        """Publishes the texts on the channel, one every `every_s` seconds, in the background.

        The Future is done when the last one is published; `.cancel()` stops before that, and so does the end of the
        server, or of the channel's place on it.
        """

        async def play() -> None:
            for text in texts:
                await self._not_paused.wait()
                channel.publish(text, event)
                await asyncio.sleep(every_s)

        future = self._submit(play())
        self._plays.append((channel, future))
        return future

    @property
    def channels(self) -> dict[str, Channel]:
        """The channels by their paths, in the order of the routes."""
        return {path: route for path, route in self._site.routes.items() if isinstance(route, Channel)}

    @property
    def paused(self) -> bool:
        """Whether what play() started stands still."""
        return not self._not_paused.is_set()

    def pause(self) -> None:
        """Lets everything that play() started stand still. The streams stay open, and silent but for heartbeats."""
        self.call(self._not_paused.clear)

    def resume(self) -> None:
        """Ends the pause."""
        self.call(self._not_paused.set)

    def take_down(self) -> None:
        """Ends every stream and refuses connections, as a server that is being restarted. Logs are kept, and what
        play() started goes on into them."""
        if not self.down:
            self._run_on_loop(self._site.stop())
            self.down = True

    def bring_up(self) -> None:
        """Serves again, at the same port.

        Raises:
            PortInUse: another program has taken the port meanwhile.
        """
        if self.down:
            self._run_on_loop(self._start(self._host, self.port))
            self.down = False

    def call(self, action: Callable[[], T]) -> T:
        """The result of `action()`, called on the server's own loop."""
        if not self.running:
            raise NotServing(self.port)
        return self._background.call(action)

    def stop(self) -> None:
        """Ends every stream and frees the port. A stopped server stays stopped; launch() makes a new one."""
        if self.running:
            self.down = False
            self._run_on_loop(self._site.stop())
            self._end_thread()

    async def _start(self, host: str, port: int) -> None:
        self._site.start(port, host)

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        if not self.running:
            work.close()
            raise NotServing(self.port)
        return self._background.submit(work)

    def _run_on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return self._submit(work).result(timeout=ANSWER_TIMEOUT_S)

    def _end_thread(self) -> None:
        self.running = False
        self._background.end()
        if _servers.get(self.name) is self:
            del _servers[self.name]

    def _paths(self) -> list[str]:
        return list(self._site.routes)

    def __repr__(self) -> str:
        state = f"at {self.url}: {', '.join(self._paths())}" if self.running else "stopped"
        state = f"down, {state}" if self.down else state
        return f"<LabServer {self.name!r} {state}>"

    def _repr_html_(self) -> str:
        if not self.running:
            return html.escape(repr(self))
        links = " ".join(
            f'<a href="{html.escape(self.url + path)}" target="_blank">{html.escape(self.url + path)}</a>'
            for path in self._paths()
        )
        return f"Server <b>{html.escape(self.name)}</b> is running: {links}"
