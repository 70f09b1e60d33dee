"""A relay on real sockets, with faults in it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import AsyncIterator, Collection, Sequence
from random import Random
from urllib.parse import urlsplit

import h11

from labkit.errors import LabError, PortInUse
from labkit.faults.fault import Answer, Chain, Fault, Headers, How, Refuse
from labkit.proxy.http1 import MessageReader, write_head
from labkit.proxy.passage import Passage, Passing
from labkit.proxy.question import Question
from labkit.system.accepting import StreamAcceptor
from labkit.system.hosts import is_own_host, refusal
from labkit.system.secrets import shown_url
from labkit.system.sockets import close_writer, is_loopback, reset_connection

CONNECT_TIMEOUT_S = 5.0
TEXT = ("Content-Type", "text/plain; charset=utf-8")


class Relay:
    """Passes requests on to an origin, and its answers back, through faults. Made by relay().

    Of each connection it holds MAX_HELD_BYTES for each fault and one read beyond that: then whoever sends has to wait.

    `faults` can be changed at any time with set(); `connections` counts those that have come since, and `passages`
    tells of the newest 1000 of them.
    """

    def __init__(
        self, origin: str, faults: Sequence[Fault], requests: Sequence[Fault], seed: int, hosts: Collection[str] = ()
    ) -> None:
        parts = urlsplit(origin)
        if parts.scheme != "http" or not parts.hostname:
            raise LabError(f"{shown_url(origin)!r} cannot be relayed: the relay speaks http:// only, and needs a host")
        self.origin, self._hosts = origin, {host.lower() for host in hosts}
        self._host, self._port, self._netloc = parts.hostname, parts.port or 80, parts.netloc
        self._faults, self._requests, self._seed = tuple(faults), tuple(requests), seed
        self.passages: deque[Passage] = deque(maxlen=1000)
        self.connections = 0
        self.url = ""
        self._running: dict[Passing, None] = {}  # in the order in which they came

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that work on the answers now."""
        return self._faults

    @property
    def open_passages(self) -> list[Passage]:
        """The connections that are open, the oldest first: also those from before the faults were set."""
        return [connection.passage for connection in self._running if not connection.over]

    @property
    def open(self) -> int:
        """How many connections are open."""
        return sum(not connection.over for connection in self._running)

    def set(self, *faults: Fault) -> None:
        """Other faults, for new connections and for those that are open: what the old ones held goes on through the
        new. Connections are counted from 1 again. (Gzip is for new connections only: a response has one encoding.)"""
        self._faults = faults
        self.passages.clear()
        self.connections = 0
        for connection in tuple(self._running):
            connection.change(self._lines(connection.passage.n))

    def cut(self, how: How = "fin") -> None:
        """Ends every open connection, now."""
        for connection in tuple(self._running):
            connection.end(how)

    def _lines(self, n: int) -> tuple[Chain, Chain]:
        """The machines for the body and for the wire, of connection `n`."""
        machines = [
            (fault.of_the_wire, fault.start(n, Random(f"{self._seed}/{n}/{place}")))
            for place, fault in enumerate(self._faults)
        ]
        return Chain([m for of_the_wire, m in machines if not of_the_wire]), Chain([m for wire, m in machines if wire])

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.passages.append(Passage(self.connections))
        passage = self.passages[-1]
        answers = (fault.connect(passage.n) for fault in self._faults)
        decided = next((answer for answer in answers if answer is not None), None)
        try:
            if isinstance(decided, Refuse):
                reset_connection(writer)
                passage.ended = "refused"
            else:
                await self._serve(MessageReader(h11.SERVER, reader), writer, passage, decided)
        except OSError:
            passage.ended = passage.ended or "the client left"
        except h11.RemoteProtocolError as problem:
            passage.ended = passage.ended or f"the client's request is not HTTP: {problem}"
            with contextlib.suppress(OSError):
                status = 408 if problem.error_status_hint == 408 else 400
                await _answer(writer, status, [TEXT], f"The relay cannot read this request: {problem}\n".encode())
        except asyncio.CancelledError:
            passage.ended = passage.ended or "the relay was closed"
        finally:
            close_writer(writer)

    async def _serve(
        self, client: MessageReader, writer: asyncio.StreamWriter, passage: Passage, decided: Answer | None
    ) -> None:
        request = await client.request()
        host = next((value.decode("latin-1") for name, value in request.headers if name == b"host"), None)
        if not is_own_host(host, self._hosts):
            passage.ended = "meant for another host"
            return await _answer(writer, 403, [TEXT], refusal(host).encode())
        if decided is not None:
            passage.ended = f"answered {decided.status}"
            return await _answer(writer, decided.status, list(decided.headers), b"")
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                origin_reader, origin_writer = await asyncio.open_connection(self._host, self._port)
        except (OSError, TimeoutError) as problem:
            passage.ended = "the origin does not answer"
            text = f"The relay's origin {shown_url(self.origin)} does not answer: {problem}. Is it running?\n"
            return await _answer(writer, 502, [TEXT], text.encode())
        origin = MessageReader(h11.CLIENT, origin_reader)
        question = Question(client, writer, origin, origin_writer, self._request_line())
        connection = Passing(writer, passage, *self._lines(passage.n))
        self._running[connection] = None
        try:
            await connection.run(origin, self._faults, request, question.pass_on(request, self._netloc))
        finally:
            self._running.pop(connection, None)
            close_writer(origin_writer)

    def _request_line(self) -> Chain:
        """The machines for what the client sends."""
        return Chain([fault.start(1, Random(f"{self._seed}/request/{n}")) for n, fault in enumerate(self._requests)])


@contextlib.asynccontextmanager
async def relay(
    origin: str,
    *faults: Fault,
    requests: Sequence[Fault] = (),
    seed: int = 0,
    port: int = 0,
    anywhere: bool = False,
    hosts: Collection[str] = (),
) -> AsyncIterator[Relay]:
    """A relay on a free port of this machine; its `url` has the path of the origin's.

    `faults` work on the answers, `requests` on what goes the other way, as bytes of the wire. It relays to this machine
    only, unless `anywhere`, and answers to `hosts` beside localhost and numeric addresses. The same seed and the same
    connections give the same faults again.

    Raises:
        LabError: the origin's URL cannot be relayed.
        PortInUse: another program listens on that port.
    """
    running_relay = Relay(origin, faults, requests, seed, hosts)
    host = urlsplit(origin).hostname
    if not is_loopback(host or "") and not anywhere:
        why = "is on another machine. A relay with faults is for your own: say anywhere=True if it is"
        raise LabError(f"{shown_url(origin)} {why}")
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError:
        raise PortInUse("127.0.0.1", port) from None
    acceptor = StreamAcceptor(listener, running_relay._accept)
    running_relay.url = f"http://127.0.0.1:{acceptor.port}{urlsplit(origin).path}"
    try:
        yield running_relay
    finally:
        await acceptor.stop()
        running_relay.cut("fin")
        await acceptor.end_connections()


async def _answer(writer: asyncio.StreamWriter, status: int, headers: Headers, content: bytes) -> None:
    framing = [("Content-Length", str(len(content))), ("Connection", "close")]
    if status == 204:
        framing = framing[1:]
    writer.write(write_head(f"HTTP/1.1 {status} By-The-Relay", [*headers, *framing]) + content)
    await writer.drain()
