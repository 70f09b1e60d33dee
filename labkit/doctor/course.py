"""The course of a stream in numbers: when it began, when events came, and how much of it came before the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from labkit.doctor.pattern import BURST_GAP_S, duration_text, pattern_of
from labkit.errors import counted
from labkit.recording import Arrival, Recording, bursts

SHORTEST_GAP_S = 0.005  # what comes within this came in one piece: two reads of one segment
END_SHARE = 0.05  # what comes in the last twentieth of the time comes with the end


@dataclass(frozen=True, slots=True)
class Course:
    """The course of one recorded stream. Times are in seconds after the request was sent.

    `head_s` is the time to the head, `first_event_s` to the first event, None without one. `early_share` is the share
    of the bytes that came before the end, from 0 to 1. `burst_count` and `largest_burst_bytes` are of what came
    together. `lags_s` are how late the events came by the sender's clock, in order of arrival; () without one. Where
    that clock is another machine's, they are wrong by one and the same amount.
    """

    head_s: float
    first_event_s: float | None
    event_count: int
    early_share: float
    burst_count: int
    largest_burst_bytes: int
    lags_s: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """The numbers as a line of a report."""
        first = "no event" if self.first_event_s is None else f"first event after {duration_text(self.first_event_s)}"
        parts = [
            f"head after {duration_text(self.head_s)}",
            first,
            f"{self.early_share:.0%} of the bytes before the end",
            f"{counted(self.burst_count, 'burst')}, the largest of {self.largest_burst_bytes:,} bytes",
        ]
        if self.lags_s:
            parts.append(f"median lag {duration_text(median(self.lags_s))}, longest {duration_text(max(self.lags_s))}")
        return "; ".join(parts)

    def as_json(self) -> dict[str, float | int | None]:
        """The numbers as a dict of JSON values, times in milliseconds."""
        return {
            "head_ms": round(1000 * self.head_s),
            "first_event_ms": None if self.first_event_s is None else round(1000 * self.first_event_s),
            "events": self.event_count,
            "share_before_the_end": round(self.early_share, 3),
            "bursts": self.burst_count,
            "largest_burst_bytes": self.largest_burst_bytes,
            "median_lag_ms": round(1000 * median(self.lags_s)) if self.lags_s else None,
            "longest_lag_ms": round(1000 * max(self.lags_s)) if self.lags_s else None,
        }


def course_of(recording: Recording, apart_s: float = BURST_GAP_S) -> Course:
    """The course of a readable recording; what came within `apart_s` seconds came together."""
    arrivals, asked_s = recording.arrivals, recording.sent_s
    groups = bursts([arrival.at_s for arrival in arrivals], apart_s)
    sizes = [sum(len(arrivals[place].data) for place in group) for group in groups]
    timed = recording.timed_events
    pattern = pattern_of(recording)
    return Course(
        head_s=recording.head_s - asked_s,
        first_event_s=timed[0][0] - asked_s if timed else None,
        event_count=len(timed),
        early_share=_early_share(recording, apart_s),
        burst_count=len(groups),
        largest_burst_bytes=max(sizes, default=0),
        lags_s=tuple(at - sent for at, sent in zip(pattern.at_s, pattern.sent_s or (), strict=False)),
    )


def apart_of(recording: Recording) -> float:
    """How far apart, in seconds, two events of this stream come that were sent one by one: half its usual interval.

    At least SHORTEST_GAP_S, and at most BURST_GAP_S. Tokens that come every 40 ms are no single burst.
    """
    at_s = [at for at, _ in recording.timed_events]
    intervals = [after - before for before, after in pairwise(at_s) if after - before > SHORTEST_GAP_S / 2]
    return min(BURST_GAP_S, max(SHORTEST_GAP_S, median(intervals) / 2)) if intervals else BURST_GAP_S


def _early_share(recording: Recording, apart_s: float) -> float:
    arrivals: Sequence[Arrival] = recording.arrivals
    if not arrivals:
        return 0.0
    took_s = arrivals[-1].at_s - recording.sent_s
    late_from_s = arrivals[-1].at_s - max(apart_s, END_SHARE * took_s)
    early = sum(len(arrival.data) for arrival in arrivals if arrival.at_s < late_from_s)
    return early / max(1, len(recording.body))
