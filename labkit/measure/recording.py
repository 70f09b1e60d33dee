"""One response, as it came in."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import accumulate

from labkit.wire import Decoder, Event, Signal


@dataclass(frozen=True, slots=True)
class Arrival:
    """Some bytes, and when they came: seconds after the request was sent."""

    at_s: float
    data: bytes


@dataclass(frozen=True, slots=True)
class Recording:
    """The status, the headers, and the body in the pieces in which it arrived.

    `ended` is True if the response came to its end while it was watched. Header names are in lower case.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    arrivals: tuple[Arrival, ...] = ()
    ended: bool = False

    @property
    def body(self) -> bytes:
        """All bytes of the body, in order."""
        return b"".join(arrival.data for arrival in self.arrivals)

    @property
    def cuts(self) -> list[int]:
        """The offsets in the body at which one piece ended and the next began, in bytes."""
        return list(accumulate(len(arrival.data) for arrival in self.arrivals[:-1]))

    @property
    def timed_signals(self) -> list[tuple[float, Signal]]:
        """Every signal, with the arrival time of the byte that completed it, in seconds; what the end discards last."""
        decoder = Decoder()
        timed = [(arrival.at_s, signal) for arrival in self.arrivals for signal in decoder.feed(arrival.data)]
        last_s = self.arrivals[-1].at_s if self.arrivals else 0.0
        return timed + [(last_s, signal) for signal in decoder.close()]

    @property
    def signals(self) -> list[Signal]:
        """What a decoder makes of the body, in order."""
        return [signal for _, signal in self.timed_signals]

    @property
    def events(self) -> list[Event]:
        """What a listener gets, in order."""
        return [signal for signal in self.signals if isinstance(signal, Event)]

    def __repr__(self) -> str:
        end = "ended" if self.ended else "still open"
        kind = self.headers.get("content-type", "no Content-Type")
        return f"<Recording {self.status} {kind}: {len(self.body)} bytes, {len(self.events)} events, {end}>"
