"""Two real servers for an unfair benchmark: they send the same events in the same way. One starts cold, and keeps
another clock; both let Nagle's algorithm hold events back, unless they are told not to."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import NamedTuple, Self

from labkit.errors import LabError

EVERY_S = 0.05
PATIENCE_S = 10.0
#: What the clock of the stream's server is behind: as if it were another machine.
BEHIND_S = 0.015
#: What the stream's first event takes longer: imports, caches, a first connection to a database.
COLD_S = 0.3
PINGS = 5
GONE = "the servers are gone: stay inside of the with block"


class RivalEvent(NamedTuple):
    """One event: `sent_s` by the clock of the server, `came_s` by yours."""

    sent_s: float
    came_s: float


class RivalConnection:
    """`take(count)` gives the next events; the server's clock is `ahead_s` of yours."""

    def __init__(self, port: int, name: str, nodelay: bool) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), PATIENCE_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self._lines = self._socket.makefile("rb")
        self._say(f"{name} {nodelay}")
        self.ahead_s = self._compared()

    def take(self, count: int) -> list[RivalEvent]:
        """So many events, one every 50 ms.

        Raises:
            LabError: the block of Rivals() has ended.
            TimeoutError: none came for 10 s.
        """
        if self._lines.closed:
            raise LabError(GONE)
        self._say(f"take {count}")
        return [self._next() for _ in range(count)]

    def close(self) -> None:
        """Ends it."""
        self._lines.close()
        self._socket.close()

    def _next(self) -> RivalEvent:
        data = self._lines.readline()
        self._lines.readline()  # the empty line: only now is it an event
        came_s = time.monotonic()
        self._say("ok")  # Linux holds an acknowledgement back only for a side that talks back
        return RivalEvent(float(data[6:]), came_s)

    def _compared(self) -> float:
        """Asks for the server's time, and takes it for that of the middle between question and answer. The quickest
        answer is believed. Source: F. Cristian, Probabilistic clock synchronization, 1989."""
        estimates = []
        for _ in range(PINGS):
            began_s = time.monotonic()
            self._say("time?")
            there_s = float(self._lines.readline())
            took_s = time.monotonic() - began_s
            estimates.append((took_s, there_s - (began_s + took_s / 2)))
        return min(estimates)[1]

    def _say(self, text: str) -> None:
        self._socket.sendall(f"{text}\n".encode())


class Rivals:
    """Both servers, on a port of this machine, until the block ends. `connect(name, nodelay)` opens a connection to
    "SSE" or "WebSocket".

    >>> with Rivals() as servers:
    ...     len(servers.connect("SSE", nodelay=True).take(2))
    2
    """

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[RivalConnection] = []
        self._cold_s = {"SSE": COLD_S}

    def connect(self, name: str, nodelay: bool = False) -> RivalConnection:
        """A new connection. With `nodelay` its server turns Nagle's algorithm off.

        Raises:
            LabError: there is no such server, or the block has ended.
        """
        if self._listener.fileno() < 0:
            raise LabError(GONE)
        if name not in ("SSE", "WebSocket"):
            raise LabError(f"{name!r} is neither 'SSE' nor 'WebSocket'")
        connection = RivalConnection(self._listener.getsockname()[1], name, bool(nodelay))
        self._connections.append(connection)
        return connection

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *problem: object) -> None:
        for connection in self._connections:
            connection.close()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # closing alone does not wake who waits in accept()
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):  # it is closed
            while True:
                peer, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(peer,), daemon=True).start()

    def _serve(self, peer: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError), peer, peer.makefile("rb") as lines:
            name, nodelay = lines.readline().decode().split()
            peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, nodelay == "True")
            behind_s = BEHIND_S if name == "SSE" else 0.0
            for _ in range(PINGS):
                lines.readline()
                peer.sendall(f"{time.monotonic() - behind_s:.6f}\n".encode())
            for line in lines:
                if line.startswith(b"take "):
                    self._send(peer, int(line[5:]), name, behind_s)

    def _send(self, peer: socket.socket, count: int, name: str, behind_s: float) -> None:
        for _ in range(count):
            sent = f"data: {time.monotonic() - behind_s:.6f}"
            time.sleep(self._cold_s.pop(name, 0.0))  # once
            peer.sendall(sent.encode())
            peer.sendall(b"\n\n")  # in two pieces, as many servers write
            time.sleep(EVERY_S)
