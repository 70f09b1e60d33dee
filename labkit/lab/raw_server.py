"""A server that says exactly what it is told, byte by byte: for experiments, not for use."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from labkit.system.accepting import StreamAcceptor

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"

#: Bytes are written as they are, numbers are pauses in seconds.
Script = Sequence[bytes | float]


@contextlib.asynccontextmanager
async def raw_server(*scripts: Script, head: bytes = HEAD, stay: bool = False) -> AsyncIterator[str]:
    """The URL of a server on a free port of this machine that plays a script to each client, and closes.

    The first client gets the first script, the second the second, and so on; the last script is repeated. With `stay`
    the connection stays open after the script until the client leaves.
    """
    served = 0

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        script = scripts[min(served, len(scripts) - 1)]
        served += 1
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head)
        for step in script:
            if isinstance(step, bytes):
                writer.write(step)
                await writer.drain()
            else:
                await asyncio.sleep(step)
        if stay:
            await reader.read()

    async with loopback(play) as url:
        yield url


@contextlib.asynccontextmanager
async def loopback(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """The URL of a server on a free port of this machine that gives each connection to `answer`, and then closes it."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await answer(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client, or the experiment, is over
        finally:
            writer.close()

    acceptor = StreamAcceptor(socket.create_server(("127.0.0.1", 0)), serve)
    try:
        yield f"http://127.0.0.1:{acceptor.port}/"
    finally:
        await acceptor.stop()
        await acceptor.end_connections()
