"""The newest value of each key, and how many events may be on their way to a reader."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

V = TypeVar("V")
FIRST_EVENTS, MOST_EVENTS = 4, 512
#: A reader that confirms an event within this time keeps up. Its page does so ten times a second.
SOON_S = 0.5
STRANGERS_S, HEARTBEAT_S = 2.0, 15.0


class Newest(Generic[V]):
    """A table in which a new value takes the place of the one before. It grows with its keys, not with its readers.

    `number` counts the changes.
    """

    def __init__(self) -> None:
        self.number = 0
        self._rows: dict[str, tuple[int, V]] = {}
        self._change = asyncio.Event()  # set, and replaced, with each change

    def put(self, key: str, value: V) -> None:
        """Puts the value in its place. Call it on the loop of those who wait."""
        self.number += 1
        self._rows[key] = self.number, value
        self._change.set()
        self._change = asyncio.Event()

    def since(self, number: int) -> tuple[dict[str, V], int]:
        """The newest values of the keys that changed after the change of this number, and the number now."""
        return {key: value for key, (n, value) in self._rows.items() if n > number}, self.number

    async def wait(self, number: int, has_room: Callable[[], bool], patience_s: float) -> None:
        """Returns when there is something newer, and room for it; after `patience_s` in any case."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while number == self.number or not has_room():
                    await self._change.wait()


class Credit:
    """How many events may be on their way to one reader: more while it confirms them soon, fewer when it is late.

    Buffers of kernels and proxies take hundreds of events that nobody reads, and there they grow old. What the reader
    itself says cannot be wrong about that. Precedent: TCP's congestion window, which grows and is halved likewise.

    `limit` is their number now. `patience_s` is how long a reader may be silent before it is sent one all the same: one
    that never confirms, such as curl, must not starve, and a comment's time is kept by the others.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self.limit, self.patience_s = FIRST_EVENTS, STRANGERS_S
        self._now_s, self._confirmed = now_s, 0
        self._sent_s: deque[float] = deque()  # when those were sent that are on their way

    def note_sent(self) -> None:
        """An event goes out now."""
        self._sent_s.append(self._now_s())

    def confirm(self, count: object) -> None:
        """The reader says how many events it has read in all. What cannot be true is not believed."""
        read = count - self._confirmed if isinstance(count, int) else 0
        if not 0 < read <= len(self._sent_s):
            return
        took_s = self._now_s() - [self._sent_s.popleft() for _ in range(read)][-1]
        self._confirmed += read
        self.limit = min(self.limit + read, MOST_EVENTS) if took_s < SOON_S else max(self.limit // 2, 1)
        self.patience_s = HEARTBEAT_S

    def has_room(self) -> bool:
        """Whether another event may go out."""
        return len(self._sent_s) < self.limit


class Credits:
    """The Credit of each reader, by a name that only this reader gets to know."""

    def __init__(self) -> None:
        self._by_name: dict[str, Credit] = {}

    def open(self) -> tuple[str, Credit]:
        """A name and the credit of a new reader."""
        name = secrets.token_hex(8)
        self._by_name[name] = Credit()
        return name, self._by_name[name]

    def close(self, name: str) -> None:
        """The reader has left."""
        del self._by_name[name]

    def confirm(self, values: Mapping[str, Any]) -> None:
        """What a page sends: its name as `reader`, and as `read` how many events it has drawn. From a reader that has
        left meanwhile it means nothing."""
        credit = self._by_name.get(str(values.get("reader")))
        if credit is not None:
            credit.confirm(values.get("read"))
