"""A balancer for machines without HAProxy and nginx. It reads one request and one answer's head; then bytes pass."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import re
import socket
from collections import Counter
from collections.abc import Sequence

from labkit.cluster.node import Node
from labkit.system.accepting import StreamAcceptor
from labkit.system.background import Background
from labkit.system.sockets import close_writer

COOKIE = "NODE"
PIECE_BYTES = 65536
NOBODY = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class SmallBalancer:
    """Takes each new connection to the node with the fewest of them that answers. It ends with stop().

    A connection stays at its node for as long as it lasts. Like HAProxy it answers 503 where no node does.

    Args:
        nodes: the nodes.
        sticky: a cookie leads a client back to the node that served it first, as long as that one answers.
    """

    name = "the lab's own balancer"
    config = log = ""

    def __init__(self, nodes: Sequence[Node], sticky: bool = False) -> None:
        self._nodes, self._sticky = tuple(nodes), sticky
        self._open: Counter[str] = Counter()
        self._newest: Counter[str] = Counter()
        self._turns = itertools.count(1)
        self._background = Background("balancer")
        self._acceptor = self._background.call(
            lambda: StreamAcceptor(socket.create_server(("127.0.0.1", 0), backlog=1024), self._serve)
        )
        self.port = self._acceptor.port
        self.url = f"http://127.0.0.1:{self.port}/events"
        self.running = True

    def stop(self) -> None:
        """Ends every connection, and its thread."""
        if self.running:
            self.running = False
            self._background.run(self._stop())
            self._background.end()

    async def _stop(self) -> None:
        await self._acceptor.stop()
        await self._acceptor.end_connections()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            for node in self._in_turn(head):
                with contextlib.suppress(ConnectionRefusedError):
                    await self._carry(node, head, reader, writer)
                    return
            writer.write(NOBODY)
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # one side is gone
        finally:
            close_writer(writer)

    def _in_turn(self, head: bytes) -> list[Node]:
        """The nodes in the order in which they are tried."""
        found = re.search(rb"(?im)^cookie:.*\b%b=(\w+)" % COOKIE.encode(), head) if self._sticky else None
        wanted = found[1].decode() if found else ""
        return sorted(self._nodes, key=lambda node: (node.name != wanted, *self._load(node.name)))

    def _load(self, name: str) -> tuple[int, int]:
        """How many connections a node has now; among equals the one comes first that has waited longest for one.

        To count all that it ever had would send everybody to a node that was away, for as long as it was away.
        """
        return self._open[name], self._newest[name]

    async def _carry(self, node: Node, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_node, to_node = await asyncio.open_connection("127.0.0.1", node.port)
        self._open[node.name] += 1
        self._newest[node.name] = next(self._turns)
        try:
            to_node.write(head)
            asking = asyncio.ensure_future(_pass(reader, to_node))
            answering = asyncio.ensure_future(from_node.readuntil(b"\r\n\r\n"))
            try:
                await asyncio.wait({asking, answering}, return_when="FIRST_COMPLETED")
                if not answering.done():
                    return  # the client has left before there was an answer
                answer = answering.result()
                if self._sticky:
                    answer = answer[:-2] + f"Set-Cookie: {COOKIE}={node.name}; Path=/\r\n\r\n".encode()
                writer.write(answer)
                telling = asyncio.ensure_future(_pass(from_node, writer))
                await asyncio.wait({asking, telling}, return_when="FIRST_COMPLETED")
                telling.cancel()
            finally:
                asking.cancel()
                answering.cancel()
        finally:
            self._open[node.name] -= 1
            close_writer(to_node)

    def __repr__(self) -> str:
        return f"<{self.name} at {self.url}>"


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Passes bytes on until either side ends."""
    with contextlib.suppress(OSError):
        while data := await reader.read(PIECE_BYTES):
            writer.write(data)
            await writer.drain()
