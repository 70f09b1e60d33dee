"""The readers of a channel: who is there, what goes to all of them, and how their streams end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

from labkit.server.connection import Connection, Visit, in_one_piece
from labkit.server.counts import Counts
from labkit.server.heartbeat import Heartbeat
from labkit.wire import Frame, encode
from labkit.wire.chunked import chunk

_HEARTBEAT = encode(Frame(comment="heartbeat"))


class OpenStreams:
    """The open streams of a channel. What begins with an underscore is called on the server's loop.

    Args:
        heartbeat_s: after so many seconds of silence a comment goes out.
        room_bytes: so much may wait for a slow reader; with more it is disconnected, so that it resumes.
    """

    def __init__(self, heartbeat_s: float, room_bytes: int) -> None:
        self.heartbeat_s, self.room_bytes = heartbeat_s, room_bytes
        self.counts = Counts()
        # Guards the outbox and the loop: a cell publishes from its thread, a ticker from the server's. Nobody waits for
        # a disk while holding it.
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._connections: set[Connection] = set()
        self._catch_up_tasks: dict[Connection, asyncio.Task[None]] = {}  # not among the others yet
        self._heartbeat = Heartbeat(heartbeat_s, self._beat)

    @property
    def clients(self) -> int:
        """How many streams are open."""
        return len(self._connections) + len(self._catch_up_tasks)

    @property
    def waiting_bytes(self) -> int:
        """How many bytes wait in this process for slow readers, of all streams together."""
        return sum(connection.waiting_bytes for connection in self._all_connections())

    def cut(self, reset: bool = False) -> None:
        """Breaks every open connection in mid-response; with `reset`, by a TCP RST. Safe from any thread."""
        self._for_each(lambda connection: connection.cut("cut", reset))

    def kick(self, visit: Visit) -> None:
        """Ends the stream of one reader, given by its Visit. Its client reconnects. Safe from any thread."""
        self._for_each(lambda connection: connection.end("kicked") if connection.visit is visit else None)

    def end(self, why: str = "ended") -> None:
        """Ends every open stream as HTTP ends a response. Clients reconnect. Safe from any thread."""
        self._for_each(lambda connection: connection.end(why))

    def _write(self, frames: list[bytes]) -> None:
        if not frames:
            return
        plain_blocks = in_one_piece(frames, self.room_bytes)
        chunked_blocks = in_one_piece([*map(chunk, frames)], self.room_bytes)
        for connection in tuple(self._connections):
            for piece in chunked_blocks if connection.chunked else plain_blocks:
                connection.send(piece)
        self._heartbeat.note_write()

    def _send(self, connection: Connection, frames: list[bytes]) -> None:
        for piece in in_one_piece([*map(chunk, frames)] if connection.chunked else frames, self.room_bytes):
            connection.send(piece)

    def _beat(self) -> None:
        self._write([_HEARTBEAT])
        for connection in tuple(self._catch_up_tasks):
            if not connection.waiting_bytes:  # a log that is away may keep it waiting
                self._send(connection, [_HEARTBEAT])

    def _all_connections(self) -> tuple[Connection, ...]:
        return (*self._connections, *self._catch_up_tasks)

    def _remove(self, connection: Connection) -> None:
        self._connections.discard(connection)
        self.counts.note_ending(connection.visit.left)
        task = self._catch_up_tasks.pop(connection, None)
        if task is not None:
            task.cancel()

    def _for_each(self, action: Callable[[Connection], None]) -> None:
        def act() -> None:
            for connection in self._all_connections():
                action(connection)

        with self._lock:
            if self._loop is not None:
                self._loop.call_soon_threadsafe(act)
