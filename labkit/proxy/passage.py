"""One answer on its way through the faults of a relay."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from labkit.faults.fault import Action, Chain, Fault, Headers, How, Send
from labkit.proxy.http1 import NotHttp, body, read_head, write_head
from labkit.system.sockets import reset_on_close
from labkit.wire.chunked import LAST_CHUNK, chunk

#: How an origin's answer can go wrong: its connection ends or is reset, or it sends what is not HTTP.
BROKEN = (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, NotHttp)


@dataclass(slots=True)
class Passage:
    """What the relay noted about one connection: its number, and how it ended ("" while it is open)."""

    n: int
    ended: str = ""


class Passing:
    """One answer on its way through the faults."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passage: Passage, body: Chain, wire: Chain
    ) -> None:
        self._reader, self._writer, self.passage = reader, writer, passage
        self._body, self._wire = body, wire
        self._clock = asyncio.get_running_loop().time
        self._chunked = True
        self._tell: Callable[[Chain], object] = lambda chain: None  # what machines are told of the answer's head
        self._woken = asyncio.Event()  # the faults were changed, or the connection ended
        self.over = False
        _nodelay(writer)

    async def run(self, origin: asyncio.StreamReader, faults: Sequence[Fault], chunked: bool) -> None:
        """Returns when the connection is over."""
        pumping = asyncio.ensure_future(self._pump(origin, faults, chunked))
        waking = asyncio.ensure_future(self._wake())
        leaving = asyncio.ensure_future(self._reader.read())  # it comes to its end when the client leaves
        tasks = [pumping, waking, leaving]
        try:
            while not self.over:
                done, _ = await asyncio.wait([task for task in tasks if not task.done()], return_when="FIRST_COMPLETED")
                if problem := next(filter(None, (one.exception() for one in (pumping, waking) if one in done)), None):
                    self.end("fin")
                    self.passage.ended = f"a fault failed: {problem!r}"
                if leaving in done or waking in done:
                    break
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.passage.ended = self.passage.ended or "the client left"

    async def _pump(self, origin: asyncio.StreamReader, faults: Sequence[Fault], chunked: bool) -> None:
        try:
            head = await read_head(origin)
            self._tell = lambda chain: chain.told(self._clock(), list(head.headers), head.size_bytes)
            self._tell(self._body)
            self._tell(self._wire)
            headers: Headers = head.kept
            for fault in faults:
                headers = fault.head(headers)
            self._chunked = chunked and head.status not in (204, 304)
            framing = [("Transfer-Encoding", "chunked")] if self._chunked else []
            first_line = head.first_line.replace("HTTP/1.0", "HTTP/1.1")
            self._send(
                self._wire.feed(self._clock(), write_head(first_line, [*headers, *framing, ("Connection", "close")]))
            )
            async for data in body(origin, head):
                self._frame(self._body.feed(self._clock(), data))
                with contextlib.suppress(OSError):  # the client left: run() sees it
                    await self._writer.drain()
            self._frame(self._body.end(self._clock()))
        except BROKEN:
            if not self.over:
                self.end("fin")
                self.passage.ended = "the origin broke off"  # and so did we

    async def _wake(self) -> None:
        while not self.over:
            self._woken.clear()
            due = [at_s for at_s in (self._body.next_wake(), self._wire.next_wake()) if at_s is not None]
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, min(due) - self._clock()) if due else None):
                    await self._woken.wait()
            self._frame(self._body.wake(self._clock()))
            self._send(self._wire.wake(self._clock()))

    def change(self, lines: tuple[Chain, Chain]) -> None:
        """Other machines from here on. What the old ones held goes through the new."""
        old_body, old_wire = self._body, self._wire
        self._body, self._wire = lines
        self._tell(self._body)
        self._tell(self._wire)
        for held in old_wire.release(self._clock()):  # what is on the wire already came first
            if isinstance(held, Send):
                self._send(self._wire.feed(self._clock(), held.data))
        for held in old_body.release(self._clock()):
            if isinstance(held, Send):
                self._frame(self._body.feed(self._clock(), held.data))
        self._woken.set()

    def end(self, how: How) -> None:
        """Ends the connection now, whatever is still held."""
        if how == "clean" and self._chunked and not self.over:
            self._writer.write(LAST_CHUNK)
        self._close(how)

    def _frame(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if isinstance(action, Send):
                data = chunk(action.data) if self._chunked else action.data
                self._send(self._wire.feed(self._clock(), data))
            elif action.how == "clean":
                if self._chunked:
                    self._send(self._wire.feed(self._clock(), LAST_CHUNK))
                self._send(self._wire.end(self._clock()))
            else:
                self._close(action.how)
        self._woken.set()

    def _send(self, actions: Sequence[Action]) -> None:
        for action in actions:
            if self.over:
                return
            if isinstance(action, Send):
                self._writer.write(action.data)
            else:
                self._close(action.how)
        self._woken.set()

    def _close(self, how: How) -> None:
        if self.over:
            return
        self.over = True
        self.passage.ended = {"clean": "ended", "fin": "cut by a FIN", "rst": "cut by a RST"}[how]
        if how == "rst":
            reset_connection(self._writer)
        else:
            self._writer.close()
        self._woken.set()


def reset_connection(writer: asyncio.StreamWriter) -> None:
    """Closes with a RST, which throws away what the other side has not read."""
    reset_on_close(writer.get_extra_info("socket"))
    writer.transport.abort()


def _nodelay(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
