"""Faults that end a connection, or leave it open and silent."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from labkit.errors import LabError
from labkit.faults.event_ends import EventEnds
from labkit.faults.fault import Action, Close, Fault, How, Machine, Send, known_how, not_negative, positive


@dataclass(frozen=True)
class Cut(Fault):
    """Ends the connection after so many `bytes`, or after so many `events` and `into` bytes of the next one.

    `how`: "clean" as if the response were complete; "fin" in mid-response; "rst" in mid-response with a reset. With
    `of_the_wire` the bytes of the head and of the framing count too.
    """

    bytes: int | None = None
    events: int | None = None
    into: int = 0
    how: How = "fin"
    of_the_wire: bool = False

    def __post_init__(self) -> None:
        known_how("Cut", self.how)
        if (self.bytes is None) == (self.events is None):
            raise LabError("Cut takes either bytes or events: Cut(bytes=17), or Cut(events=3, into=5)")
        if self.bytes is not None and self.into:
            raise LabError("Cut(into=...) counts bytes of the event after `events`; with `bytes` it has no meaning")
        if self.of_the_wire and self.events is not None:
            raise LabError("Cut(events=...) looks at the body; of_the_wire counts bytes: give bytes instead")
        if self.of_the_wire and self.how == "clean":
            raise LabError("a cut of the wire ends in mid-response; only the relay's body knows a clean end")
        not_negative("Cut", bytes=self.bytes or 0, events=self.events or 0, into=self.into)

    def start(self, n: int, rng: Random) -> Machine:
        return _Cutting(self)


class _Cutting(Machine):
    def __init__(self, fault: Cut) -> None:
        self._how = fault.how
        self._left: int | None = fault.bytes
        self._events, self._into = fault.events, fault.into
        self._ends = EventEnds()
        if fault.events == 0:
            self._left = fault.into

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        if self._left is None:
            ends = self._ends.feed(data)
            assert self._events is not None
            if len(ends) < self._events:
                self._events -= len(ends)
                return [Send(data)]
            self._left = ends[self._events - 1] + self._into
        if len(data) < self._left:
            self._left -= len(data)
            return [Send(data)]
        rest = data[: self._left]
        return [*([Send(rest)] if rest else []), Close(self._how)]


@dataclass(frozen=True)
class Stall(Fault):
    """After so many `bytes`, silence. The connection stays open, also when the origin has ended: a half-open one."""

    bytes: int = 0

    def __post_init__(self) -> None:
        not_negative("Stall", bytes=self.bytes)

    def start(self, n: int, rng: Random) -> Machine:
        return _Stalling(self.bytes)


class _Stalling(Machine):
    def __init__(self, left: int) -> None:
        self._left = left
        self._held = b""

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        out = data[: self._left]
        self._left -= len(out)
        self._held += data[len(out) :]
        return [Send(out)] if out else []

    def end(self, now_s: float) -> list[Action]:
        return []

    def release(self, now_s: float) -> list[Action]:
        out, self._held = self._held, b""
        return [Send(out)] if out else []


@dataclass(frozen=True)
class IdleTimeout(Fault):
    """Ends a connection on which nothing has come for `seconds`, as most proxies do."""

    seconds: float
    how: How = "fin"

    def __post_init__(self) -> None:
        positive("IdleTimeout", seconds=self.seconds)
        known_how("IdleTimeout", self.how)

    def start(self, n: int, rng: Random) -> Machine:
        return _TimingOut(self.seconds, self.how, every_byte_counts=True)


@dataclass(frozen=True)
class TotalTimeout(Fault):
    """Ends a connection `seconds` after its first byte, busy or not. No heartbeat helps."""

    seconds: float
    how: How = "fin"

    def __post_init__(self) -> None:
        positive("TotalTimeout", seconds=self.seconds)
        known_how("TotalTimeout", self.how)

    def start(self, n: int, rng: Random) -> Machine:
        return _TimingOut(self.seconds, self.how, every_byte_counts=False)


class _TimingOut(Machine):
    def __init__(self, seconds: float, how: How, every_byte_counts: bool) -> None:
        self._seconds, self._how, self._every_byte_counts = seconds, how, every_byte_counts
        self._due_s: float | None = None

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        if self._due_s is None or self._every_byte_counts:
            self._due_s = now_s + self._seconds
        return [Send(data)]

    def next_wake(self) -> float | None:
        return self._due_s

    def wake(self, now_s: float) -> list[Action]:
        self._due_s = None
        return [Close(self._how)]
