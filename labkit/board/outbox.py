"""What a notebook has to say to the board, in order, until the board has kept it."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from typing import Any, NamedTuple

#: More than a learner says in a day. While the Wi-Fi is away longer than that, the oldest are given up, and counted.
MAX_WAITING = 500
#: Messages in one request; a board takes 50.
BATCH = 20

Build = Callable[[], dict[str, Any]]


class _Waiting(NamedTuple):
    id: str
    kind: str
    build: Build
    put_s: float
    due_s: float
    replaces: str


class Outbox:
    """Messages that wait to be sent. Safe from any thread.

    Each has an id that was made here: the board counts it once, however often it is sent. `dropped` counts those that
    were given up.

    Args:
        now_s: the clock, in monotonic seconds.
    """

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._session, self._count = secrets.token_hex(4), 0
        self._waiting: list[_Waiting] = []
        self._sent: list[_Waiting] = []
        self._lock = threading.Lock()
        self.dropped = 0
        self.on_put: Callable[[], object] = lambda: None

    def put(self, kind: str, build: Build, later_s: float = 0.0, replaces: str = "") -> None:
        """Adds a message.

        Args:
            kind: the kind of the message.
            build: gives its fields, when it is sent for the first time.
            later_s: it waits for so long.
            replaces: takes the place of one with the same text here that has not been sent yet.
        """
        with self._lock:
            self._count += 1
            if replaces:
                self._waiting = [one for one in self._waiting if one.replaces != replaces]
            now_s = self._now_s()
            message = _Waiting(f"{self._session}-{self._count}", kind, build, now_s, now_s + later_s, replaces)
            self._waiting.append(message)
            too_many = max(0, len(self._waiting) - MAX_WAITING)
            del self._waiting[:too_many]
            self.dropped += too_many
        self.on_put()

    def batch(self) -> list[dict[str, Any]]:
        """The messages to send now: those that were sent before and not kept, else the next that are due."""
        now_s = self._now_s()
        with self._lock:
            if not self._sent:
                self._sent = [one for one in self._waiting if one.due_s <= now_s][:BATCH]
                self._waiting = [one for one in self._waiting if one not in self._sent]
            batch = self._sent = [built for built in map(_built, self._sent) if built is not None]
        return [{**one.build(), "id": one.id, "kind": one.kind, "ago_s": round(now_s - one.put_s, 3)} for one in batch]

    def kept(self) -> None:
        """The board has kept the batch, or will never take it."""
        with self._lock:
            self._sent = []

    def wait_s(self) -> float | None:
        """How long until the next message is due; None: there is none."""
        with self._lock:
            if self._sent:
                return 0.0
            return max(0.0, min((one.due_s for one in self._waiting), default=0.0) - self._now_s()) if self else None

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sent)


def _built(message: _Waiting) -> _Waiting | None:
    """The same message, whose fields do not change any more; None if they cannot be made."""
    try:
        fields = message.build()
    except Exception:  # a measurement without numbers, say: the others go out all the same
        return None
    return message._replace(build=lambda: fields)
