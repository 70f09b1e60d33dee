"""A server in the background, which outlives the notebook cell that started it.

It has a thread and a loop of its own: on the kernel's loop it would stand still for as long as a cell runs.
"""

from __future__ import annotations

import asyncio
import html
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Iterable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, Self, TypeVar

from labkit.errors import LabError, LoopBlocked, NotServing
from labkit.server.channel import Channel
from labkit.server.site import LOOPBACK, Routes, Site, base_url
from labkit.server.work import Work, pause_all, resume_all, telling
from labkit.system.background import Background
from labkit.system.ports import note_closed, note_open
from labkit.system.uninterrupted import uninterrupted

T = TypeVar("T")

_servers: dict[str, LabServer] = {}  # the registry of launched servers, by name


def launch(
    routes: Routes, name: str = "lab", port: int = 0, host: str = LOOPBACK, hosts: Collection[str] = ()
) -> LabServer:
    """Starts a server in the background. It accepts connections when this returns.

    The cell run again gives the same server on the same port, with the new routes. Where its loop stands still, as
    under `time.sleep(60)` in a generator, that server is given up, and a new one serves on the same port. Interrupted
    in between, it goes on: the cell run again finds the server.

    Args:
        routes: what it serves: {"/path": Channel(), ...}; see Site.
        name: tells servers apart.
        port: where it listens; 0 takes a free one.
        host: this machine only, unless given.
        hosts: the names under which it may be reached, beside localhost and numeric addresses.

    Raises:
        PortInUse: another program listens on that port.
        LabError: a route that cannot be served; or the server of that name runs on another port.
    """
    return uninterrupted(f"server {name}", lambda: _launch(routes, name, port, host, hosts))


def _launch(routes: Routes, name: str, port: int, host: str, hosts: Collection[str]) -> LabServer:
    server = _servers.get(name)
    problems: list[str] = []
    if server is not None and server.running:
        if port not in (0, server.port):
            raise LabError(
                f"the server {name!r} runs on port {server.port}, not {port}. "
                f"Call its stop() first, or leave the port out, or give the new one another name"
            )
        try:
            server.replace(routes)
            server._site.allow(hosts)
            return server
        except LoopBlocked as problem:
            server._abandon()
            port, problems = server.port, [f"the server before was given up: {problem}"]
    server = LabServer(name, routes, port, host, hosts)
    server.problems.extend(problems)
    _servers[name] = server
    return server


def launched() -> list[LabServer]:
    """The servers that launch() has started and that run, in the order in which they came."""
    return [server for server in list(_servers.values()) if server.running]


