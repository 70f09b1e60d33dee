"""What a channel has counted since it was made: for those who watch a server, and at no cost for each reader."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

#: How a stream ended, in one word, by how its Visit says it. The first that fits; anything else was "ended" on purpose.
ENDINGS = (
    ("client left", "left"),
    ("connection lost", "lost"),
    ("too slow", "slow"),
    ("reached its planned age", "planned"),
    ("server", "stopped"),
    ("the log", "log"),
    ("cut", "cut"),
    ("kicked", "kicked"),
)
OTHER_ENDING = "ended"


@dataclass(slots=True)
class Counts:
    """What a channel has counted. Each number only grows. Who polls, or reads over a WebSocket, is not in it.

    Args:
        opened: how many streams were opened.
        published: how many events this process published on the channel.
        passed_on: how many events went out to the readers that were there, whoever published them.
        delivered: how many times an event was written to one of these readers.
        writing_s: how many seconds that took, of the server's loop.
        replays: how many readers asked for what they had missed.
        replayed: how many events they were sent.
        gaps: how many readers were told that the log no longer has what they missed.
        endings: how many streams ended, by the words of ENDINGS.
    """

    opened: int = 0
    published: int = 0
    passed_on: int = 0
    delivered: int = 0
    writing_s: float = 0.0
    replays: int = 0
    replayed: int = 0
    gaps: int = 0
    endings: Counter[str] = field(default_factory=Counter)

    def note_batch(self, events: int, readers: int, took_s: float) -> None:
        """Counts events that went out to the readers in one go."""
        self.passed_on += events
        self.delivered += events * readers
        self.writing_s += took_s

    def note_ending(self, why: str) -> None:
        """Counts a stream that has ended, by what its Visit says.

        >>> counts = Counts()
        >>> counts.note_ending("too slow: its buffer was full")
        >>> dict(counts.endings)
        {'slow': 1}
        """
        self.endings[next((word for said, word in ENDINGS if why.startswith(said)), OTHER_ENDING)] += 1
