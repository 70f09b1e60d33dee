"""Faults that end a connection, or leave it open and silent."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from labkit.errors import LabError
from labkit.faults.event_ends import EventEnds
from labkit.faults.fault import Action, Close, Fault, How, Machine, Send, check_how, check_not_negative, check_positive


@dataclass(frozen=True)
class Cut(Fault):
    """Ends the connection after so many `bytes`, or after so many `events` and `into` bytes of the next one.

    `how`: "clean" ends it as if the response were complete, "fin" in mid-response, "rst" in mid-response with a reset.
    With `of_the_wire` the bytes of the head and of the framing count too.

    Raises:
        LabError: the settings contradict each other, or a number is negative.
    """

    bytes: int | None = None
    events: int | None = None
    into: int = 0
    how: How = "fin"
    of_the_wire: bool = False

    def __post_init__(self) -> None:
        check_how("Cut", self.how)
        if (self.bytes is None) == (self.events is None):
            raise LabError("Cut takes either bytes or events: Cut(bytes=17), or Cut(events=3, into=5)")
        if self.bytes is not None and self.into:
            raise LabError("Cut(into=...) counts bytes of the event after `events`; with `bytes` it has no meaning")
        if self.of_the_wire and self.events is not None:
            raise LabError("Cut(events=...) looks at the body; of_the_wire counts bytes: give bytes instead")
        if self.of_the_wire and self.how == "clean":
            raise LabError("a cut of the wire ends in mid-response; only the relay's body knows a clean end")
        check_not_negative("Cut", bytes=self.bytes or 0, events=self.events or 0, into=self.into)

    def start(self, n: int, rng: Random) -> Machine:
        return _CutMachine(self)


class _CutMachine(Machine):
    def __init__(self, fault: Cut) -> None:
        self._how = fault.how
        self._remaining_bytes: int | None = fault.bytes
        self._remaining_events, self._extra_bytes = fault.events, fault.into
        self._ends = EventEnds()
        if fault.events == 0:
            self._remaining_bytes = fault.into

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        if self._remaining_bytes is None:
            ends = self._ends.feed(data)
            assert self._remaining_events is not None
            if len(ends) < self._remaining_events:
                self._remaining_events -= len(ends)
                return [Send(data)]
            self._remaining_bytes = ends[self._remaining_events - 1] + self._extra_bytes
        if len(data) < self._remaining_bytes:
            self._remaining_bytes -= len(data)
            return [Send(data)]
        last_piece = data[: self._remaining_bytes]
        return [*([Send(last_piece)] if last_piece else []), Close(self._how)]


@dataclass(frozen=True)
class Stall(Fault):
    """Sends nothing after so many `bytes`. The connection stays open, even when the origin has ended: it is half-open.

    Raises:
        LabError: `bytes` is negative.
    """

    bytes: int = 0

    def __post_init__(self) -> None:
        check_not_negative("Stall", bytes=self.bytes)

    def start(self, n: int, rng: Random) -> Machine:
        return _StallMachine(self.bytes)


class _StallMachine(Machine):
    def __init__(self, remaining_bytes: int) -> None:
        self._remaining_bytes = remaining_bytes
        self._buffer = bytearray()

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        piece = data[: self._remaining_bytes]
        self._remaining_bytes -= len(piece)
        self._buffer += data[len(piece) :]
        return [Send(piece)] if piece else []

    def end(self, now_s: float) -> list[Action]:
        return []

    @property
    def held_bytes(self) -> int:
        return len(self._buffer)

    def release(self, now_s: float) -> list[Action]:
        piece, self._buffer = bytes(self._buffer), bytearray()
        return [Send(piece)] if piece else []


@dataclass(frozen=True)
class IdleTimeout(Fault):
    """Ends a connection on which no byte has arrived for `seconds`, as most proxies do.

    Raises:
        LabError: `seconds` is not above zero, or `how` is unknown.
    """

    seconds: float
    how: How = "fin"

    def __post_init__(self) -> None:
        check_positive("IdleTimeout", seconds=self.seconds)
        check_how("IdleTimeout", self.how)

    def start(self, n: int, rng: Random) -> Machine:
        return _TimeoutMachine(self.seconds, self.how, every_byte_counts=True)


@dataclass(frozen=True)
class TotalTimeout(Fault):
    """Ends a connection `seconds` after the first byte of its response, busy or not. No heartbeat helps.

    Raises:
        LabError: `seconds` is not above zero, or `how` is unknown.
    """

    seconds: float
    how: How = "fin"

    def __post_init__(self) -> None:
        check_positive("TotalTimeout", seconds=self.seconds)
        check_how("TotalTimeout", self.how)

    def start(self, n: int, rng: Random) -> Machine:
        return _TimeoutMachine(self.seconds, self.how, every_byte_counts=False)


class _TimeoutMachine(Machine):
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
