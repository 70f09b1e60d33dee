"""What other servers write, as it comes: one thread waits for all answers that are read here."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

from labkit.log.redis_connection import TIMEOUT_S, open_client, redis_package

Entries = asyncio.Queue[bytes]


class SharedFeed:
    """Reads streams of Redis, for those who subscribe, on one thread that lives as long as anybody does.

    Args:
        url: as RedisLog takes it.
        wait_s: how long one question waits. Who subscribes meanwhile waits for its end.
    """

    def __init__(self, url: str, wait_s: float) -> None:
        self._client: Any = open_client(url, TIMEOUT_S + wait_s)
        self._wait_ms = max(1, round(wait_s * 1000))
        self._lock = threading.Lock()
        self._readers: dict[tuple[str, Entries], tuple[asyncio.AbstractEventLoop, bytes]] = {}
        self._runs = False

    @contextlib.contextmanager
    def subscribe(self, key: str) -> Iterator[Entries]:
        """A queue of all entries of this stream, from its first to whatever comes. Call it on an event loop."""
        entries: Entries = asyncio.Queue()
        place = (key, entries)
        with self._lock:
            self._readers[place] = (asyncio.get_running_loop(), b"0-0")
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._read, name="labkit follows answers", daemon=True).start()
        try:
            yield entries
        finally:
            with self._lock:
                self._readers.pop(place, None)

    def _read(self) -> None:
        problems = (redis_package().RedisError, redis_package().RedisClusterException, OSError)
        while True:
            with self._lock:
                positions: dict[str, bytes] = {}
                for (key, _), (_, last_id) in self._readers.items():  # the one that is farthest behind says from where
                    positions[key] = min(positions.get(key, last_id), last_id, key=_order)
                if not positions:
                    self._runs = False
                    return
            try:
                for key, entries in self._client.xread(positions, 100, self._wait_ms) or ():
                    self._give(key.decode(), entries)
            except problems:
                time.sleep(self._wait_ms / 1000)  # it is away: all go on where they were

    def _give(self, key: str, entries: list[tuple[bytes, dict[bytes, bytes]]]) -> None:
        with self._lock:
            for place, (loop, last_id) in [*self._readers.items()]:
                new = [(id, parts) for id, parts in entries if _order(id) > _order(last_id)] if place[0] == key else []
                for id, parts in new:
                    with contextlib.suppress(RuntimeError):  # its loop has ended
                        loop.call_soon_threadsafe(place[1].put_nowait, parts[b"json"])
                    self._readers[place] = (loop, id)

    def close(self) -> None:
        """Reads no more."""
        with self._lock:
            self._readers.clear()
        self._client.close()


def _order(id: bytes) -> tuple[int, int]:
    """The place of a Redis id among others."""
    time_ms, _, number = id.partition(b"-")
    return int(time_ms), int(number)
