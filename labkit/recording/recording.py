"""A recording of one response: its head, and the pieces of its body with their arrival times."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

from labkit.errors import counted
from labkit.recording.decompress import codings, decompressed
from labkit.wire import Decoder, Event, Signal
from labkit.wire.decoder import MAX_EVENT_BYTES

#: As many are read of one recording: enough for any pattern, and 4 MiB can hold a million.
MAX_SIGNALS = 50_000
#: As much is decoded at once: before the next piece it is seen that there are enough.
PIECE_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Arrival:
    """A piece of the body, and when it arrived, in seconds after the request."""

    at_s: float
    data: bytes


@dataclass(frozen=True)
class Recording:
    """One response: the status, the headers, and the body in the pieces in which it arrived.

    `ended` is True if the response came to its end while it was watched; `broken` says how it broke off before that,
    "" if it did not. Header names are in lower case. `head_s` is when the headers came, `end_s` when the watching was
    over, both in seconds after the request; `sent_s` is when the request had gone out, the connection made;
    `began_epoch_s` is when it began, by this machine's clock. `url` is where the redirects in `redirects` have led.
    """

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    arrivals: tuple[Arrival, ...] = ()
    ended: bool = False
    broken: str = ""
    head_s: float = 0.0
    end_s: float = 0.0
    began_epoch_s: float = 0.0
    url: str = ""
    redirects: tuple[str, ...] = ()
    http_version: str = "HTTP/1.1"
    sent_s: float = 0.0

    @cached_property
    def body(self) -> bytes:
        """All bytes of the body, in order."""
        return b"".join(arrival.data for arrival in self.arrivals)

    @property
    def cuts(self) -> list[int]:
        """The offsets in the body at which one piece ended and the next began, in bytes."""
        return list(accumulate(len(arrival.data) for arrival in self.arrivals[:-1]))

    @cached_property
    def decompressed(self) -> Recording:
        """The recording with the body decompressed, each piece at the moment at which it could be read.

        Raises:
            ValueError: the bytes are not what Content-Encoding says, or it says something else.
        """
        encoding = self.headers.get("content-encoding", "")
        if not codings(encoding):
            return self
        pieces = decompressed(encoding, (arrival.data for arrival in self.arrivals))
        arrivals = [Arrival(arrival.at_s, data) for arrival, data in zip(self.arrivals, pieces, strict=True) if data]
        headers = {name: value for name, value in self.headers.items() if name != "content-encoding"}
        return replace(self, arrivals=tuple(arrivals), headers=headers)

    @cached_property
    def timed_signals(self) -> list[tuple[float, Signal]]:
        """Each signal with the arrival time of the piece that completed it, in seconds; last, what the end discards.

        No more than MAX_SIGNALS.
        """
        decoder = Decoder(max_event_bytes=max(MAX_EVENT_BYTES, len(self.body) + 1))  # it is in memory already
        timed: list[tuple[float, Signal]] = []
        for arrival in self.arrivals:
            for start in range(0, len(arrival.data), PIECE_BYTES):
                signals = decoder.feed(arrival.data[start : start + PIECE_BYTES])
                timed += [(arrival.at_s, signal) for signal in signals]
                if len(timed) >= MAX_SIGNALS:
                    return timed[:MAX_SIGNALS]
        last_s = self.arrivals[-1].at_s if self.arrivals else 0.0
        return timed + [(last_s, signal) for signal in decoder.close()]

    @property
    def has_more(self) -> bool:
        """Whether the body holds more signals than were read."""
        return len(self.timed_signals) == MAX_SIGNALS

    @cached_property
    def timed_events(self) -> list[tuple[float, Event]]:
        """Each event with its arrival time, in seconds."""
        return [(at_s, signal) for at_s, signal in self.timed_signals if isinstance(signal, Event)]

    @property
    def signals(self) -> list[Signal]:
        """All signals that a decoder makes of the body, in order."""
        return [signal for _, signal in self.timed_signals]

    @property
    def events(self) -> list[Event]:
        """The events that a client dispatches, in order."""
        return [event for _, event in self.timed_events]

    @property
    def count_text(self) -> str:
        """How many events there are, as a sentence says it."""
        return counted(len(self.events), "event") + (" and more" if self.has_more else "")

    def __repr__(self) -> str:
        end = "ended" if self.ended else "broke off" if self.broken else "still open"
        kind = self.headers.get("content-type", "no Content-Type")
        size, events = counted(len(self.body), "byte"), self.count_text
        return f"<Recording {self.status} {kind}: {size}, {events}, {end}>"


def bursts(at_s: Sequence[float], apart_s: float = 0.03) -> list[list[int]]:
    """The indices of the times in bursts: a new one begins where nothing came for more than `apart_s` seconds.

    >>> bursts([0.0, 0.01, 1.0, 1.001, 1.002])
    [[0, 1], [2, 3, 4]]
    """
    groups: list[list[int]] = []
    for place, at in enumerate(at_s):
        if place and at - at_s[place - 1] <= apart_s:
            groups[-1].append(place)
        else:
            groups.append([place])
    return groups
