"""A channel: one stream of events for many readers."""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque

from labkit.errors import ChannelStopped, LabError, LogFailed, counted
from labkit.log import EventLog, MemoryLog
from labkit.log.ids import number_in
from labkit.server.catching_up import Recent, catch_up
from labkit.server.connection import Connection, Delivery, ReaderStream, Visit
from labkit.server.following import Follower
from labkit.server.gap import gap_frame
from labkit.server.guarded_log import GuardedLog, Page
from labkit.server.open_streams import OpenStreams
from labkit.wire import Frame, encode
from labkit.wire.session import DEFAULT_RECONNECTION_MS

#: Precedent: the standard's authoring notes suggest a comment "every 15 seconds or so"; sse-starlette does the same.
HEARTBEAT_S = 15.0
#: Precedent: asyncio's own high-water mark for a transport, 64 KiB.
ROOM_BYTES = 64 * 1024
#: A planned end comes at a random moment of the last fifth of max_age_s, so that a crowd does not come back as one.
AGE_JITTER = 0.2


class Channel(OpenStreams):
    """Publishes events to many readers. It encodes each event once and writes the same bytes to every reader.

    `visits` keeps what the newest 1000 readers asked for and how they left, `deliveries` the newest 100 deliveries;
    `counts` counts all of them.

    Args:
        log: keeps published events for readers that resume; a MemoryLog unless given. One in a file is asked in
            another thread. Where it fails, streams that it should feed are ended, so that they come back.
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
        super().__init__(heartbeat_s, room_bytes)
        self.log = log if log is not None else MemoryLog()
        self.visits: deque[Visit] = deque(maxlen=1000)
        self.deliveries: deque[Delivery] = deque(maxlen=100)
        self._max_age_s = max_age_s
        self._opening = Frame(comment="the stream is open", retry_ms=retry_ms)
        self._rng = rng or random.Random()
        self._guarded_log = GuardedLog(self.log)
        self._outbox: list[tuple[str, bytes]] = []
        self._drain_scheduled = False
        self._publication = asyncio.Event()  # set, and replaced, with each event
        self._newest_id = self._guarded_log.last_id()  # of those that have left the outbox
        self._recent = Recent()
        # What others publish comes through the log that we share with them, and our own with it, in the log's order.
        self._follower = Follower(self._guarded_log, self._wake, self._rng) if self._guarded_log.shared else None

    @property
    def last_event_id(self) -> str:
        """The id of the newest event; `epoch-0` before the first."""
        with self._lock:
            return self._outbox[-1][0] if self._outbox else self._newest_id

    @property
    def log_blocks(self) -> bool:
        """Whether publish() may wait for a disk, or for another program."""
        return self._guarded_log.blocking

    @property
    def log_trouble(self) -> str:
        """Why a shared log cannot be read now; "" while it can. Streams stay open meanwhile."""
        return self._follower.trouble if self._follower is not None else ""

    def log_lag(self) -> int | None:
        """How many events a shared log has that are not here yet; None while it is away. It may wait for the log."""
        return 0 if self._follower is None else self._follower.lag(self._newest_id)

    async def page_after(self, last_event_id: str) -> Page:
        """What was published after this id; if that is more than `room_bytes`, the beginning of it.

        Raises:
            LabError: the log could not be read.
        """
        return await (self._follower or self._guarded_log).page(last_event_id, self.room_bytes)

    async def _patient_page_after(self, last_event_id: str) -> Page:
        assert self._follower is not None
        return await self._follower.patient_page(last_event_id, self.room_bytes)

    async def wait_for_events(self, last_event_id: str) -> Page:
        """Like page_after(), but waits until there is something to return. Call it on the server's loop.

        Raises:
            ChannelStopped: the channel is not mounted, or its server stops.
            LabError: the log could not be read.
        """
        while self._loop is not None:
            publication = self._publication
            page = await self.page_after(last_event_id)
            if page.replay.frames or page.replay.gap:
                return page
            await publication.wait()
        raise ChannelStopped

    def publish(self, data: str, event: str | None = None) -> str:
        """Publishes an event and returns its id. Safe from any thread; never waits for a reader.

        A log in a file may wait for its disk, or a quarter of a second for another program. On an event loop that
        serves others as well, use `await asyncio.to_thread(channel.publish, data)`; LabServer.play() does so.

        Raises:
            EncodeError: it cannot be sent; nothing was logged or written.
            LogFailed: the log could not keep it; nobody gets it.
        """
        frame = Frame(data=data, event=event)
        try:
            return self._guarded_log.append(frame, lambda id: self._queue(id, frame))
        except LogFailed as problem:
            if problem.for_good:
                self.end(str(problem))  # they may come back for what another writes
            raise

    async def publish_async(self, data: str, event: str | None = None) -> str:
        """Publishes an event and returns its id, as publish() does. An event loop serves others meanwhile.

        Raises:
            EncodeError, LogFailed: see publish().
        """
        if not self.log_blocks:
            return self.publish(data, event)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._guarded_log.publishers, self.publish, data, event)

    def _queue(self, id: str, frame: Frame) -> None:
        with self._lock:
            self.counts.published += 1
            if self._loop is None:
                # Several threads may come here in another order than the shared log has given.
                self._newest_id = max(self._newest_id, id, key=number_in)
                self.deliveries.append(Delivery(id, 0, 0.0))  # in the log, for those who come later
                return
            if self._follower is None:
                self._outbox.append((id, encode(frame._replace(id=id))))
        if self._follower is None:
            self._wake()

    def _wake(self) -> None:
        with self._lock:
            if self._loop is not None and not self._drain_scheduled:
                self._drain_scheduled = True
                self._loop.call_soon_threadsafe(self._drain)

    def open(self, stream: ReaderStream, last_event_id: str, chunked: bool, agent: str = "") -> Connection:
        """Adds a reader whose response head was sent, and sends it what it missed. Call it on the server's loop."""
        visit = Visit(last_event_id, agent=agent)
        connection = Connection(stream, chunked, self.room_bytes, visit, self._remove)
        self.visits.append(visit)
        self.counts.opened += 1
        if not last_event_id:
            self._drain()  # what was published before is for those who were there before
        here = None if last_event_id else self._newest_id  # a reader without an id resumes from here, whatever comes
        self._send(connection, [encode(self._opening._replace(id=here))])
        if last_event_id:
            page_after = self._patient_page_after if self._follower is not None else self.page_after
            self.counts.replays += 1
            work = catch_up(connection, last_event_id, page_after, self._send, self._join, self.room_bytes, self.counts)
            self._catch_up_tasks[connection] = asyncio.ensure_future(work)
        else:
            self._connections.add(connection)
        if self._max_age_s is not None:
            age_s = self._max_age_s * (1 - AGE_JITTER * self._rng.random())
            connection.end_after(age_s, "reached its planned age")
        return connection

    def _join(self, connection: Connection, page: Page) -> bool:
        """Puts the reader among the others, if it has all that they have with this page, or with the newest events.

        What is in the page has gone to the others before: it was in the outbox when the log was asked, or had left it.
        So nothing is lost and nothing doubled.
        """
        self._drain()
        if self._follower is not None:
            missed = self._follower.after(page.last_id)
        else:
            missed = self._recent.last(max(0, number_in(self._newest_id) - page.last_number))
        if missed is None:
            return False
        self._send(connection, missed)
        self.counts.replayed += len(missed)
        del self._catch_up_tasks[connection]
        self._connections.add(connection)
        return True

    def bind(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Ties the channel to the loop of the server that mounts it. False if it was tied to that loop already.

        Raises:
            LabError: it is mounted on another server that still runs.
        """
        with self._lock:
            if self._loop not in (None, loop):
                why = "this channel is mounted on another server that still runs"
                raise LabError(f"{why}. Stop that one, or make a new Channel")
            if self._loop is loop:
                return False
            self._loop = loop
            self._heartbeat.start(loop)
            if self._follower is not None:
                self._follower.start(self._newest_id)
            return True

    def unbind(self) -> None:
        """Sends what is queued and ends every stream; the log stays. Call it on the server's loop."""
        with self._lock:
            self._loop = None
        self._drain()
        if self._follower is not None:
            self._follower.stop()
        self._guarded_log.release()
        self._notify_waiters()  # nobody need wait for events any more
        self._heartbeat.stop()
        for connection in self._all_connections():
            # Where the reader is behind, a clean end could wait for ever.
            leave = connection.cut if connection.waiting_bytes else connection.end
            leave("server stopped")

    def abandon(self) -> None:
        """Lets go of a loop that stands still, and cuts its streams: another server may mount the channel."""
        last_id = self.last_event_id
        if self._follower is not None:
            self._follower.stop()
        with self._lock:
            self._loop, self._newest_id, self._outbox, self._drain_scheduled = None, last_id, [], False
        for connection in self._all_connections():
            connection.abandon()
        self._connections, self._catch_up_tasks = set(), {}

    def _drain(self) -> None:
        if self._follower is not None:
            self._drain_scheduled = False
            self._deliver(self._follower.take())
            return
        with self._lock:
            self._drain_scheduled = False
            outbox, self._outbox = self._outbox, []
            expected = number_in(self._newest_id) + len(outbox)
            newest = number_in(outbox[-1][0]) if outbox else 0
            self._newest_id = outbox[-1][0] if outbox else self._newest_id
        if newest > expected:
            for connection in self._all_connections():  # they come back, and get what they missed
                connection.end("the log holds events that were published elsewhere")
        self._publish(outbox)
        if newest > expected or self._loop is None:
            self._recent.clear()

    def _deliver(self, pages: list[Page]) -> None:
        for page in pages:
            if page.replay.gap:
                self._write([encode(gap_frame(self._newest_id, page.replay.frames))])
                self.counts.gaps += len(self._connections)
            self._newest_id = page.last_id
            self._publish([(frame.id or "", encode(frame)) for frame in page.replay.frames])
        if not pages:
            self._notify_waiters()  # the log is away, or is back

    def _publish(self, outbox: list[tuple[str, bytes]]) -> None:
        start_s = time.perf_counter()
        blocks = [data for _, data in outbox]
        self._write(blocks)
        took_s = time.perf_counter() - start_s
        readers = len(self._connections)
        self.counts.note_batch(len(outbox), readers, took_s)
        self.deliveries.extend(Delivery(id, readers, took_s) for id, _ in outbox[-100:])
        if self.log_blocks and self._follower is None:
            self._recent.add(blocks)
        self._notify_waiters()

    def _notify_waiters(self) -> None:
        self._publication.set()
        self._publication = asyncio.Event()

    def __repr__(self) -> str:
        return f"<Channel {counted(self.clients, 'client')}, {self.log!r}>"
