"""A server that outlives the cell that started it: on a thread of its own, with a loop of its own.

On the kernel's loop it would stand still for as long as a cell runs.
"""

from __future__ import annotations

import asyncio
import html
import threading
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

from labkit.errors import NotServing
from labkit.server.channel import Channel
from labkit.server.site import LOOPBACK, Routes, Site, base_url

T = TypeVar("T")

_running: dict[str, LabServer] = {}  # the registry of launched servers, by name


def launch(routes: Routes, name: str = "lab", port: int = 0, host: str = LOOPBACK) -> LabServer:
    """A server that runs in the background, and is there when this returns.

    The cell run again gives the same server on the same port, with the new routes: `name` tells servers apart. It
    listens on this machine only, unless another `host` is given.

    Raises:
        PortInUse: another program listens on that port.
        LabError: a route that cannot be served.
    """
    server = _running.get(name)
    if server is not None and server.running:
        server.replace(routes)
        return server
    server = LabServer(name, routes, port, host)
    _running[name] = server
    return server


class LabServer:
    """A server on its own daemon thread: it ends with the kernel at the latest. Made by launch()."""

    def __init__(self, name: str, routes: Routes, port: int, host: str) -> None:
        self.name = name
        self._site = Site(routes)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"labkit server {name}", daemon=True)
        self._thread.start()
        self._plays: list[tuple[Channel, Future[None]]] = []
        self.running = True
        try:
            self._on_loop(self._start(port, host))
        except BaseException:
            self._end_thread()
            raise
        self.port = self._site.port
        self.url = base_url(host, self.port)

    def replace(self, routes: Routes) -> None:
        """Serves other routes on the same port. Streams of routes that are gone are ended."""

        async def replace() -> None:
            self._site.replace(routes)

        self._on_loop(replace())
        mounted = list(self._site.routes.values())
        for channel, playing in self._plays:
            if channel not in mounted:
                playing.cancel()
        self._plays = [(channel, playing) for channel, playing in self._plays if not playing.done()]

    def play(self, channel: Channel, texts: Iterable[str], every_s: float, event: str | None = None) -> Future[None]:
        """Publishes the texts on the channel, one every `every_s` seconds, in the background.

        The Future is done when the last one is published; `.cancel()` stops before that, and so does the end of the
        server, or of the channel's place on it.
        """

        async def play() -> None:
            for text in texts:
                channel.publish(text, event)
                await asyncio.sleep(every_s)

        playing = self._submit(play())
        self._plays.append((channel, playing))
        return playing

    def call(self, action: Callable[[], T]) -> T:
        """The result of `action()`, called on the server's own loop."""

        async def call() -> T:
            return action()

        return self._on_loop(call())

    def stop(self) -> None:
        """Ends every stream and frees the port. A stopped server stays stopped; launch() makes a new one."""
        if self.running:
            self._on_loop(self._site.stop())
            self._end_thread()

    async def _start(self, port: int, host: str) -> None:
        self._site.start(port, host)

    def _submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        if not self.running:
            work.close()
            raise NotServing(self.port)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _on_loop(self, work: Coroutine[Any, Any, T]) -> T:
        return self._submit(work).result(timeout=10)

    def _end_thread(self) -> None:
        self.running = False
        asyncio.run_coroutine_threadsafe(_cancel_others(), self._loop).result(timeout=10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()
        if _running.get(self.name) is self:
            del _running[self.name]

    def _paths(self) -> list[str]:
        return list(self._site.routes)

    def __repr__(self) -> str:
        state = f"at {self.url}: {', '.join(self._paths())}" if self.running else "stopped"
        return f"<LabServer {self.name!r} {state}>"

    def _repr_html_(self) -> str:
        if not self.running:
            return html.escape(repr(self))
        links = " ".join(
            f'<a href="{html.escape(self.url + path)}" target="_blank">{html.escape(self.url + path)}</a>'
            for path in self._paths()
        )
        return f"Server <b>{html.escape(self.name)}</b> is running: {links}"


async def _cancel_others() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
