"""Runs faults in virtual time: an hour of stalls takes a millisecond."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from random import Random
from typing import NamedTuple

from labkit.faults.fault import Action, Chain, Close, Fault, Send

TimedBytes = bytes | tuple[float, bytes]


class TimedAction(NamedTuple):
    """An action, and when it happened, in seconds."""

    at_s: float
    action: Action


def simulate(
    pieces: Iterable[TimedBytes], *faults: Fault, n: int = 1, seed: int = 0, end_s: float | None = None
) -> list[TimedAction]:
    """The actions that come out of the faults for the n-th connection, with their times.

    The list stops at the first Close; it has none where a fault keeps the connection open for ever.

    Args:
        pieces: what the sender sends: bytes, one piece each second from 0 on, or (second, bytes).
        faults: the faults, in the order in which the bytes pass them.
        n: the number of the connection, counted from 1.
        seed: where all chance comes from.
        end_s: when the sender ends; None: with its last piece.
    """
    timed_pieces = [piece if isinstance(piece, tuple) else (float(index), piece) for index, piece in enumerate(pieces)]
    machine = chain(faults, n, seed)
    actions: list[TimedAction] = []

    def record(at_s: float, new_actions: Sequence[Action]) -> bool:
        for action in new_actions:
            actions.append(TimedAction(at_s, action))
            if isinstance(action, Close):
                return True
        return False

    def wake_until(at_s: float) -> bool:
        while (due_s := machine.next_wake()) is not None and due_s <= at_s:
            if record(due_s, machine.wake(due_s)):
                return True
        return False

    for at_s, data in timed_pieces:
        if wake_until(at_s) or record(at_s, machine.feed(at_s, data)):
            return actions
    last_s = end_s if end_s is not None else (timed_pieces[-1][0] if timed_pieces else 0.0)
    if not (wake_until(last_s) or record(last_s, machine.end(last_s))):
        wake_until(float("inf"))
    return actions


def chain(faults: Iterable[Fault], n: int, seed: int) -> Chain:
    """The machines of these faults for connection `n`, in a row. The same seed and n give the same run."""
    return Chain([fault.start(n, Random(f"{seed}/{n}/{index}")) for index, fault in enumerate(faults)])


def sent_data(actions: Iterable[TimedAction]) -> bytes:
    """All bytes that were sent, joined."""
    return b"".join(item.action.data for item in actions if isinstance(item.action, Send))
