"""The two sides of a relay in HTTP/1.1: what the client asks, and what the origin answers. h11 reads both.

Source: RFC 9112; RFC 9110, 7.6.1 (what concerns one connection only) and 15.2 (informational answers are passed on).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import h11

from labkit.faults.fault import Headers

#: What concerns one connection only, and the framing, which the relay makes anew; 100 Continue it answers by itself.
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade", "expect"}
)
READ_BYTES = 65536
#: The longest head that is read. Precedent: asyncio's own limit for a line.
HEAD_BYTES = 65536
#: How long the head of a request may take, and each next piece of its body. Precedent: nginx's client_header_timeout.
REQUEST_TIMEOUT_S = 60.0
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a message as the relay sends it, and its headers, their names as they came."""

    first_line: str
    headers: Headers

    @classmethod
    def of_answer(cls, answer: h11.Response | h11.InformationalResponse) -> Head:
        """The head of an answer, as HTTP/1.1."""
        reason = answer.reason.decode("latin-1")
        return cls(f"HTTP/1.1 {answer.status_code} {reason}", _headers(answer))

    @property
    def to_pass_on(self) -> Headers:
        """The headers that do not concern this connection alone."""
        return _to_pass_on(self.headers)

    @property
    def content_length(self) -> Headers:
        """The Content-Length, where there is one: an answer without a body, such as that to HEAD, keeps it."""
        return _only("content-length", self.headers)

    @property
    def size_bytes(self) -> int:
        """How long the head is on the wire, up to spaces that nobody needs."""
        return len(write_head(self.first_line, self.headers))


class MessageReader:
    """The messages that come over one connection, read by h11.

    Args:
        role: what this relay is on the connection: h11.SERVER towards a client, h11.CLIENT towards an origin.
        reader: where the bytes come from.
    """

    def __init__(self, role: type[h11.CLIENT] | type[h11.SERVER], reader: asyncio.StreamReader) -> None:
        self.state = h11.Connection(role, max_incomplete_event_size=HEAD_BYTES)
        self._reader = reader
        self._asked = role is h11.SERVER

    async def next(self, writer: asyncio.StreamWriter | None = None) -> h11.Event:
        """The next part of a message: a head, a piece of a body as it came, or the end of the message.

        A client that waits for 100 Continue before it sends its body gets it through `writer`.

        Raises:
            h11.RemoteProtocolError: what came is not HTTP, or the connection ended in the middle of a message, or a
                client says nothing for REQUEST_TIMEOUT_S.

        Source: RFC 9110, 10.1.1.
        """
        while not isinstance(event := self.state.next_event(), h11.Event):
            if event is h11.PAUSED:  # after CONNECT, say: h11 would keep all that comes, and read none of it
                raise h11.RemoteProtocolError("what follows is no HTTP")
            if writer is not None and self.state.they_are_waiting_for_100_continue:
                writer.write(CONTINUE)
                self.state.send(h11.InformationalResponse(status_code=100, headers=[]))
            try:
                async with asyncio.timeout(REQUEST_TIMEOUT_S if self._asked else None):
                    self.state.receive_data(await self._reader.read(READ_BYTES))
            except TimeoutError:
                raise _too_slow() from None
        return event

    async def request(self) -> h11.Request:
        """The head of the client's request.

        Raises:
            h11.RemoteProtocolError: what came is no request, or the client left before it was complete.
        """
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                event = await self.next()
        except TimeoutError:
            raise _too_slow() from None
        if not isinstance(event, h11.Request):
            raise h11.RemoteProtocolError("the connection ended before a request")
        return event

    async def left(self) -> None:
        """Returns when the other side has ended the connection; what it sends after its request is not read."""
        while await self._reader.read(READ_BYTES):
            pass


def _too_slow() -> h11.RemoteProtocolError:
    return h11.RemoteProtocolError(f"it is not complete after {REQUEST_TIMEOUT_S:g} s", error_status_hint=408)


def request_to_origin(request: h11.Request, host: str) -> h11.Request:
    """The request as the relay sends it: in HTTP/1.1, over a connection that ends with the answer, framed as it was."""
    own = _headers(request)
    headers = _to_pass_on(own)
    if not _only("host", own):  # HTTP/1.0 may come without
        headers.append(("Host", host))
    chunked = bool(_only("transfer-encoding", own))
    framing = [("Transfer-Encoding", "chunked")] if chunked else _only("content-length", own)
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in [*headers, *framing]]
    return h11.Request(method=request.method, target=request.target, headers=[*encoded, (b"Connection", b"close")])


def write_head(first_line: str, headers: Headers) -> bytes:
    """The bytes of a head."""
    lines = [first_line, *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


def _to_pass_on(headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]


def _only(wanted: str, headers: Headers) -> Headers:
    return [(name, value) for name, value in headers if name.lower() == wanted]


def _headers(message: h11.Request | h11.Response | h11.InformationalResponse) -> Headers:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in message.headers.raw_items()]
