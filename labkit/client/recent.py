"""The ids of the newest events, by which a copy is known."""

from __future__ import annotations

from labkit.wire import Event

#: As many as a log keeps by default: no server sends again what it has dropped.
MAX_RECENT_IDS = 1000


class RecentIds:
    """Knows the ids of the newest 1000 events. `dropped` counts the copies that it met.

    For streams in which each event has an id of its own. Events without any id are always new.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._ids: dict[str, None] = {}  # oldest first

    def is_new(self, event: Event) -> bool:
        """Whether no event with this id was met lately; from now on one was."""
        id = event.last_event_id
        if not id:
            return True
        if id in self._ids:
            self.dropped += 1
            return False
        self._ids[id] = None
        if len(self._ids) > MAX_RECENT_IDS:
            del self._ids[next(iter(self._ids))]
        return True
