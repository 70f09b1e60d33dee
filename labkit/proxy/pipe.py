"""A pipe for any TCP protocol: it counts bytes each way, and can be long, and can break."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from labkit.sockets import reset_on_close

PIECE_BYTES = 65536
KEPT = 10_000


@dataclass
class Pipe:
    """`url` leads through it. `up_bytes` went to the server, `down_bytes` to the clients, over `connections`. `passed`
    has the newest pieces: when (monotonic seconds), whether up, and how many bytes.

    With `delay_s` every byte is that long on its way, in each direction: a round trip takes twice as long. (The
    handshake of TCP itself is not delayed.)
    """

    origin: str
    delay_s: float = 0.0
    url: str = ""
    up_bytes: int = 0
    down_bytes: int = 0
    connections: int = 0
    passed: deque[tuple[float, bool, int]] = field(default_factory=lambda: deque(maxlen=KEPT), repr=False)
    _open: set[asyncio.StreamWriter] = field(default_factory=set, repr=False)

    def reset(self) -> None:
        """Counts from zero again."""
        self.up_bytes = self.down_bytes = self.connections = 0
        self.passed.clear()

    def cut(self) -> None:
        """Resets every open connection, on both sides."""
        for writer in tuple(self._open):
            reset_on_close(writer.get_extra_info("socket"))
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carries one connection, until either side ends it."""
        parts = urlsplit(self.origin)
        self.connections += 1
        try:
            there, to_there = await asyncio.open_connection(parts.hostname, parts.port or 80)
        except OSError:
            writer.close()
            return
        both = {writer, to_there}
        self._open |= both
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._carry(reader, to_there, up=True))
                group.create_task(self._carry(there, writer, up=False))
        except* OSError:
            pass  # one side is gone, and so is the other in a moment
        finally:
            self._open -= both
            for one in both:
                one.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, up: bool) -> None:
        loop, on_the_way = asyncio.get_running_loop(), deque[tuple[float, bytes]]()
        arrived = asyncio.Event()

        async def deliver() -> None:
            while True:
                await arrived.wait()
                while on_the_way:
                    due_s, data = on_the_way.popleft()
                    if due_s > loop.time():
                        await asyncio.sleep(due_s - loop.time())
                    if not data:
                        with contextlib.suppress(OSError):
                            writer.write_eof()
                        return
                    writer.write(data)
                    await writer.drain()
                arrived.clear()

        delivering = asyncio.ensure_future(deliver())
        try:
            while data := await reader.read(PIECE_BYTES):
                self._count(len(data), up)
                on_the_way.append((loop.time() + self.delay_s, data))
                arrived.set()
            on_the_way.append((loop.time() + self.delay_s, b""))
            arrived.set()
            await delivering
        finally:
            delivering.cancel()

    def _count(self, size: int, up: bool) -> None:
        self.passed.append((time.monotonic(), up, size))
        if up:
            self.up_bytes += size
        else:
            self.down_bytes += size


@contextlib.asynccontextmanager
async def pipe(origin: str, delay_s: float = 0.0) -> AsyncIterator[Pipe]:
    """A pipe to the server at this URL, on a free port of this machine."""
    made = Pipe(origin, delay_s)
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await made.serve(reader, writer)
        except asyncio.CancelledError:
            pass  # the pipe is taken away
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    scheme = urlsplit(origin).scheme or "http"
    made.url = f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
