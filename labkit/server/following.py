"""Following a log that several servers share: one thread for each channel, whatever the number of its readers."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
from collections import deque
from collections.abc import Callable
from typing import cast

from labkit.errors import LabError, LogFailed
from labkit.log import Replay, SharedLog
from labkit.log.ids import first_page, number_in
from labkit.server.guarded_log import GuardedLog, Page
from labkit.wire import Frame, encode

#: Each question waits so long for an event. At its end it is looked whether the log is still the same: one that was
#: emptied says nothing by itself.
WAIT_S = 1.0
#: How long a failed question is followed by none, at first and at most. Precedent: redis-py's own backoff, to 10 s.
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.05, 2.0
#: So much of what came last is kept here, for readers that come back: most ask for no more than some seconds.
RING_BYTES = 4 * 1024 * 1024
#: A batch of events may be so large before the thread waits for the server's loop to take it.
WAITING_PAGES = 50


class Ring:
    """What came last, in one piece, up to RING_BYTES of data.

    >>> ring = Ring("e-4")
    >>> ring.add([Frame(data="five", id="e-5"), Frame(data="six", id="f-6")])
    >>> [frame.data for frame in ring.after("e-5", None) or ()], ring.after("f-6", None), ring.after("e-6", None)
    (['six'], (), None)
    """

    def __init__(self, start_id: str | None) -> None:
        self._frames: deque[Frame] = deque()
        self._size_bytes = 0
        self._start_id = start_id

    def add(self, frames: list[Frame] | tuple[Frame, ...]) -> None:
        """Adds what follows."""
        for frame in frames:
            self._frames.append(frame)
            self._size_bytes += len(frame.data or "")
            while self._size_bytes > RING_BYTES and len(self._frames) > 1:
                dropped = self._frames.popleft()
                self._size_bytes -= len(dropped.data or "")
                self._start_id = dropped.id

    def after(self, id: str, max_bytes: int | None) -> tuple[Frame, ...] | None:
        """What came after this id, up to `max_bytes`; None if the id is not among those that are kept."""
        place = self._place_of(id)
        if place is None:
            return None
        return tuple(first_page((self._frames[n] for n in range(place, len(self._frames))), max_bytes))

    def _place_of(self, id: str) -> int | None:
        if id == self._start_id:
            return 0
        digits = id.rpartition("-")[2]
        if not self._frames or not (digits.isascii() and digits.isdigit() and len(digits) < 19):
            return None
        place = int(digits) - number_in(self._frames[0].id or "")
        if 0 <= place < len(self._frames) and self._frames[place].id == id:
            return place + 1
        return None


class Follower:
    """Reads a shared log on a thread of its own, from start() to stop(), and gives each page to the server's loop.

    `trouble` says why it cannot read the log now; "" while it can. Nothing is left out and nothing comes twice: where
    the log has lost something, the page has a gap.

    Args:
        guarded_log: what is followed.
        wake: called on the thread when there are pages to take().
        rng: where the random part of a pause comes from.
    """

    def __init__(self, guarded_log: GuardedLog, wake: Callable[[], object], rng: random.Random) -> None:
        self.trouble = ""
        self._guarded_log, self._wake, self._rng = guarded_log, wake, rng
        self._log = cast(SharedLog, guarded_log.log)
        self._ring = Ring(guarded_log.last_id())
        self._stopped, self._news = threading.Event(), asyncio.Event()
        self._pages: deque[Page] = deque()
        self._room = threading.BoundedSemaphore(WAITING_PAGES)

    def start(self, last_id: str) -> None:
        """Begins to read behind this id. Call it on the server's loop."""
        self.stop()
        self._ring = Ring(last_id)
        self._stopped, self._pages, self._room = (
            threading.Event(), deque(), threading.BoundedSemaphore(WAITING_PAGES),
        )  # fmt: skip
        self._news = asyncio.Event()
        settings = (last_id, self._stopped, self._pages, self._room)
        threading.Thread(target=self._follow, args=settings, name="labkit follows a log", daemon=True).start()

    def stop(self) -> None:
        """Reads no more. The thread ends when its question is answered, after WAIT_S at most."""
        self._stopped.set()

    def _follow(
        self, last_id: str, stopped: threading.Event, pages: deque[Page], room: threading.BoundedSemaphore
    ) -> None:
        pause_s = FIRST_PAUSE_S
        while not stopped.is_set():
            try:
                page = self._next_page(last_id)
            except Exception as problem:  # whatever it is: readers wait for what this thread brings
                self._tell(str(problem) if isinstance(problem, LabError) else f"the log failed: {problem!r}")
                stopped.wait(pause_s * self._rng.uniform(0.5, 1.0))
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            pause_s, last_id = FIRST_PAUSE_S, page.last_id
            self._tell("")
            if page.replay.frames or page.replay.gap:
                while not room.acquire(timeout=WAIT_S):
                    if stopped.is_set():
                        return
                if not stopped.is_set():
                    pages.append(page)
                    self._wake()

    def _next_page(self, last_id: str) -> Page:
        replay = self._log.wait_since(last_id, WAIT_S)
        if replay.frames:
            return Page(replay, replay.frames[-1].id or last_id)
        return self._guarded_log.read(last_id, RING_BYTES) if replay.gap else Page(replay, last_id)

    def _tell(self, trouble: str) -> None:
        if trouble != self.trouble:
            self.trouble = trouble
            self._wake()

    def take(self) -> list[Page]:
        """The pages that have come, in order; page() has them from now on. Call it on the server's loop."""
        taken = []
        while self._pages:
            page = self._pages.popleft()
            self._room.release()
            if page.replay.gap:
                self._ring = Ring(None if page.replay.frames else page.last_id)
            self._ring.add(page.replay.frames)
            taken.append(page)
        self._news.set()
        self._news = asyncio.Event()
        return taken

    def lag(self, last_id: str) -> int | None:
        """How many events the log has behind this id; None where it does not say. Not on an event loop: it may wait."""
        try:
            return None if self.trouble else max(0, number_in(self._guarded_log.last_id()) - number_in(last_id))
        except LogFailed:
            return None

    def after(self, last_event_id: str) -> list[bytes] | None:
        """What came after this id, to be sent; None if this server does not know the id, or not yet."""
        frames = self._ring.after(last_event_id, None)
        return None if frames is None else [encode(frame) for frame in frames]

    async def page(self, last_event_id: str, max_bytes: int) -> Page:
        """The first page of what came after this id; of the log's where it is not kept here."""
        frames = self._ring.after(last_event_id, max_bytes)
        if frames is None:
            return await self._guarded_log.page(last_event_id, max_bytes)
        return Page(Replay(frames), (frames[-1].id or "") if frames else last_event_id)

    async def patient_page(self, last_event_id: str, max_bytes: int) -> Page:
        """Like page(), but it waits for a log that is away, and for events that this server has not got yet.

        Raises:
            LabError: the log could not be read, and that will not pass by itself.
        """
        while True:
            news, away = self._news, self.trouble
            try:
                page = await self.page(last_event_id, max_bytes)
                if page.replay.frames or page.replay.gap or self._ring.after(page.last_id, 0) is not None:
                    return page
            except LogFailed as problem:
                if not problem.is_away:
                    raise
            with contextlib.suppress(TimeoutError):
                # While it is away its return is news; else this one question went wrong, or the thread is behind.
                async with asyncio.timeout(None if away and self.trouble else WAIT_S):
                    await news.wait()
