"""Faults that change the bytes of a stream."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from random import Random

from labkit.errors import LabError
from labkit.faults.event_ends import EventEnds
from labkit.faults.fault import MAX_HELD_BYTES, Action, Close, Fault, Headers, Machine, Send, check_not_negative


@dataclass(frozen=True)
class Duplicate(Fault):
    """Sends an event twice, with this `chance` (0 to 1) for each event of at most MAX_HELD_BYTES.

    Raises:
        LabError: `chance` is below 0 or above 1.
    """

    chance: float = 1.0

    def __post_init__(self) -> None:
        check_not_negative("Duplicate", chance=self.chance)
        if self.chance > 1:
            raise LabError(f"Duplicate(chance={self.chance!r}) is impossible: a chance is at most 1")

    def start(self, n: int, rng: Random) -> Machine:
        return _DuplicateMachine(self.chance, rng)


class _DuplicateMachine(Machine):
    def __init__(self, chance: float, rng: Random) -> None:
        self._chance, self._rng = chance, rng
        self._ends = EventEnds()
        self._block = bytearray()
        self._is_too_long = False

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        actions: list[Action] = []
        start = 0
        for end in self._ends.feed(data):
            self._keep(data[start:end])
            actions += [Send(data[start:end])]
            if self._rng.random() < self._chance and not self._is_too_long:
                actions.append(Send(bytes(self._block)))
            self._block, self._is_too_long, start = bytearray(), False, end
        self._keep(data[start:])
        return [*actions, Send(data[start:])] if start < len(data) else actions

    def _keep(self, data: bytes) -> None:
        self._is_too_long = self._is_too_long or len(self._block) + len(data) > MAX_HELD_BYTES
        self._block = bytearray() if self._is_too_long else self._block + data


@dataclass(frozen=True)
class Gzip(Fault):
    """Compresses the body. With `flush` each piece can be read at once; without it, zlib holds some 30 KB back."""

    flush: bool = True

    def head(self, headers: Headers) -> Headers:
        return [*headers, ("Content-Encoding", "gzip")]

    def start(self, n: int, rng: Random) -> Machine:
        return _GzipMachine(self.flush)


class _GzipMachine(Machine):
    def __init__(self, flush: bool) -> None:
        self._flush = flush
        self._zlib = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)  # of gzip, not of zlib

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        piece = self._zlib.compress(data) + (self._zlib.flush(zlib.Z_SYNC_FLUSH) if self._flush else b"")
        return [Send(piece)] if piece else []

    def end(self, now_s: float) -> list[Action]:
        return [Send(self._zlib.flush()), Close()]
