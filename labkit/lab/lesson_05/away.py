"""What became of a page's stream while the page, the browser or the network was away: a recording."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

_NAMES = 42  # characters: a situation


@dataclass(frozen=True, slots=True)
class WhileAway:
    """What a page got of a stream that went on all the time.

    `lost` and `twice` count events; `asked` counts its requests, the first one included; `silence_s` is the longest
    time without an event; `at_the_end` is the state of its EventSource.
    """

    situation: str
    lost: int
    twice: int
    asked: int
    silence_s: float
    at_the_end: str


@dataclass(frozen=True, slots=True)
class AwayTable:
    """All situations that were tried in one browser, on one day."""

    browser: str
    date: str
    rows: tuple[WhileAway, ...]

    def __repr__(self) -> str:
        head = f"{f'{self.browser}, {self.date}':{_NAMES}}lost  asked  silence  at the end"
        return "\n".join([head, *(_line(row) for row in self.rows)])


def _line(row: WhileAway) -> str:
    times = "once" if row.asked == 1 else f"{row.asked} x"
    return f"{row.situation:{_NAMES}}{row.lost:4}  {times:>5}  {row.silence_s:5.1f} s  {row.at_the_end}"


def while_away() -> AwayTable:
    """What was recorded by benchmarks/asleep.py: a lesson cannot put a learner's browser to sleep."""
    kept = json.loads((files("labkit.lab") / "recorded" / "asleep.json").read_text("utf-8"))
    return AwayTable(kept["browser"], kept["date"], tuple(WhileAway(**row) for row in kept["rows"]))
