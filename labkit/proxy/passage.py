"""One answer on its way through the faults of a relay."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

import h11

from labkit.errors import LabError
from labkit.faults.fault import MAX_HELD_BYTES, Action, Chain, Close, Fault, Headers, How, Send
from labkit.proxy.http1 import Head, MessageReader, write_head
from labkit.system.sockets import close_writer, reset_connection
from labkit.wire.chunked import LAST_CHUNK, chunk

#: How an origin's answer can go wrong: its connection ends or is reset, or it sends what is not HTTP.
BROKEN = (OSError, h11.RemoteProtocolError)


@dataclass(slots=True)
class Passage:
    """What the relay noted about one connection: its number, and how it ended ("" while it is open)."""

    n: int
    ended: str = ""


class Passing:
    """One answer on its way through the faults."""

    def __init__(self, writer: asyncio.StreamWriter, passage: Passage, body: Chain, wire: Chain) -> None:
        self._writer, self.passage = writer, passage
        self._body, self._wire = body, wire
        self._clock = asyncio.get_running_loop().time
        self._chunked = True
        self._tell: Callable[[Chain], object] = lambda chain: None  # what machines are told of the answer's head
        self._woken = asyncio.Event()  # the faults were changed, or the connection ended
        self._sent = asyncio.Event()  # so that some of what was held is gone
        self.over = False
        _nodelay(writer)

    async def run(
        self, origin: MessageReader, faults: Sequence[Fault], request: h11.Request, asking: Coroutine[Any, Any, None]
    ) -> None:
        """Returns when the connection is over. `asking` passes the request on, and returns when the client has left."""
        question = asyncio.ensure_future(asking)
        machines = [asyncio.ensure_future(self._pump(origin, faults, request)), asyncio.ensure_future(self._wake())]
        tasks = [question, *machines]
        try:
            while not self.over:
                done, _ = await asyncio.wait([task for task in tasks if not task.done()], return_when="FIRST_COMPLETED")
                if problem := next((task.exception() for task in machines if task in done and task.exception()), None):
                    self._give_up(f"a fault failed: {problem!r}")
                if question in done:
                    self._request_ended(question.exception())
                    break
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self.passage.ended = self.passage.ended or "the client left"

    def _request_ended(self, problem: BaseException | None) -> None:
        if isinstance(problem, LabError):
            self._give_up(str(problem))
        elif problem is not None and not isinstance(problem, OSError | h11.RemoteProtocolError):
            self._give_up(f"a fault failed: {problem!r}")

    def _give_up(self, why: str) -> None:
        self.end("fin")
        self.passage.ended = why

    async def _pump(self, origin: MessageReader, faults: Sequence[Fault], request: h11.Request) -> None:
        try:
            answer = await self._final_answer(origin, request)
            head = Head.of_answer(answer)
            self._tell = lambda chain: chain.begin(self._clock(), head.headers, head.size_bytes)
            self._tell(self._body)
            self._tell(self._wire)
            headers = head.to_pass_on
            for fault in faults:
                headers = fault.head(headers)
            # Source: RFC 9112, 6.3: no body follows these, whatever their Content-Length says.
            bodiless = request.method == b"HEAD" or answer.status_code in (204, 304)
            self._chunked = _is_http11(request) and not bodiless
            framing = [("Transfer-Encoding", "chunked")] if self._chunked else head.content_length if bodiless else []
            self._send_head(head.first_line, [*headers, *framing, ("Connection", "close")])
            while isinstance(part := await origin.next(), h11.Data):
                self._frame(self._body.feed(self._clock(), bytes(part.data)))
                await self._wait_for_room()
            self._frame(self._body.end(self._clock()))
        except BROKEN:
            if not self.over:
                self._give_up("the origin broke off")  # and so did we

    async def _wait_for_room(self) -> None:
        """Returns when the client has taken what was sent, and no fault holds too much: until then nothing is read."""
        with contextlib.suppress(OSError):  # the client left: run() sees it
            await self._writer.drain()
        while max(self._body.held_bytes, self._wire.held_bytes) > MAX_HELD_BYTES and not self.over:
            self._sent.clear()
            await self._sent.wait()

    async def _final_answer(self, origin: MessageReader, request: h11.Request) -> h11.Response:
        """The head of the answer. Those before it, such as 103 Early Hints, are passed on as they are; 100 Continue
        answers the relay alone."""
        while isinstance(answer := await origin.next(), h11.InformationalResponse):
            if answer.status_code != 100 and _is_http11(request):
                head = Head.of_answer(answer)
                self._send_head(head.first_line, head.headers)
        if not isinstance(answer, h11.Response):
            raise h11.RemoteProtocolError("the connection ended before an answer")
        return answer

    def _send_head(self, first_line: str, headers: Headers) -> None:
        self._send(self._wire.feed(self._clock(), write_head(first_line, headers)))

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
        self._sent.set()

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
            if isinstance(action, Close):
                self._close(action.how)
            elif not self._writer.is_closing():  # its client has left, and asyncio would say so with each piece
                self._writer.write(action.data)
        self._woken.set()
        self._sent.set()

    def _close(self, how: How) -> None:
        if self.over:
            return
        self.over = True
        self.passage.ended = {"clean": "ended", "fin": "cut by a FIN", "rst": "cut by a RST"}[how]
        if how == "rst":
            reset_connection(self._writer)
        else:
            close_writer(self._writer)
        self._woken.set()
        self._sent.set()


def _is_http11(request: h11.Request) -> bool:
    return request.http_version == b"1.1"


def _nodelay(writer: asyncio.StreamWriter) -> None:
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
