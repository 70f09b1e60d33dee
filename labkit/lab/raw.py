"""A server that says exactly what it is told, byte by byte: for experiments, not for use."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

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
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
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
        writer.close()

    server = await asyncio.start_server(play, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
