"""Waiting with a deadline, a port without a server, and a client that sees the bytes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Callable
from urllib.parse import urlsplit

from labkit.wire import Comment, Decoder, Event, Signal

DEADLINE_S = 20.0
#: With LABKIT_THOROUGH=1 some tests try each combination, and not a share of them by turns: minutes instead of seconds.
THOROUGH = os.environ.get("LABKIT_THOROUGH") == "1"
#: The command line as a program of `python -c` that hears Ctrl-C: a worker of the suite ignores it, and its child would.
LABKIT = (
    "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "from labkit.command.cli import main; main()"
)


def eventually(condition: Callable[[], object], what: str = "the condition") -> None:
    until_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until_s, f"{what}: not within {DEADLINE_S:g} s"
        time.sleep(0.005)


async def soon(condition: Callable[[], object], what: str = "the condition") -> None:
    until_s = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < until_s, f"{what}: not within {DEADLINE_S:g} s"
        await asyncio.sleep(0.005)


def free_port() -> int:
    """A port at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


class Reply:
    """One answer as it came over the socket."""

    def __init__(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        self.status = int(first.split(" ")[1])
        self.headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        self.reader, self.writer = reader, writer
        self._decoder = Decoder()

    async def chunk(self) -> bytes:
        """One chunk of a chunked body; b"" is the last."""
        size = int(await self.reader.readuntil(b"\r\n"), 16)
        data = await self.reader.readexactly(size + 2)
        assert data[-2:] == b"\r\n"
        return data[:-2]

    async def signals(self, enough: Callable[[list[Signal]], bool]) -> list[Signal]:
        """The signals up to the chunk after which it is enough, or to the end of the stream."""
        found: list[Signal] = []
        chunked = "transfer-encoding" in self.headers
        while not enough(found):
            data = await (self.chunk() if chunked else self.reader.read(65536))
            if not data:
                break
            found += self._decoder.feed(data)
        return found

    async def events(self, count: int) -> list[Event]:
        """So many events, or those up to the end of the stream."""
        seen: list[Event] = []
        while len(seen) < count:
            found = await self.signals(lambda signals: any(isinstance(signal, Event) for signal in signals))
            seen += [signal for signal in found if isinstance(signal, Event)]
            if not found:
                break
        return seen

    async def opening(self) -> None:
        """Reads the comment that says that the stream is open: from here on nothing is missed."""
        await self.signals(lambda signals: any(isinstance(signal, Comment) for signal in signals))


@contextlib.asynccontextmanager
async def request(url: str, *headers: bytes, method: str = "GET", version: str = "1.1") -> AsyncIterator[Reply]:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    lines = [f"{method} {address.path} HTTP/{version}".encode(), f"Host: {address.netloc}".encode(), *headers]
    writer.write(b"\r\n".join([*lines, b"", b""]))
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield Reply(await reader.readuntil(b"\r\n\r\n"), reader, writer)
    finally:
        writer.close()


def after(last_event_id: str) -> bytes:
    return b"Last-Event-ID: " + last_event_id.encode()


def ids(events: list[Event]) -> list[str]:
    return [event.last_event_id for event in events]


def texts(events: list[Event]) -> list[str]:
    return [event.data for event in events]
