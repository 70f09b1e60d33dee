"""As much of HTTP/1.1 as a relay has to know: heads, and where a body ends. Source: RFC 9112."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from labkit.faults.fault import Headers

#: What concerns one connection only, and the framing, which the relay makes anew. Source: RFC 9110, 7.6.1.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "te", "trailer", "upgrade"}
READ_BYTES = 65536


class NotHttp(Exception):
    """What came is no message of HTTP."""


@dataclass(frozen=True, slots=True)
class Head:
    """The first line of a message, and its headers with their names as they came."""

    first_line: str
    headers: tuple[tuple[str, str], ...]

    def get(self, name: str) -> str:
        """The header's value, in lower case; "" if there is none."""
        return next((value.lower() for other, value in self.headers if other.lower() == name), "")

    @property
    def kept(self) -> Headers:
        """The headers that a relay passes on."""
        return [(name, value) for name, value in self.headers if name.lower() not in HOP_BY_HOP]

    @property
    def size_bytes(self) -> int:
        """How long it was on the wire, up to spaces that nobody needs."""
        return len(write_head(self.first_line, list(self.headers)))

    @property
    def status(self) -> int:
        """The status of a response.

        Raises:
            NotHttp: it has none.
        """
        return _number(f"{self.first_line} ".split(" ")[1], "a status")

    @property
    def content_length(self) -> int | None:
        """How long it says that its body is, in bytes.

        Raises:
            NotHttp: that is no number.
        """
        value = self.get("content-length")
        return _number(value, "a Content-Length") if value else None


def _number(text: str, what: str, base: int = 10) -> int:
    try:
        if (number := int(text, base)) >= 0:
            return number
    except ValueError:
        pass
    raise NotHttp(f"{text[:40]!r} is not {what}")


async def read_head(reader: asyncio.StreamReader) -> Head:
    """The head of the next message.

    Raises:
        asyncio.IncompleteReadError: the connection ended before it was complete.
        asyncio.LimitOverrunError: it is longer than the reader allows.
    """
    raw = await reader.readuntil(b"\r\n\r\n")
    first, *lines = raw[:-4].decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines)
    return Head(first, tuple((name, value.strip()) for name, _, value in pairs))


def write_head(first_line: str, headers: Headers) -> bytes:
    """The bytes of a head."""
    lines = [first_line, *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


async def body(reader: asyncio.StreamReader, head: Head) -> AsyncIterator[bytes]:
    """The body of a response, in the pieces in which it came, without its framing.

    Raises:
        asyncio.IncompleteReadError: the connection broke in the middle.
        NotHttp: the size of a chunk is no number.
    """
    if head.status in (204, 304) or head.status < 200:
        return
    if "chunked" in head.get("transfer-encoding"):
        while size := _number((await reader.readuntil(b"\r\n")).split(b";")[0].decode("latin-1"), "a chunk's size", 16):
            yield await reader.readexactly(size)
            await reader.readexactly(2)
        await reader.readuntil(b"\r\n")
        return
    length = head.content_length
    left = -1 if length is None else length
    while left and (data := await reader.read(READ_BYTES if left < 0 else min(left, READ_BYTES))):
        left -= len(data) if left > 0 else 0
        yield data
    if left > 0:
        raise asyncio.IncompleteReadError(b"", left)
