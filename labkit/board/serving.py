"""A class board that is served: its folder, its desk, and a server in the background."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Collection
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from labkit.board.desk import Desk
from labkit.board.folder import ClassFolder
from labkit.board.handlers import desk_routes
from labkit.server import launch
from labkit.server.site import LOOPBACK, base_url
from labkit.system.hosts import host_name
from labkit.system.sockets import is_loopback

_EVERYWHERE = ("0.0.0.0", "::", "")


class ClassBoard:
    """A board that listens. `url` is for the projector on this machine, `join_url` for learners, both without the code.

    Args:
        folder: where the class is kept; the same folder again goes on with it.
        host: where it listens: this machine only, unless given.
        port: 0 takes a free one.
        lessons: the titles of the lessons.
        allowed: origins, as normalize_origin() gives them, whose pages may send.
        name: tells servers of one process apart.

    Raises:
        PortInUse: another program listens there.
        LabError: the folder cannot be used.
    """

    def __init__(
        self,
        folder: str | Path,
        host: str = LOOPBACK,
        port: int = 0,
        lessons: Collection[str] = (),
        allowed: Collection[str] = (),
        name: str = "board",
    ) -> None:
        self.folder = ClassFolder(folder)
        try:
            self.desk = Desk(self.folder)
            names = [host_name(urlsplit(origin).netloc) for origin in allowed]
            self.server = launch(desk_routes(self.desk), name, port, host, names)
        except BaseException:
            self.folder.close()
            raise
        local = is_loopback(host)
        self.url = base_url("localhost" if local or host in _EVERYWHERE else host, self.server.port) + "/"
        self.join_url = self.url if local else base_url(room_address(host), self.server.port) + "/"
        self.server.replace(desk_routes(self.desk, lessons, allowed, self.join_url))
        self._watching: list[asyncio.Future[None]] = []  # a loop does not keep its tasks
        self.server.call(self._begin)

    def _begin(self) -> None:
        # A Site binds the channels that are its routes; these two are behind handlers that ask who comes.
        for channel in (self.desk.view, self.desk.notices):
            channel.bind(asyncio.get_running_loop())
        self._watching.append(asyncio.ensure_future(self.desk.watch_presence()))

    def _end(self) -> None:
        for channel in (self.desk.view, self.desk.notices):
            channel.unbind()

    def stop(self) -> None:
        """Ends it. What was said is kept in its folder."""
        if self.server.running:
            self.server.call(self._end)
            self.server.stop()
        self.folder.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def room_address(host: str) -> str:
    """The numeric address under which the room's machines find this one: that of its own way out, where it listens
    everywhere. Nothing is sent to find it."""
    if host not in _EVERYWHERE:
        return str(socket.getaddrinfo(host, None)[0][4][0])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        try:
            way_out.connect(("192.0.2.1", 9))  # for documentation: nobody has it. Source: RFC 5737
            return str(way_out.getsockname()[0])
        except OSError:  # no network at all
            return LOOPBACK
