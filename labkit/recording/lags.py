"""The lags of events, and the bursts in which they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from labkit.errors import counted
from labkit.recording.clocks import sender_times
from labkit.recording.recording import Recording, bursts

#: Medians of repetitions that lie further apart than this, and than half of their size, are noise.
QUIET_S = 0.02


@dataclass(frozen=True, slots=True)
class Lags:
    """When each event was sent and when it arrived, in seconds after the first was sent."""

    sent_s: tuple[float, ...]
    at_s: tuple[float, ...]

    @property
    def lags_s(self) -> list[float]:
        """The lag of each event, in seconds."""
        return [at - sent for sent, at in zip(self.sent_s, self.at_s, strict=True)]

    @property
    def median_s(self) -> float:
        """The median lag, in seconds; 0 without events."""
        return median(self.lags_s or [0.0])

    @property
    def longest_s(self) -> float:
        """The longest lag, in seconds; 0 without events."""
        return max(self.lags_s, default=0.0)

    @property
    def bursts(self) -> list[int]:
        """The number of events in each burst."""
        return [len(burst) for burst in bursts(self.at_s)]

    def __repr__(self) -> str:
        if not self.at_s:
            return "<Lags: no event arrived>"
        times = f"median {self.median_s * 1000:.0f} ms, longest {self.longest_s * 1000:.0f} ms"
        return f"<Lags of {counted(len(self.at_s), 'event')}: {times}, {counted(len(self.bursts), 'burst')}>"


def lags(recording: Recording) -> Lags:
    """The lags of the events in a recording that carry the sender's time in their data.

    Raises:
        ValueError: the events carry no time, or the body's compression is broken.
    """
    timed = recording.decompressed.timed_events
    if not timed:
        return Lags((), ())
    sent = sender_times([event.data for _, event in timed], recording.began_epoch_s)
    if sent is None:
        raise ValueError("the events carry no time of the sender: nobody can say how late they are")
    pairs = [(at, recording.began_epoch_s + at_s) for at, (at_s, _) in zip(sent, timed, strict=True) if at is not None]
    first_s = pairs[0][0]
    return Lags(tuple(at - first_s for at, _ in pairs), tuple(at - first_s for _, at in pairs))


@dataclass(frozen=True, slots=True)
class Repeated:
    """The results of one measurement that was repeated, in seconds. It says when they are too noisy to tell."""

    runs_s: tuple[float, ...]

    @property
    def median_s(self) -> float:
        """The median of the runs, in seconds; 0 without runs."""
        return median(self.runs_s or (0.0,))

    @property
    def noisy(self) -> bool:
        """Whether the runs disagree by more than 20 ms and by more than half of their median."""
        spread_s = max(self.runs_s, default=0.0) - min(self.runs_s, default=0.0)
        return spread_s > max(QUIET_S, self.median_s / 2)

    def __repr__(self) -> str:
        if not self.runs_s:
            return "<nothing measured>"
        doubt = ", too noisy to tell" if self.noisy else ""
        return f"<{self.median_s * 1000:.0f} ms, median of {len(self.runs_s)}{doubt}>"


def repeated(runs: Sequence[Lags]) -> Repeated:
    """The median lag of each run, as one repeated measurement."""
    return Repeated(tuple(run.median_s for run in runs))