class LabServer:
    """A server on a daemon thread of its own, made by launch().

    It ends with stop(), at the end of a `with` block, and with the kernel at the latest.

    `problems` tells what went wrong in the background, the newest last; so does its repr.

    `running` is False after stop(), for good. `down` is True between take_down() and bring_up(), `paused` between
    pause() and resume().
    """

    def __init__(self, name: str, routes: Routes, port: int, host: str, hosts: Collection[str] = ()) -> None:
        self.name = name
        self._site = Site(routes, hosts)
        self._background = Background(f"server {name}")
        self._plays: list[tuple[Channel, Future[None]]] = []
        self._works: list[Work] = []
        self.problems: deque[str] = deque(maxlen=10)
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
        note_open(self.port)

    def replace(self, routes: Routes) -> None:
        """Serves other routes on the same port.

        Streams of routes that are gone are ended. Afterwards the server is up and not paused.

        Raises:
            NotServing: it was stopped.
            PortInUse: it was down, and another program has taken the port.
            LabError: a route that cannot be served.
        """
        self.bring_up()
        self.resume()

        def replace() -> None:
            self._site.replace(routes)
            for work in self._works:
                work.pause()
            self._works.clear()

        self.call(replace)
        current_routes = list(self._site.routes.values())
        for channel, future in self._plays:
            if channel not in current_routes:
                future.cancel()
        self._plays = [(channel, future) for channel, future in self._plays if not future.done()]

    def play(self, channel: Channel, texts: Iterable[str], every_s: float, event: str | None = None) -> Future[None]:
        """Publishes the texts on the channel, one every `every_s` seconds, in the background.

        The Future is done when the last one is published; `.cancel()` stops before that, and so does the end of the
        server, or of the channel's place on it. If it fails, the Future has the error, and the server's repr shows it.

        Raises:
            NotServing: the server was stopped.
        """

        async def play() -> None:
            for text in texts:
                await self._not_paused.wait()
                if channel.log_blocks:
                    await asyncio.to_thread(channel.publish, text, event)
                else:
                    channel.publish(text, event)
                await asyncio.sleep(every_s)

        future = self._submit(telling("play()", play, self.problems))
        self._plays.append((channel, future))
        return future

    def keep_running(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Runs `work()` on the server's loop until it returns, or until the server is stopped, which cancels it.

        pause() cancels it too, and resume() calls it anew. If it fails, the server's repr shows the error.

        Raises:
            NotServing: the server was stopped.
        """
        self.call(lambda: self._works.append(Work(work, self.problems)))

    @property
    def channels(self) -> dict[str, Channel]:
        """The channels by their paths, in the order of the routes."""
        return {path: route for path, route in self._site.routes.items() if isinstance(route, Channel)}

    @property
    def paused(self) -> bool:
        """Whether it was paused."""
        return not self._not_paused.is_set()

    def pause(self) -> None:
        """Pauses all that play() and keep_running() started. Streams stay open, and silent but for heartbeats."""
        self.call(self._not_paused.clear)
        self.call(lambda: pause_all(self._works))

    def resume(self) -> None:
        """Ends the pause."""
        self.call(self._not_paused.set)
        self.call(lambda: resume_all(self._works))

    def take_down(self) -> None:
        """Ends every stream and refuses connections, as a server does that is restarted.

        Logs are kept, and play() goes on publishing into them.

        Raises:
            LoopBlocked: its loop stands still.
        """
        if not self.down:
            self._run_on_loop(self._site.stop())
            self.down = True

    def bring_up(self) -> None:
        """Serves again, on the same port.

        Raises:
            PortInUse: another program has taken the port meanwhile.
        """
        if self.down:
            self._run_on_loop(self._start(self._host, self.port))
            self.down = False

    def call(self, action: Callable[[], T]) -> T:
        """Calls `action()` on the server's loop and returns its result.

        Raises:
            NotServing: the server was stopped.
        """
        if not self.running:
            raise NotServing(self.port)
        return self._background.call(action)

    def stop(self) -> None:
        """Ends every stream and frees the port, for good; launch() makes a new server.

        Raises:
            LoopBlocked: its loop stands still. The port is free all the same, and the streams are cut.
        """
        uninterrupted(f"server {self.name}", self._stop)

    def _stop(self) -> None:
        if not self.running:
            return
        self.down = False
        try:
            self._run_on_loop(self._site.stop())
            self._end_thread()
        except LoopBlocked:
            self._abandon()
            raise
        note_closed(self.port)

    def _abandon(self) -> None:
        """Gives up a loop that stands still: frees the port, cuts the streams, and lets the thread go."""
        self.running = False
        self._background.abandon()
        self._site.abandon()
        note_closed(self.port)
        if _servers.get(self.name) is self:
            del _servers[self.name]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def _start(self, host: str, port: int) -> None:
        self._site.start(port, host)

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        if not self.running:
            work.close()
            raise NotServing(self.port)
        return self._background.submit(work)

    def _run_on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        if not self.running:
            work.close()
            raise NotServing(self.port)
        return self._background.run(work)

    def _end_thread(self) -> None:
        self.running = False
        self._works.clear()
        self._background.end()
        if _servers.get(self.name) is self:
            del _servers[self.name]

    def __repr__(self) -> str:
        state = f"at {self.url}: {', '.join(self._site.routes)}" if self.running else "stopped"
        state = f"down, {state}" if self.down else state
        return f"<LabServer {self.name!r} {'; '.join([state, *list(self.problems)[-1:]])}>"

    def _link(self, path: str) -> str:
        if "{" in path:  # a pattern leads nowhere
            return html.escape(path)
        address = html.escape(self.url + path)
        return f'<a href="{address}" target="_blank">{address}</a>'

    def _repr_html_(self) -> str:
        if not self.running:
            return html.escape(repr(self))
        links = " ".join(map(self._link, self._site.routes))
        problems = "".join(f"<br>{html.escape(problem)}" for problem in list(self.problems)[-1:])
        return f"Server <b>{html.escape(self.name)}</b> is running: {links}{problems}"
