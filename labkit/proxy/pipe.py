"""A pipe for any TCP protocol: it counts bytes in both directions, can delay them, and can break."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from labkit.system.accepting import StreamAcceptor
from labkit.system.sockets import close_writer, reset_connection

PIECE_BYTES = 65536
MAX_PIECES = 10_000
ROOM_PIECES = 64  # that are on their way: who reads slowly holds the sender up, as any network would

PieceQueue = asyncio.Queue[tuple[float, bytes]]


@dataclass
class Pipe:
    """A TCP connection through a counter. Clients connect to `url`, and everything they send reaches the server.

    `up_bytes` went to the server, `down_bytes` to the clients, over `connections`. `pieces` has the newest pieces: when
    (monotonic seconds), whether to the server, and how many bytes.

    Args:
        origin: the URL of the server.
        delay_s: how long each byte is on its way, in each direction: a round trip takes twice as long. (The handshake
            of TCP itself is not delayed.)
        on_bytes: called with each piece, as on_bytes(to_server, data).
    """

    origin: str
    delay_s: float = 0.0
    url: str = ""
    up_bytes: int = 0
    down_bytes: int = 0
    connections: int = 0
    on_bytes: Callable[[bool, bytes], object] | None = None
    pieces: deque[tuple[float, bool, int]] = field(default_factory=lambda: deque(maxlen=MAX_PIECES), repr=False)
    _open: set[asyncio.StreamWriter] = field(default_factory=set, repr=False)

    @property
    def total_bytes(self) -> int:
        """How many bytes went through it, in both directions."""
        return self.up_bytes + self.down_bytes

    def reset(self) -> None:
        """Sets the counters to zero and forgets the pieces."""
        self.up_bytes = self.down_bytes = self.connections = 0
        self.pieces.clear()

    def cut(self) -> None:
        """Resets every open connection, on both sides."""
        for writer in tuple(self._open):
            reset_connection(writer)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carries one client's connection, until either side ends it."""
        parts = urlsplit(self.origin)
        self.connections += 1
        try:
            server_reader, server_writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
        except OSError:
            close_writer(writer)
            return
        writers = {writer, server_writer}
        self._open |= writers
        try:
            async with asyncio.TaskGroup() as group:
                for source, target, to_server in ((reader, server_writer, True), (server_reader, writer, False)):
                    queue: PieceQueue = asyncio.Queue(maxsize=ROOM_PIECES)
                    group.create_task(self._read_pieces(source, queue))
                    group.create_task(self._write_pieces(queue, target, to_server))
        except* OSError:
            pass  # one side is gone, and so is the other in a moment
        finally:
            self._open -= writers
            for open_writer in writers:
                close_writer(open_writer)

    async def _read_pieces(self, reader: asyncio.StreamReader, queue: PieceQueue) -> None:
        loop, data = asyncio.get_running_loop(), b"begin"
        while data:
            data = await reader.read(PIECE_BYTES)
            await queue.put((loop.time() + self.delay_s, data))

    async def _write_pieces(self, queue: PieceQueue, writer: asyncio.StreamWriter, to_server: bool) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s, data = await queue.get()
            if due_s > loop.time():
                await asyncio.sleep(due_s - loop.time())
            if writer.is_closing():
                raise ConnectionResetError("cut")
            if not data:
                writer.write_eof()
                return
            writer.write(data)
            self._count(len(data), to_server)
            if self.on_bytes is not None:
                self.on_bytes(to_server, data)
            await writer.drain()

    def _count(self, size: int, to_server: bool) -> None:
        self.pieces.append((time.monotonic(), to_server, size))
        if to_server:
            self.up_bytes += size
        else:
            self.down_bytes += size


@contextlib.asynccontextmanager
async def pipe(origin: str, delay_s: float = 0.0) -> AsyncIterator[Pipe]:
    """Runs a Pipe to the server at this URL, on a free port of this machine, until the block ends."""
    new_pipe = Pipe(origin, delay_s)
    acceptor = StreamAcceptor(socket.create_server(("127.0.0.1", 0)), new_pipe.serve)
    new_pipe.url = f"{urlsplit(origin).scheme or 'http'}://127.0.0.1:{acceptor.port}"
    try:
        yield new_pipe
    finally:
        await acceptor.stop()
        await acceptor.end_connections()
