"""One request and its response over ASGI, as tornado's handlers see them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tornado.httputil import HTTPConnection, HTTPHeaders, RequestStartLine, ResponseStartLine

from labkit.asgi.stream import AsgiStream

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

#: The server's own business. HTTP/2 forbids the first ones, and servers name themselves and the time.
#: Source: RFC 9113, 8.2.2.
SERVERS_OWN = frozenset({"connection", "keep-alive", "transfer-encoding", "upgrade", "date", "server"})


class ClientLeft(Exception):
    """The client has left before its request was read."""


class BodyTooLarge(Exception):
    """The request's body has more bytes than are taken."""


class BodyTooLate(Exception):
    """The request's body was not there in time."""


@dataclass(frozen=True)
class Peer:
    """Where a request comes from, as tornado asks for it."""

    remote_ip: str
    protocol: str


class AsgiExchange(HTTPConnection):
    """What a handler writes its response to. `stream` is the body, which a handler of streams takes over."""

    def __init__(self, scope: Scope) -> None:
        framed_by_frames = scope.get("http_version", "1.1") not in ("1.0", "1.1")
        self.stream = AsgiStream(ends_cuts=framed_by_frames, bodyless=scope["method"] == "HEAD")
        self.context = Peer((scope.get("client") or ("",))[0], scope.get("scheme", "http"))

    def write_headers(
        self,
        start_line: RequestStartLine | ResponseStartLine,
        headers: HTTPHeaders,
        chunk: bytes | None = None,
    ) -> asyncio.Future[None]:
        assert isinstance(start_line, ResponseStartLine)
        kept = [(name, value) for name, value in headers.get_all() if name.lower() not in SERVERS_OWN]
        encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in kept]
        self.stream.start(start_line.code, encoded)
        return self.write(chunk or b"")

    def write(self, chunk: bytes) -> asyncio.Future[None]:
        return self.stream.write(chunk)

    def finish(self) -> None:
        self.stream.finish()

    def detach(self) -> AsgiStream:
        """The stream, for who writes the body piece by piece."""
        return self.stream

    def set_close_callback(self, callback: Callable[[], object] | None) -> None:
        """Calls this when the client leaves."""
        self.stream.set_close_callback(callback)

    async def notice_leaving(self, receive: Receive) -> None:
        """Closes the stream when the client leaves."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self.stream.close()


def request_line(scope: Scope, path: str | None = None) -> RequestStartLine:
    """The request's first line: with the path below that where the app is mounted, or with the path that is given."""
    whole, root = str(scope["path"]), str(scope.get("root_path", ""))
    below = whole.removeprefix(root) if root and whole.startswith(root) else whole
    quoted = quote(below or "/", safe="/:@!$&'()*+,;=~-._") if path is None else path
    query = scope.get("query_string", b"").decode("latin-1")
    version = scope.get("http_version", "1.1")
    return RequestStartLine(scope["method"], f"{quoted}?{query}" if query else quoted, f"HTTP/{version}")


def request_headers(pairs: Iterable[tuple[bytes, bytes]]) -> HTTPHeaders:
    """The request's headers, as tornado reads them: every byte a character."""
    headers = HTTPHeaders()
    for name, value in pairs:
        headers.add(name.decode("latin-1"), value.decode("latin-1"))
    return headers


async def request_body(receive: Receive, headers: HTTPHeaders, max_bytes: int, timeout_s: float) -> bytes:
    """The request's body.

    Raises:
        BodyTooLarge: it has more than `max_bytes`, or says so before it comes.
        BodyTooLate: it was not complete within `timeout_s`. ASGI servers wait for it without a limit.
        ClientLeft: it has left.
    """
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > max_bytes:
        raise BodyTooLarge
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise ClientLeft
                body += message.get("body", b"")
                if len(body) > max_bytes:
                    raise BodyTooLarge
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise BodyTooLate from None
