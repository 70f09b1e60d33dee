"""A channel: one stream of events for many readers."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from tornado.iostream import IOStream

from labkit.errors import ChannelStopped, LabError, counted
from labkit.log import EventLog, MemoryLog, Replay
from labkit.server.connection import Connection, Visit
from labkit.server.gap import gap_frame
from labkit.wire import Frame, encode
from labkit.wire.chunked import chunk
from labkit.wire.session import DEFAULT_RECONNECTION_MS

#: Precedent: the standard's authoring notes suggest a comment "every 15 seconds or so"; sse-starlette does the same.
HEARTBEAT_S = 15.0
#: Precedent: asyncio's own high-water mark for a transport, 64 KiB.
ROOM_BYTES = 64 * 1024
#: A planned end comes at a random moment of the last fifth of max_age_s, so that a crowd does not come back as one.
AGE_JITTER = 0.2

_HEARTBEAT = encode(Frame(comment="heartbeat"))


class Delivery(NamedTuple):
    """The record of one event's delivery: its id, how many readers it was written to, and how long the write took.

    Events that were published at the same moment share one write, and `took_s` is the time of that write.
    """

    id: str
    readers: int
    took_s: float


class Channel:
    """Publishes events to many readers. It encodes each event once and writes the same bytes to every reader.

    `visits` keeps what the newest 1000 readers asked for and how they left, `deliveries` the newest 100 deliveries.

    Args:
        log: keeps published events for readers that resume; a MemoryLog unless given.
        heartbeat_s: after so many seconds of silence a comment goes out.
        room_bytes: so much may wait for a slow reader; with more it is disconnected, so that it resumes.
        max_age_s: every stream ends by itself before this age, and its client reconnects, perhaps to another server.
        retry_ms: the reconnection time that each client gets when its stream opens.
        rng: where the random moments of `max_age_s` come from.
    """

    def __init__(
        self,
        log: EventLog | None = None,
        *,
        heartbeat_s: float = HEARTBEAT_S,
        room_bytes: int = ROOM_BYTES,
        max_age_s: float | None = None,
        retry_ms: int = DEFAULT_RECONNECTION_MS,
        rng: random.Random | None = None,
    ) -> None:
        self.log = log if log is not None else MemoryLog()
        self.visits: deque[Visit] = deque(maxlen=1000)
        self.deliveries: deque[Delivery] = deque(maxlen=100)
        self.room_bytes = room_bytes
        self._heartbeat_s, self._max_age_s = heartbeat_s, max_age_s
        self._opening_frame = encode(Frame(comment="the stream is open", retry_ms=retry_ms))
        self._rng = rng or random.Random()
        self._connections: set[Connection] = set()
        self._catch_up_tasks: dict[Connection, asyncio.Task[None]] = {}  # not among the others yet
        # Guards the log, the outbox and the loop: a cell publishes from its thread, a ticker from the server's.
        self._lock = threading.Lock()
        self._outbox: list[tuple[str, bytes]] = []
        self._drain_scheduled = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heartbeat_timer: asyncio.TimerHandle | None = None
        self._publication = asyncio.Event()  # set, and replaced, with each event
        self._last_write_s = 0.0

    @property
    def clients(self) -> int:
        """How many streams are open."""
        return len(self._all_connections())

    @property
    def waiting_bytes(self) -> int:
        """How many bytes wait in this process for slow readers, of all streams together."""
        return sum(connection.waiting_bytes for connection in self._all_connections())

    @property
    def last_event_id(self) -> str:
        """The id of the newest event; `epoch-0` before the first."""
        return self.since("")[1]

    def since(self, last_event_id: str) -> tuple[Replay, str]:
        """The events published after this id, and the newest id, both read at the same moment."""
        with self._lock:
            return self.log.since(last_event_id), f"{self.log.epoch}-{self.log.last_number}"

    async def wait_for_events(self, last_event_id: str) -> tuple[Replay, str]:
        """Like since(), but waits until there is something to return. Call it on the server's loop.

        Raises:
            ChannelStopped: the channel is not mounted, or its server stops.
        """
        while self._loop is not None:
            publication = self._publication
            replay, last_id = self.since(last_event_id)
            if replay.frames or replay.gap:
                return replay, last_id
            await publication.wait()
        raise ChannelStopped

    def publish(self, data: str, event: str | None = None) -> str:
        """Publishes an event and returns its id. Safe from any thread; never waits for a reader.

        Raises:
            EncodeError: it cannot be sent; nothing was logged or written.
        """
        frame = Frame(data=data, event=event)
        with self._lock:
            # Numbering and queueing are one step: two threads that did them apart would send 2 before 1.
            id = self.log.append(frame)
            if self._loop is not None:
                self._outbox.append((id, encode(frame._replace(id=id))))
                if not self._drain_scheduled:
                    self._drain_scheduled = True
                    self._loop.call_soon_threadsafe(self._drain)
            else:
                self.deliveries.append(Delivery(id, 0, 0.0))  # in the log, for those who come later
        return id

    def cut(self, reset: bool = False) -> None:
        """Breaks every open connection in mid-response; with `reset`, by a TCP RST. Safe from any thread."""
        self._for_each(lambda connection: connection.cut("cut", reset))

    def kick(self, visit: Visit) -> None:
        """Ends the stream of one reader, given by its Visit. Its client reconnects. Safe from any thread."""
        self._for_each(lambda connection: connection.end("kicked") if connection.visit is visit else None)

    def end(self, why: str = "ended") -> None:
        """Ends every open stream as HTTP ends a response. Clients reconnect. Safe from any thread."""
        self._for_each(lambda connection: connection.end(why))

    def open(self, stream: IOStream, last_event_id: str, chunked: bool, agent: str = "") -> Connection:
        """Adds a reader whose response head was sent, and sends it what it missed. Call it on the server's loop."""
        visit = Visit(last_event_id, agent=agent)
        with self._lock:
            # What is published before this moment is in the replay or has gone to the others just below;
            # what is published after it finds the new reader among them. So nothing is lost and nothing doubled.
            outbox, self._outbox = self._outbox, []
            replay = self.log.since(last_event_id)
        self._publish(outbox)
        connection = Connection(stream, chunked, self.room_bytes, visit, self._remove)
        self.visits.append(visit)
        first_blocks = [self._opening_frame]
        if replay.gap:
            first_blocks.append(encode(gap_frame(last_event_id, replay.frames)))
        blocks = [encode(frame) for frame in replay.frames]
        if sum(map(len, blocks)) <= self.room_bytes:
            self._send(connection, first_blocks + blocks)
            self._connections.add(connection)
        else:
            self._send(connection, first_blocks)
            self._catch_up_tasks[connection] = asyncio.ensure_future(self._catch_up(connection, replay.frames))
        if self._max_age_s is not None:
            age_s = self._max_age_s * (1 - AGE_JITTER * self._rng.random())
            connection.end_after(age_s, "reached its planned age")
        return connection

    async def _catch_up(self, connection: Connection, frames: tuple[Frame, ...]) -> None:
        """Sends a reader that missed more than its room holds all of it, at its own pace; then it joins the others.

        In one go, a healthy reader would be sent away as too slow, come back, and be sent away again.
        """
        while frames:
            for frame in frames:
                self._send(connection, [encode(frame)])
                await connection.drain()
            with self._lock:  # as in open()
                outbox, self._outbox = self._outbox, []
                replay = self.log.since(frames[-1].id or "")
            self._publish(outbox)
            if replay.gap:
                connection.cut("too slow: the log has moved on")
                return
            frames = replay.frames
        self._connections.add(connection)
        del self._catch_up_tasks[connection]

    def bind(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Ties the channel to the loop of the server that mounts it. False if it was tied to that loop already.

        Raises:
            LabError: it is mounted on another server that still runs.
        """
        with self._lock:
            if self._loop not in (None, loop):
                raise LabError(
                    "this channel is mounted on another server that still runs. Stop that one, or make a new Channel"
                )
            if self._loop is loop:
                return False
            self._loop = loop
            self._schedule_heartbeat(self._heartbeat_s)
            return True

    def unbind(self) -> None:
        """Sends what is queued and ends every stream; the log stays. Call it on the server's loop."""
        self._drain()
        with self._lock:
            self._loop = None
        self._notify_waiters()  # nobody need wait for events any more
        if self._heartbeat_timer is not None:
            self._heartbeat_timer.cancel()
        for connection in self._all_connections():
            # Where the reader is behind, a clean end could wait for ever.
            leave = connection.cut if connection.waiting_bytes else connection.end
            leave("server stopped")

    def _drain(self) -> None:
        with self._lock:
            self._drain_scheduled = False
            outbox, self._outbox = self._outbox, []
        self._publish(outbox)

    def _publish(self, outbox: list[tuple[str, bytes]]) -> None:
        start_s = time.perf_counter()
        self._write([data for _, data in outbox])
        took_s = time.perf_counter() - start_s
        readers = len(self._connections)
        self.deliveries.extend(Delivery(id, readers, took_s) for id, _ in outbox[-100:])
        self._notify_waiters()

    def _notify_waiters(self) -> None:
        self._publication.set()
        self._publication = asyncio.Event()

    def _write(self, frames: list[bytes]) -> None:
        if not frames:
            return
        plain_blocks = _join(frames, self.room_bytes)
        chunked_blocks = _join([*map(chunk, frames)], self.room_bytes)
        for connection in tuple(self._connections):
            for piece in chunked_blocks if connection.chunked else plain_blocks:
                connection.send(piece)
        if self._loop is not None:
            self._last_write_s = self._loop.time()

    def _schedule_heartbeat(self, seconds: float) -> None:
        loop = self._loop
        assert loop is not None
        self._heartbeat_timer = loop.call_later(seconds, self._send_heartbeat)

    def _send_heartbeat(self) -> None:
        if self._loop is None:
            return
        idle_s = self._loop.time() - self._last_write_s
        if idle_s >= self._heartbeat_s:
            self._write([_HEARTBEAT])
            idle_s = 0.0
        self._schedule_heartbeat(self._heartbeat_s - idle_s)

    def _send(self, connection: Connection, frames: list[bytes]) -> None:
        for piece in _join([*map(chunk, frames)] if connection.chunked else frames, self.room_bytes):
            connection.send(piece)

    def _all_connections(self) -> tuple[Connection, ...]:
        return (*self._connections, *self._catch_up_tasks)

    def _remove(self, connection: Connection) -> None:
        self._connections.discard(connection)
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

    def __repr__(self) -> str:
        return f"<Channel {counted(self.clients, 'client')}, {self.log!r}>"


def _join(frames: list[bytes], room_bytes: int) -> list[bytes]:
    """In one piece, for one system call; one by one where that would be more than may wait for a reader."""
    data = b"".join(frames)
    return [data] if len(data) <= room_bytes else frames
