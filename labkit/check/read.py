"""Turns what a function returned into plain values that can be compared.

Each function raises Unreadable, with a sentence for the learner, if that is impossible.
"""

from __future__ import annotations

import inspect
import operator

from labkit.check.values import MAX_ITEMS, Unreadable, shape


def no_coroutine(value: object) -> None:
    """Raises Unreadable if the value is a coroutine, as a call of an `async def` gives."""
    if inspect.iscoroutine(value):
        value.close()
        raise Unreadable("The function is `async def`, so a call of it gives a coroutine and no value. Write `def`.")


def items(value: object, expected: str, subject: str = "It returned") -> list[object]:
    """The items of a list or a tuple, at most MAX_ITEMS; an iterator was turned into a list before.

    Args:
        value: what came.
        expected: what should have come, in words.
        subject: the beginning of the sentence, with its verb.
    """
    no_coroutine(value)
    if not isinstance(value, list | tuple):
        raise Unreadable(f"{subject} {shape(value)}; the check expects {expected}.{_advice(value)}")
    if len(value) > MAX_ITEMS:
        raise Unreadable(f"{subject} {shape(value)}, which is far too long. Is there a loop that goes on for too long?")
    return list(value)


def pair(value: object, expected: str, subject: str = "It returned") -> list[object]:
    """The two items of a list or a tuple, which is `expected` in words."""
    parts = items(value, expected, subject)
    if len(parts) != 2:
        raise Unreadable(f"{subject} {shape(value)}; the check expects {expected}.")
    return parts


def text(value: object, subject: str) -> str:
    """The value as a plain str. `subject` begins the sentence, with its verb."""
    if not isinstance(value, str):
        no_coroutine(value)
        raise Unreadable(f"{subject} {shape(value)}; the check expects a string.{_advice(value)}")
    return str.__str__(value)


def whole_number(value: object, subject: str) -> int:
    """The value as a plain int. A value that can be an index, such as a NumPy integer, counts; True does not."""
    try:
        if isinstance(value, bool):
            raise TypeError
        return int(operator.index(value))  # type: ignore[arg-type]
    except TypeError:
        raise Unreadable(f"{subject} {shape(value)}; the check expects a whole number.{_advice(value)}") from None


def number(value: object, subject: str, expected: str = "a number") -> float:
    """The value, if it is a number. `expected` says in words what should have come."""
    no_coroutine(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"{subject} {shape(value)}; the check expects {expected}.{_advice(value)}")
    try:
        return float(value)
    except OverflowError:
        raise Unreadable(f"{subject} a number that is far too large.") from None


def truth(value: object, subject: str) -> bool:
    """The value, if it is True or False."""
    if not isinstance(value, bool):
        raise Unreadable(f"{subject} {shape(value)}; the check expects True or False.")
    return value


def _advice(value: object) -> str:
    return " A set has no order." if isinstance(value, set | frozenset) else ""
