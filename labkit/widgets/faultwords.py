"""What a fault does, in a sentence that a learner reads."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.errors import counted
from labkit.faults import (
    AnswerStatus,
    Cut,
    Delay,
    Duplicate,
    FailFirst,
    Fault,
    HoldBytes,
    HoldTime,
    Slice,
    Stall,
    Throttle,
    TotalTimeout,
)

NO_FAULT = "none: every byte goes on at once"
CUT_WORDS = {"clean": "ended as if the answer were complete", "fin": "cut by a FIN", "rst": "cut by a RST"}


def in_words(faults: Sequence[Fault], connections: int) -> str:
    """A sentence for these faults, after so many connections have met them."""
    return "; ".join(_words(fault, connections) for fault in faults) or NO_FAULT


def _words(fault: Fault, connections: int) -> str:
    match fault:
        case Delay(seconds, 0):
            return f"each piece arrives {_seconds(seconds)} later"
        case HoldBytes(size):
            return f"bytes wait until a buffer of {counted(size, 'byte')} is full"
        case HoldTime(seconds):
            return f"bytes wait {_seconds(seconds)}, and then come together"
        case Throttle(bytes_per_s):
            return f"at most {_amount(bytes_per_s, 'byte')} a second"
        case Slice(size, every_s):
            return f"pieces of {counted(size, 'byte')}, one every {every_s * 1000:g} ms"
        case Cut(bytes=None, into=0):
            return f"each connection is {CUT_WORDS[fault.how]} after {counted(fault.events or 0, 'event')}"
        case TotalTimeout(seconds):
            return f"each connection is cut {_seconds(seconds)} after its first byte"
        case Stall(bytes):
            return f"each connection falls silent after {counted(bytes, 'byte')}, and stays open"
        case Duplicate(chance):
            return f"an event comes twice with a chance of {chance:.0%}"
    return _words_of_the_first(fault, connections)


def _words_of_the_first(fault: Fault, connections: int) -> str:
    """Of faults that only the first connections meet: what is left of them."""
    if isinstance(fault, FailFirst):
        return _next(fault.n, connections, "connection", "refused")
    if isinstance(fault, AnswerStatus) and len(set(fault.statuses)) == 1:
        return _next(len(fault.statuses), connections, "answer", str(fault.statuses[0]))
    return repr(fault)


def _next(number: int, connections: int, noun: str, fate: str) -> str:
    left = number - connections
    if left <= 0:
        return f"over: {counted(number, noun)} {'was' if number == 1 else 'were'} {fate}, and what comes now passes"
    return f"the next {noun} is {fate}" if left == 1 else f"the next {counted(left, noun)} are {fate}"


def _seconds(number: float) -> str:
    return _amount(number, "second")


def _amount(number: float, noun: str) -> str:
    return f"{number:g} {noun}{'s' * (number != 1)}"
