"""Arrival times of events, beside the times at which their sender says that it sent them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from urllib.parse import urlsplit

from labkit.recording import Recording, bursts, sender_times
from labkit.system.sockets import is_loopback

BURST_GAP_S = 0.05  # what comes within this came together
ROUNDING_S = 0.02  # a sender's time may be rounded


@dataclass(frozen=True, slots=True)
class Pattern:
    """When each live event arrived and when it was sent, in seconds after the request.

    `sent_s` is None if the events carry no time of the sender.

    `same_clock`: the sender is on this machine, so that lags mean what they say. Elsewhere only their differences do.
    `coarse_s` is how coarse the sender's clock is.
    """

    at_s: list[float]
    sent_s: list[float] | None = None
    same_clock: bool = False
    coarse_s: float = 0.0

    @property
    def groups(self) -> list[list[int]]:
        """The events in bursts: lists of indices of events that arrived together."""
        return bursts(self.at_s, BURST_GAP_S)

    @property
    def lags_s(self) -> list[float]:
        """The lag of each event, in seconds; empty without the sender's clock.

        If the sender's clock is another machine's, the smallest lag counts as 0.
        """
        lags_s = [at - sent for at, sent in zip(self.at_s, self.sent_s or [], strict=False)]
        return lags_s if self.same_clock or not lags_s else [lag - min(lags_s) for lag in lags_s]

    @property
    def spread_s(self) -> float:
        """The longest lag minus the shortest, in seconds; 0 without the sender's clock."""
        return max(self.lags_s, default=0.0) - min(self.lags_s, default=0.0)

    @property
    def first_lag_s(self) -> float:
        """The median lag of the first event of each burst, in seconds."""
        return median(self.lags_s[group[0]] for group in self.groups)


def pattern_of(recording: Recording) -> Pattern:
    """The arrival and sending times of the live events in a readable recording. Replayed events are left out."""
    timed = recording.timed_events
    at_s = [at for at, _ in timed]
    epochs = sender_times([event.data for _, event in timed], recording.began_epoch_s)
    if epochs is None:
        return Pattern(at_s)
    stamped = [
        (at, epoch - recording.began_epoch_s, epoch)
        for at, epoch in zip(at_s, epochs, strict=True)
        if epoch is not None
    ]
    # Nothing that was sent on this connection can be later than the connection is old. By the freshest event, so that
    # it does not matter whether the two clocks agree: what is later is history, or its time is no sending time.
    freshest_s = min(at - sent for at, sent, _ in stamped)
    live = [arrival for arrival in stamped if arrival[0] - arrival[1] - freshest_s <= arrival[0] + ROUNDING_S]
    coarse_s = 1.0 if all(epoch == int(epoch) for _, _, epoch in live) else 0.0
    same_clock = is_loopback(urlsplit(recording.url).hostname or "")
    return Pattern([at for at, _, _ in live], [sent for _, sent, _ in live], same_clock, coarse_s)


def pauses_inside(recording: Recording, longer_s: float) -> list[tuple[int, float]]:
    """The pauses in the middle of a line that last longer than `longer_s`: (offset in the body, seconds).

    No application pauses there; a buffer does.
    """
    pauses, offset, body = [], 0, recording.body
    for arrival, after in pairwise(recording.arrivals):
        offset += len(arrival.data)
        pause_s = after.at_s - arrival.at_s
        if pause_s > longer_s and body[offset - 1 : offset] not in (b"\n", b"\r", b""):
            pauses.append((offset, pause_s))
    if recording.arrivals and not recording.ended and not recording.broken:  # the pause that was not watched to its end
        pause_s = recording.end_s - recording.arrivals[-1].at_s
        if pause_s > longer_s and body[-1:] not in (b"\n", b"\r"):
            pauses.append((len(body), pause_s))
    return pauses


def longest_silence_s(recording: Recording) -> float:
    """The longest time without a byte, in seconds, between the head and the end of watching."""
    moments = [recording.head_s, *(arrival.at_s for arrival in recording.arrivals), recording.end_s]
    return max((after - before for before, after in pairwise(moments)), default=0.0)


def duration_text(seconds: float) -> str:
    """The duration as text, in ms or in whole seconds, such as "120 ms" or "12 s"."""
    return f"{seconds * 1000:.0f} ms" if seconds < 9.95 else f"{seconds:.0f} s"
