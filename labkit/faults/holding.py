"""Faults that hold back what came: a buffer that must be full, a head that waits, and what a header lifts."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from labkit.faults.fault import Action, Answer, Close, Fault, Headers, Machine, Pass, Refuse, Send

PAGE_BYTES = 4096  # nginx's proxy_buffer_size, on machines with pages of that size
TOGETHER_S = 0.0001  # what a relay reads in one go
PASS = Pass()


@dataclass(frozen=True)
class FillBuffers(Fault):
    """Goes on in full buffers, as nginx does where it cannot see the end of the body.

    A head that came together with the first of the body takes its part of the first buffer; one that came alone none.
    """

    size: int = PAGE_BYTES

    def start(self, n: int, rng: Random) -> Machine:
        return _Filling(self.size)


class _Filling(Machine):
    def __init__(self, size: int) -> None:
        self._size = size
        self._room = size  # of the buffer that is being filled
        self._held = b""
        self._head: tuple[float, int] | None = None

    def told(self, now_s: float, headers: Headers, head_bytes: int) -> None:
        self._head = (now_s, head_bytes)

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        if self._head is not None and now_s - self._head[0] < TOGETHER_S:
            self._room = max(1, self._size - self._head[1])
        self._head = None
        self._held += data
        actions: list[Action] = []
        while len(self._held) >= self._room:
            actions.append(Send(self._held[: self._room]))
            self._held, self._room = self._held[self._room :], self._size
        return actions

    def end(self, now_s: float) -> list[Action]:
        out, self._held = self._held, b""
        return [*([Send(out)] if out else []), Close()]


@dataclass(frozen=True)
class HoldHead(Fault):
    """The head waits for the first byte of the body, and both go on together."""

    of_the_wire: bool = True

    def start(self, n: int, rng: Random) -> Machine:
        return _HoldingHead()


class _HoldingHead(Machine):
    def __init__(self) -> None:
        self._head: bytes | None = b""

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        if self._head == b"":
            self._head = data
            return []
        out, self._head = (self._head or b"") + data, None
        return [Send(out)]

    def end(self, now_s: float) -> list[Action]:
        out, self._head = self._head, None
        return [*([Send(out)] if out else []), Close()]


@dataclass(frozen=True)
class Unless(Fault):
    """The fault, unless the origin's answer has this header; then `instead`. The header stops here, unless `kept`."""

    header: str
    value: str
    fault: Fault
    instead: Fault = PASS
    kept: bool = False

    @property
    def of_the_wire(self) -> bool:  # type: ignore[override]
        return self.fault.of_the_wire

    def connect(self, n: int) -> Refuse | Answer | None:
        return self.fault.connect(n)

    def head(self, headers: Headers) -> Headers:
        passed = [(name, value) for name, value in headers if self.kept or name.lower() != self.header]
        return (self.instead if self._lifted(headers) else self.fault).head(passed)

    def start(self, n: int, rng: Random) -> Machine:
        return _Choosing(self, self.fault.start(n, rng), self.instead.start(n, rng))

    def _lifted(self, headers: Headers) -> bool:
        return any(name.lower() == self.header and value.strip().lower() == self.value for name, value in headers)


class _Choosing(Machine):
    def __init__(self, rule: Unless, usual: Machine, instead: Machine) -> None:
        self._rule, self._chosen, self._instead = rule, usual, instead

    def told(self, now_s: float, headers: Headers, head_bytes: int) -> None:
        if self._rule._lifted(headers):
            self._chosen = self._instead
        self._chosen.told(now_s, headers, head_bytes)

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        return self._chosen.feed(now_s, data)

    def end(self, now_s: float) -> list[Action]:
        return self._chosen.end(now_s)

    def release(self, now_s: float) -> list[Action]:
        return self._chosen.release(now_s)

    def next_wake(self) -> float | None:
        return self._chosen.next_wake()

    def wake(self, now_s: float) -> list[Action]:
        return self._chosen.wake(now_s)
