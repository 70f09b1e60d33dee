"""Faults that let every byte through, but later."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from random import Random

from labkit.faults.fault import Action, Close, Fault, Machine, Send, check_not_negative, check_positive, check_size

#: What Python takes for a piece beside its bytes: Slice(1) makes a million pieces of a megabyte.
PIECE_BYTES = 200


class Queue(Machine):
    """A machine that sends each piece when it is due. The end comes after the last piece."""

    def __init__(self) -> None:
        self._queue: deque[tuple[float, Action]] = deque()
        self._held_bytes = 0

    def due_s(self, now_s: float, data: bytes) -> float:
        """The time at which these bytes may go on, in seconds."""
        return now_s

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        self._hold(self.due_s(now_s, data), Send(data))
        return self.wake(now_s)

    def end(self, now_s: float) -> list[Action]:
        self._hold(now_s, Close())
        return self.wake(now_s)

    def release(self, now_s: float) -> list[Action]:
        actions = [action for _, action in self._queue if isinstance(action, Send)]
        self._queue.clear()
        self._held_bytes = 0
        return list[Action](actions)

    @property
    def held_bytes(self) -> int:
        return self._held_bytes

    def next_wake(self) -> float | None:
        return self._queue[0][0] if self._queue else None

    def wake(self, now_s: float) -> list[Action]:
        actions = []
        while self._queue and self._queue[0][0] <= now_s:
            action = self._queue.popleft()[1]
            self._held_bytes -= _size_of(action)
            actions.append(action)
        return actions

    def _hold(self, due_s: float, action: Action) -> None:
        last_s = self._queue[-1][0] if self._queue else due_s
        self._queue.append((max(due_s, last_s), action))  # nobody overtakes
        self._held_bytes += _size_of(action)


def _size_of(action: Action) -> int:
    return PIECE_BYTES + (len(action.data) if isinstance(action, Send) else 0)


@dataclass(frozen=True)
class Delay(Fault):
    """Sends each piece `seconds` later, and up to `jitter_s` more at random. The order stays.

    Raises:
        LabError: a number is negative.
    """

    seconds: float
    jitter_s: float = 0.0

    def __post_init__(self) -> None:
        check_not_negative("Delay", seconds=self.seconds, jitter_s=self.jitter_s)

    def start(self, n: int, rng: Random) -> Machine:
        return _DelayMachine(self, rng)


class _DelayMachine(Queue):
    def __init__(self, fault: Delay, rng: Random) -> None:
        super().__init__()
        self._fault, self._rng = fault, rng

    def due_s(self, now_s: float, data: bytes) -> float:
        return now_s + self._fault.seconds + self._rng.uniform(0, self._fault.jitter_s)


@dataclass(frozen=True)
class Throttle(Fault):
    """Sends no more than so many bytes each second.

    Raises:
        LabError: `bytes_per_s` is not above zero.
    """

    bytes_per_s: float

    def __post_init__(self) -> None:
        check_positive("Throttle", bytes_per_s=self.bytes_per_s)

    def start(self, n: int, rng: Random) -> Machine:
        return _ThrottleMachine(self.bytes_per_s)


class _ThrottleMachine(Queue):
    def __init__(self, bytes_per_s: float) -> None:
        super().__init__()
        self._bytes_per_s = bytes_per_s
        self._line_free_s = 0.0  # when the line has sent all that came before

    def due_s(self, now_s: float, data: bytes) -> float:
        self._line_free_s = max(now_s, self._line_free_s) + len(data) / self._bytes_per_s
        return self._line_free_s


@dataclass(frozen=True)
class Slice(Fault):
    """Cuts the stream into pieces of at most `size` bytes, also inside a character, and sends one every `every_s`.

    Raises:
        LabError: `size` is not above zero, or `every_s` is negative.
    """

    size: int
    every_s: float = 0.0
    of_the_wire: bool = True

    def __post_init__(self) -> None:
        check_positive("Slice", size=self.size)
        check_not_negative("Slice", every_s=self.every_s)

    def start(self, n: int, rng: Random) -> Machine:
        return _SliceMachine(self.size, self.every_s)


class _SliceMachine(Queue):
    def __init__(self, size: int, every_s: float) -> None:
        super().__init__()
        self._size, self._every_s = size, every_s
        self._line_free_s = 0.0

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        for start in range(0, len(data), self._size):
            self._line_free_s = max(now_s, self._line_free_s)
            self._hold(self._line_free_s, Send(data[start : start + self._size]))
            self._line_free_s += self._every_s
        return self.wake(now_s)


@dataclass(frozen=True)
class HoldBytes(Fault):
    """Sends on in full buffers of `size` bytes only; what is left goes out at the end.

    nginx does so with an origin that speaks HTTP/1.0, by default with 4096.

    Raises:
        LabError: `size` is not above zero, or larger than what a fault may hold.
    """

    size: int = 4096

    def __post_init__(self) -> None:
        check_size("HoldBytes", self.size)

    def start(self, n: int, rng: Random) -> Machine:
        return _HoldBytesMachine(self.size)


class _HoldBytesMachine(Machine):
    def __init__(self, size: int) -> None:
        self._size = size
        self._buffer = b""

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        self._buffer += data
        full_bytes = len(self._buffer) // self._size * self._size
        data, self._buffer = self._buffer[:full_bytes], self._buffer[full_bytes:]
        return [Send(data)] if data else []

    @property
    def held_bytes(self) -> int:
        return len(self._buffer)

    def end(self, now_s: float) -> list[Action]:
        data, self._buffer = self._buffer, b""
        return [*([Send(data)] if data else []), Close()]


@dataclass(frozen=True)
class HoldTime(Fault):
    """Holds bytes for `seconds`, counted from the first one it holds, and sends them on together.

    Raises:
        LabError: `seconds` is not above zero.
    """

    seconds: float

    def __post_init__(self) -> None:
        check_positive("HoldTime", seconds=self.seconds)

    def start(self, n: int, rng: Random) -> Machine:
        return _HoldTimeMachine(self.seconds)


class _HoldTimeMachine(Machine):
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._buffer = bytearray()
        self._due_s: float | None = None

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        self._buffer += data
        if self._due_s is None:
            self._due_s = now_s + self._seconds
        return []

    def end(self, now_s: float) -> list[Action]:
        return [*self.wake(now_s), Close()]

    @property
    def held_bytes(self) -> int:
        return len(self._buffer)

    def next_wake(self) -> float | None:
        return self._due_s

    def wake(self, now_s: float) -> list[Action]:
        data, self._buffer, self._due_s = bytes(self._buffer), bytearray(), None
        return [Send(data)] if data else []
