"""A fault in virtual time: an hour of stalls in a millisecond."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

from labkit.faults.fault import Action, Chain, Close, Fault, Send

TimedBytes = bytes | tuple[float, bytes]


class Happened(NamedTuple):
    """An action, and when."""

    at_s: float
    action: Action


def simulate(
    pieces: Iterable[TimedBytes], *faults: Fault, n: int = 1, seed: int = 0, end_s: float | None = None
) -> list[Happened]:
    """What comes out of the faults, and when, for the n-th connection.

    Pieces are bytes, one each second from 0 on, or (second, bytes). The sender ends after the last, or at `end_s`. The
    list stops at the first Close; it has none where a fault keeps the connection open for ever.
    """
    timed = [piece if isinstance(piece, tuple) else (float(place), piece) for place, piece in enumerate(pieces)]
    machine = chain(faults, n, seed)
    happened: list[Happened] = []

    def note(at_s: float, actions: Sequence[Action]) -> bool:
        for action in actions:
            happened.append(Happened(at_s, action))
            if isinstance(action, Close):
                return True
        return False

    def wake_until(at_s: float) -> bool:
        while (due_s := machine.next_wake()) is not None and due_s <= at_s:
            if note(due_s, machine.wake(due_s)):
                return True
        return False

    for at_s, data in timed:
        if wake_until(at_s) or note(at_s, machine.feed(at_s, data)):
            return happened
    last_s = end_s if end_s is not None else (timed[-1][0] if timed else 0.0)
    if not (wake_until(last_s) or note(last_s, machine.end(last_s))):
        wake_until(float("inf"))
    return happened


def chain(faults: Iterable[Fault], n: int, seed: int) -> Chain:
    """The faults at work on connection `n`. The same seed and n give the same run."""
    return Chain([fault.start(n, Random(f"{seed}/{n}/{place}")) for place, fault in enumerate(faults)])


def received(happened: Iterable[Happened]) -> bytes:
    """All bytes that came out."""
    return b"".join(item.action.data for item in happened if isinstance(item.action, Send))
