"""Readers that missed something: they are sent that first, at their own pace."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from labkit.errors import LabError
from labkit.server.connection import Connection
from labkit.server.counts import Counts
from labkit.server.gap import gap_frame
from labkit.server.guarded_log import Page
from labkit.wire import encode

#: So much of what was published last is kept in memory while the log is asked in another thread, for who joins then.
RECENT_BYTES = 1024 * 1024


async def catch_up(
    connection: Connection,
    last_event_id: str,
    page_after: Callable[[str], Awaitable[Page]],
    send: Callable[[Connection, list[bytes]], object],
    join: Callable[[Connection, Page], bool],
    room_bytes: int,
    counts: Counts,
) -> None:
    """Sends a reader all that it missed, a page at a time; returns when it has joined the others, or is sent away.

    In one go, a healthy reader would be sent away as too slow, come back, and be sent away again.

    Args:
        connection: the reader, `last_event_id` what it has seen.
        page_after: asks the log.
        send: sends frames to a reader.
        join: puts a reader that has this page among the others; False if it must have more before that.
        room_bytes: how much may be sent in one piece.
        counts: the channel's, where what was sent is noted.
    """
    try:
        page = await page_after(last_event_id)
        if page.replay.gap:
            send(connection, [encode(gap_frame(last_event_id, page.replay.frames))])
            counts.gaps += 1
        while True:
            blocks = [encode(frame) for frame in page.replay.frames]
            whole = sum(map(len, blocks)) <= room_bytes
            for piece in [blocks] if whole else [[block] for block in blocks]:
                send(connection, piece)
                await connection.drain()
            counts.replayed += len(blocks)
            if join(connection, page):
                return
            page = await page_after(page.last_id)
            if page.replay.gap:
                connection.cut("too slow: the log has moved on")
                return
    except Exception as problem:  # of the log: an open stream that nobody feeds would be silent for ever
        connection.end(str(problem) if isinstance(problem, LabError) else f"the log failed: {problem!r}")


class Recent:
    """What was published last, without a hole, up to RECENT_BYTES."""

    def __init__(self) -> None:
        self._blocks: deque[bytes] = deque()
        self._size_bytes = 0

    def add(self, blocks: list[bytes]) -> None:
        """Adds what follows."""
        self._blocks.extend(blocks)
        self._size_bytes += sum(map(len, blocks))
        while self._size_bytes > RECENT_BYTES:
            self._size_bytes -= len(self._blocks.popleft())

    def clear(self) -> None:
        """Forgets all: what comes next does not follow."""
        self._blocks.clear()
        self._size_bytes = 0

    def last(self, count: int) -> list[bytes] | None:
        """The last so many; None if there are fewer."""
        return [self._blocks[-place] for place in range(count, 0, -1)] if count <= len(self._blocks) else None
