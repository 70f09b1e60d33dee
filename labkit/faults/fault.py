"""The base of all faults: pure machines between a sender and a receiver, which are given the time and open nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Literal

from labkit.errors import LabError

#: How a connection ends: as HTTP ends a response; in mid-response with a FIN; in mid-response with a RST.
How = Literal["clean", "fin", "rst"]
HOWS: tuple[How, ...] = ("clean", "fin", "rst")


@dataclass(frozen=True, slots=True)
class Send:
    """An action: these bytes go on now."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Close:
    """An action: the connection ends now."""

    how: How = "clean"


Action = Send | Close


@dataclass(frozen=True, slots=True)
class Refuse:
    """A decision: the connection is reset before a byte is exchanged."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision: the relay answers by itself, and the origin never gets the request."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


Headers = list[tuple[str, str]]

#: Who feeds a machine stops reading while it holds more: an eager sender waits, as for a full window of TCP.
MAX_HELD_BYTES = 1024 * 1024


class Machine:
    """One fault at work on one connection. This one does nothing: every byte goes on at once.

    `now_s` is the time in seconds, of any clock that does not run backwards. No method is called after a Close.
    """

    def begin(self, now_s: float, headers: Headers, head_bytes: int) -> None:
        """Called before the body's first byte, with the response's headers and the size of its head on the wire."""

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        """The actions for these bytes from the sender."""
        return [Send(data)]

    def end(self, now_s: float) -> list[Action]:
        """The actions when the sender has ended its response."""
        return [Close()]

    def release(self, now_s: float) -> list[Action]:
        """The actions that send everything it holds back. Called when the fault is lifted while the stream goes on."""
        return [action for action in self.end(now_s) if isinstance(action, Send)]

    @property
    def held_bytes(self) -> int:
        """How much it holds back. Above MAX_HELD_BYTES it gets no more bytes until it has sent some."""
        return 0

    def next_wake(self) -> float | None:
        """The time at which to call wake(), in seconds of the same clock; None: not before the next bytes."""
        return None

    def wake(self, now_s: float) -> list[Action]:
        """The actions that are due now."""
        return []


class Fault:
    """A kind of fault with its settings. For each connection it decides what happens, or starts a Machine.

    `of_the_wire` faults count every byte, head and framing too; the others see the body alone, without its chunks.
    """

    of_the_wire = False

    def connect(self, n: int) -> Refuse | Answer | None:
        """The decision about connection `n`, counted from 1; None lets it in."""
        return None

    def head(self, headers: Headers) -> Headers:
        """The response's headers as the client gets them."""
        return headers

    def start(self, n: int, rng: Random) -> Machine:
        """Starts the machine for connection `n`, counted from 1. It takes all chance from `rng`."""
        return Machine()


@dataclass(frozen=True)
class Pass(Fault):
    """Does nothing: every byte goes on at once."""


@dataclass(frozen=True)
class First(Fault):
    """Applies the fault to the first `n` connections; those after them pass.

    Raises:
        LabError: `n` is not above zero.
    """

    n: int
    fault: Fault

    def __post_init__(self) -> None:
        check_positive("First", n=self.n)

    @property
    def of_the_wire(self) -> bool:  # type: ignore[override]
        return self.fault.of_the_wire

    def connect(self, n: int) -> Refuse | Answer | None:
        return self.fault.connect(n) if n <= self.n else None

    def start(self, n: int, rng: Random) -> Machine:
        return self.fault.start(n, rng) if n <= self.n else Machine()


@dataclass(frozen=True)
class OneOf(Fault):
    """Applies one of the faults to each connection, drawn at random: the same one for the same seed.

    Raises:
        LabError: there is no fault, or only some of them are of the wire.
    """

    faults: tuple[Fault, ...]
    of_the_wire: bool = False

    def __post_init__(self) -> None:
        if any(fault.of_the_wire != self.of_the_wire for fault in self.faults) or not self.faults:
            raise LabError(
                "OneOf takes one fault or more, and all must be of the wire, or none: the relay runs them apart"
            )

    def start(self, n: int, rng: Random) -> Machine:
        return rng.choice(self.faults).start(n, rng)


class Chain(Machine):
    """Runs machines in a row: what the first one sends goes into the second, and so on.

    A clean end goes through all of them as well. A break goes out at once, past the machines that follow.
    """

    def __init__(self, machines: Sequence[Machine]) -> None:
        self._machines = list(machines)

    def begin(self, now_s: float, headers: Headers, head_bytes: int) -> None:
        for machine in self._machines:
            machine.begin(now_s, headers, head_bytes)

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        return self._pass_through(0, now_s, [Send(data)])

    def end(self, now_s: float) -> list[Action]:
        return self._pass_through(0, now_s, [Close()])

    def release(self, now_s: float) -> list[Action]:
        actions: list[Action] = []
        for index, machine in enumerate(self._machines):
            # What a machine releases goes through those behind it, which then release it with their own.
            actions += self._pass_through(index + 1, now_s, machine.release(now_s))
        return actions

    @property
    def held_bytes(self) -> int:
        """How much the machine holds that holds most: each may wait until its own buffer is full."""
        return max((machine.held_bytes for machine in self._machines), default=0)

    def next_wake(self) -> float | None:
        return min((due for machine in self._machines if (due := machine.next_wake()) is not None), default=None)

    def wake(self, now_s: float) -> list[Action]:
        actions: list[Action] = []
        for index, machine in enumerate(self._machines):
            due = machine.next_wake()
            if due is not None and due <= now_s:
                actions += self._pass_through(index + 1, now_s, machine.wake(now_s))
        return actions

    def _pass_through(self, start: int, now_s: float, actions: list[Action]) -> list[Action]:
        for machine in self._machines[start:]:
            outputs: list[Action] = []
            for action in actions:
                if isinstance(action, Send):
                    outputs += machine.feed(now_s, action.data)
                elif action.how == "clean":
                    outputs += machine.end(now_s)
                else:
                    outputs.append(action)
            actions = outputs
        return actions


def check_positive(fault: str, **values: float) -> None:
    """Checks that the settings of a fault are above zero.

    Raises:
        LabError: one is not; the error names the fault, the setting and the value.
    """
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise LabError(f"{fault}({name}={value!r}) is impossible: {name} must be a number above zero")


def check_not_negative(fault: str, **values: float) -> None:
    """Checks that the settings of a fault are zero or above.

    Raises:
        LabError: one is not; the error names the fault, the setting and the value.
    """
    for name, value in values.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
            raise LabError(f"{fault}({name}={value!r}) is impossible: {name} must be a number, zero or above")


def check_size(fault: str, size: int) -> None:
    """Checks that a buffer of a fault can become full: its size is above zero and at most MAX_HELD_BYTES.

    Raises:
        LabError: it cannot; the error names the fault and the size.
    """
    check_positive(fault, size=size)
    if size > MAX_HELD_BYTES:
        raise LabError(f"{fault}(size={size!r}) is impossible: no fault holds more than {MAX_HELD_BYTES:,} bytes back")


def check_how(fault: str, how: str) -> None:
    """Checks that `how` is a way to end a connection.

    Raises:
        LabError: it is not; the error names the ways that there are.
    """
    if how not in HOWS:
        raise LabError(f"{fault}(how={how!r}) is impossible: a connection ends by {', '.join(map(repr, HOWS))}")
