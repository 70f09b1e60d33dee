"""Faults that hold bytes back: until a buffer is full, until the body begins, or unless a header forbids it."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from labkit.faults.fault import Action, Answer, Close, Fault, Headers, Machine, Pass, Refuse, Send, check_size

PAGE_BYTES = 4096  # nginx's proxy_buffer_size, on machines with pages of that size
SAME_READ_S = 0.0001  # what a relay reads in one go
PASS = Pass()


@dataclass(frozen=True)
class FillBuffers(Fault):
    """Sends the body on in full buffers of `size` bytes, as nginx does where it cannot see the end of the body.

    A head that came together with the first of the body takes its part of the first buffer; one that came alone none.

    Raises:
        LabError: `size` is not above zero, or larger than what a fault may hold.
    """

    size: int = PAGE_BYTES

    def __post_init__(self) -> None:
        check_size("FillBuffers", self.size)

    def start(self, n: int, rng: Random) -> Machine:
        return _FillBuffersMachine(self.size)


class _FillBuffersMachine(Machine):
    def __init__(self, size: int) -> None:
        self._size = size
        self._free_bytes = size  # of the buffer that is being filled
        self._buffer = b""
        self._head: tuple[float, int] | None = None

    def begin(self, now_s: float, headers: Headers, head_bytes: int) -> None:
        self._head = (now_s, head_bytes)

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        if self._head is not None and now_s - self._head[0] < SAME_READ_S:
            self._free_bytes = max(1, self._size - self._head[1])
        self._head = None
        self._buffer += data
        actions: list[Action] = []
        while len(self._buffer) >= self._free_bytes:
            actions.append(Send(self._buffer[: self._free_bytes]))
            self._buffer, self._free_bytes = self._buffer[self._free_bytes :], self._size
        return actions

    def end(self, now_s: float) -> list[Action]:
        data, self._buffer = self._buffer, b""
        return [*([Send(data)] if data else []), Close()]


@dataclass(frozen=True)
class HoldHead(Fault):
    """Holds the head back until the first byte of the body arrives, and sends both together."""

    of_the_wire: bool = True

    def start(self, n: int, rng: Random) -> Machine:
        return _HoldHeadMachine()


class _HoldHeadMachine(Machine):
    def __init__(self) -> None:
        self._head: bytes | None = b""

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        if self._head == b"":
            self._head = data
            return []
        data, self._head = (self._head or b"") + data, None
        return [Send(data)]

    def end(self, now_s: float) -> list[Action]:
        data, self._head = self._head, None
        return [*([Send(data)] if data else []), Close()]


@dataclass(frozen=True)
class Unless(Fault):
    """Applies `fault`, or `replacement` if the origin's answer has this header with this value.

    The header is removed, unless `keep_header`. `header` and `value` are in lower case.
    """

    header: str
    value: str
    fault: Fault
    replacement: Fault = PASS
    keep_header: bool = False

    @property
    def of_the_wire(self) -> bool:  # type: ignore[override]
        return self.fault.of_the_wire

    def connect(self, n: int) -> Refuse | Answer | None:
        return self.fault.connect(n)

    def head(self, headers: Headers) -> Headers:
        kept_headers = [(name, value) for name, value in headers if self.keep_header or name.lower() != self.header]
        return (self.replacement if self._matches(headers) else self.fault).head(kept_headers)

    def start(self, n: int, rng: Random) -> Machine:
        return _UnlessMachine(self, self.fault.start(n, rng), self.replacement.start(n, rng))

    def _matches(self, headers: Headers) -> bool:
        return any(name.lower() == self.header and value.strip().lower() == self.value for name, value in headers)


class _UnlessMachine(Machine):
    def __init__(self, fault: Unless, machine: Machine, replacement: Machine) -> None:
        self._fault, self._machine, self._replacement = fault, machine, replacement

    def begin(self, now_s: float, headers: Headers, head_bytes: int) -> None:
        if self._fault._matches(headers):
            self._machine = self._replacement
        self._machine.begin(now_s, headers, head_bytes)

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        return self._machine.feed(now_s, data)

    def end(self, now_s: float) -> list[Action]:
        return self._machine.end(now_s)

    def release(self, now_s: float) -> list[Action]:
        return self._machine.release(now_s)

    @property
    def held_bytes(self) -> int:
        return self._machine.held_bytes

    def next_wake(self) -> float | None:
        return self._machine.next_wake()

    def wake(self, now_s: float) -> list[Action]:
        return self._machine.wake(now_s)
