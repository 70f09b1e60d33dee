"""Faults that let every byte through, later."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random

from labkit.faults.fault import Action, Close, Fault, Machine, Send, not_negative, positive


class Queue(Machine):
    """Sends what it holds when it is due; the end comes after all of it."""

    def __init__(self) -> None:
        self._held: deque[tuple[float, Action]] = deque()

    def due_s(self, now_s: float, data: bytes) -> float:
        """When these bytes may go on."""
        return now_s

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        self._hold(self.due_s(now_s, data), Send(data))
        return self.wake(now_s)

    def end(self, now_s: float) -> list[Action]:
        self._hold(now_s, Close())
        return self.wake(now_s)

    def release(self, now_s: float) -> list[Action]:
        held = [action for _, action in self._held if isinstance(action, Send)]
        self._held.clear()
        return list[Action](held)

    def next_wake(self) -> float | None:
        return self._held[0][0] if self._held else None

    def wake(self, now_s: float) -> list[Action]:
        due = []
        while self._held and self._held[0][0] <= now_s:
            due.append(self._held.popleft()[1])
        return due

    def _hold(self, due_s: float, action: Action) -> None:
        last_s = self._held[-1][0] if self._held else due_s
        self._held.append((max(due_s, last_s), action))  # nobody overtakes


@dataclass(frozen=True)
class Delay(Fault):
    """Each piece comes `seconds` later, and up to `jitter_s` more, by chance. The order stays."""

    seconds: float
    jitter_s: float = 0.0

    def __post_init__(self) -> None:
        not_negative("Delay", seconds=self.seconds, jitter_s=self.jitter_s)

    def start(self, n: int, rng: Random) -> Machine:
        return _Delaying(self, rng)


class _Delaying(Queue):
    def __init__(self, fault: Delay, rng: Random) -> None:
        super().__init__()
        self._fault, self._rng = fault, rng

    def due_s(self, now_s: float, data: bytes) -> float:
        return now_s + self._fault.seconds + self._rng.uniform(0, self._fault.jitter_s)


@dataclass(frozen=True)
class Throttle(Fault):
    """No more than so many bytes each second."""

    bytes_per_s: float

    def __post_init__(self) -> None:
        positive("Throttle", bytes_per_s=self.bytes_per_s)

    def start(self, n: int, rng: Random) -> Machine:
        return _Throttling(self.bytes_per_s)


class _Throttling(Queue):
    def __init__(self, bytes_per_s: float) -> None:
        super().__init__()
        self._bytes_per_s = bytes_per_s
        self._free_s = 0.0  # when the line has sent all that came before

    def due_s(self, now_s: float, data: bytes) -> float:
        self._free_s = max(now_s, self._free_s) + len(data) / self._bytes_per_s
        return self._free_s


@dataclass(frozen=True)
class Slice(Fault):
    """Pieces of at most `size` bytes, also inside a character, `every_s` apart."""

    size: int
    every_s: float = 0.0
    of_the_wire: bool = True

    def __post_init__(self) -> None:
        positive("Slice", size=self.size)
        not_negative("Slice", every_s=self.every_s)

    def start(self, n: int, rng: Random) -> Machine:
        return _Slicing(self.size, self.every_s)


class _Slicing(Queue):
    def __init__(self, size: int, every_s: float) -> None:
        super().__init__()
        self._size, self._every_s = size, every_s
        self._free_s = 0.0

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        for place in range(0, len(data), self._size):
            self._free_s = max(now_s, self._free_s)
            self._hold(self._free_s, Send(data[place : place + self._size]))
            self._free_s += self._every_s
        return self.wake(now_s)


@dataclass(frozen=True)
class HoldBytes(Fault):
    """Goes on in full buffers of `size` bytes only, and with what is left at the end. nginx does so with an origin that
    speaks HTTP/1.0, by default with 4096."""

    size: int = 4096

    def __post_init__(self) -> None:
        positive("HoldBytes", size=self.size)

    def start(self, n: int, rng: Random) -> Machine:
        return _HoldingBytes(self.size)


class _HoldingBytes(Machine):
    def __init__(self, size: int) -> None:
        self._size = size
        self._held = b""

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        self._held += data
        full = len(self._held) // self._size * self._size
        out, self._held = self._held[:full], self._held[full:]
        return [Send(out)] if out else []

    def end(self, now_s: float) -> list[Action]:
        out, self._held = self._held, b""
        return [*([Send(out)] if out else []), Close()]


@dataclass(frozen=True)
class HoldTime(Fault):
    """What comes within `seconds` of the first held byte goes on together."""

    seconds: float

    def __post_init__(self) -> None:
        positive("HoldTime", seconds=self.seconds)

    def start(self, n: int, rng: Random) -> Machine:
        return _HoldingTime(self.seconds)


class _HoldingTime(Machine):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._held = b""
        self._due_s: float | None = None

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        self._held += data
        if self._due_s is None:
            self._due_s = now_s + self._seconds
        return []

    def end(self, now_s: float) -> list[Action]:
        return [*self.wake(now_s), Close()]

    def next_wake(self) -> float | None:
        return self._due_s

    def wake(self, now_s: float) -> list[Action]:
        out, self._held, self._due_s = self._held, b"", None
        return [Send(out)] if out else []
