"""Accepts connections, and takes a pause where this process has no descriptor left for one."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any

from labkit.system.sockets import shut_down

#: Too many open files, in this process or on this machine, and no memory for another.
OUT_OF_RESOURCES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
#: Clients wait meanwhile, in the kernel. Precedent: asyncio's ACCEPT_RETRY_DELAY.
PAUSE_S = 1.0
#: So many may wait to be accepted: after a restart all come at once, and who finds no room knocks again after 1, 3, 7
#: seconds and more. Precedent: Linux's own net.core.somaxconn since 5.4; where that is lower, it counts. (Python and
#: tornado ask for 128: of 10,000 readers that came back together, the last one waited for two minutes.)
BACKLOG = 4096
#: It is told once in so long: who is short of descriptors is so for a while.
TOLD_EVERY_S = 60.0

log = logging.getLogger("labkit")

Serve = Callable[[socket.socket, Any], object]
ServeStreams = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[object]]


class Acceptor:
    """Accepts the connections of a listening socket on the running loop, until stop().

    asyncio and tornado would do so as well. Out of descriptors, they print a traceback for each attempt: thousands.

    Args:
        listener: a socket that listens. It belongs to the Acceptor from now on.
        serve: called with each connection, and with the address of the client.
    """

    def __init__(self, listener: socket.socket, serve: Serve) -> None:
        self.listener = listener
        self.port = int(listener.getsockname()[1])
        listener.setblocking(False)
        listener.listen(BACKLOG)  # again: it only makes the queue longer. Source: listen(2)
        self._serve = serve
        self._stopped = False
        self._told_s = float("-inf")
        self._task = asyncio.ensure_future(self._accept_all())

    async def stop(self) -> None:
        """Stops listening; the connections that are open stay so."""
        self._stopped = True
        shut_down(self.listener)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self.listener.close()  # not before the loop has forgotten it: its number may be another socket's at once

    def abandon(self) -> None:
        """Stops listening where the loop stands still. Call it on any other thread."""
        self._stopped = True
        shut_down(self.listener)
        self.listener.close()

    async def _accept_all(self) -> None:
        loop = asyncio.get_running_loop()
        while not self._stopped:
            try:
                connection, address = await loop.sock_accept(self.listener)
            except ConnectionAbortedError:
                continue  # this one has left already
            except OSError as problem:
                if self._stopped or self.listener.fileno() == -1:
                    return
                self._tell(problem)
                await asyncio.sleep(PAUSE_S)
            else:
                self._serve(connection, address)
                await asyncio.sleep(0)  # a crowd must not keep the loop from those who are here

    def _tell(self, problem: OSError) -> None:
        now_s = asyncio.get_running_loop().time()
        if now_s - self._told_s < TOLD_EVERY_S:
            return
        self._told_s = now_s
        advice = ""
        if problem.errno in OUT_OF_RESOURCES:
            advice = ". Clients wait until some leave; `ulimit -n 4096` before the start allows more"
        log.warning("labkit: no further connection to port %d: %s%s", self.port, problem.strerror or problem, advice)


class StreamAcceptor(Acceptor):
    """An Acceptor that opens asyncio's streams on each connection, as asyncio.start_server() does.

    Args:
        listener: a socket that listens. It belongs to the Acceptor from now on.
        serve_streams: called with the streams, in a task of its own.
    """

    def __init__(self, listener: socket.socket, serve_streams: ServeStreams) -> None:
        self._serve_streams = serve_streams
        self._tasks: set[asyncio.Task[None]] = set()
        super().__init__(listener, self._start)

    async def end_connections(self) -> None:
        """Cancels the tasks of all connections, and returns when they have ended."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, connection: socket.socket, address: object) -> None:
        task = asyncio.ensure_future(self._open(connection))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self, connection: socket.socket) -> None:
        loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
        protocol = asyncio.StreamReaderProtocol(reader)
        try:
            transport, _ = await loop.connect_accepted_socket(lambda: protocol, connection)
        except (OSError, asyncio.CancelledError):
            connection.close()
            return
        await self._serve_streams(reader, asyncio.StreamWriter(transport, protocol, reader, loop))
