"""Turns what a function returned into plain values that can be compared.

Each function raises Unreadable, with a sentence for the learner, if that is impossible.
"""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterator
from itertools import islice

from labkit.check.exercise import Unreadable

#: Far above the longest sample's answer (about 100 items), and soon reached by a generator that never ends.
MAX_ITEMS = 10_000


def no_coroutine(value: object) -> None:
    """Raises Unreadable if the value is a coroutine, as a call of an `async def` gives."""
    if inspect.iscoroutine(value):
        value.close()
        raise Unreadable("The function is `async def`, so a call gives a coroutine. Write `def`.")


def items(value: object, expected: str) -> list[object]:
    """The items of a list, a tuple or an iterator, at most MAX_ITEMS. `expected` names what should have come."""
    no_coroutine(value)
    if not isinstance(value, list | tuple | Iterator):
        raise Unreadable(f"It returned {kind(value)}, not {expected}.{_advice(value)}")
    elements = list(islice(value, MAX_ITEMS + 1))
    if len(elements) > MAX_ITEMS:
        raise Unreadable(f"It returned more than {MAX_ITEMS:,} items. Does a loop never end?")
    return elements


def text(value: object, label: str) -> str:
    """The value as a plain str. `label` names it in the message, as in the functions below."""
    if not isinstance(value, str):
        raise Unreadable(f"{label} is {kind(value)}, not a str.")
    return str.__str__(value)


def whole_number(value: object, label: str) -> int:
    """The value as a plain int. A value that can be an index, such as a NumPy integer, counts."""
    try:
        return int(operator.index(value))  # type: ignore[arg-type]
    except TypeError:
        raise Unreadable(f"{label} is {kind(value)}, not an int.") from None


def number(value: object, label: str) -> float:
    """The value, if it is a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"{label} is {kind(value)}, not a number.{_advice(value)}")
    return float(value)


def kind(value: object) -> str:
    """The type of the value with its article, such as "a list". Not the value: its repr may hold an address."""
    if value is None or value is ...:
        return "None" if value is None else "..."
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIO' else 'a'} {name}"


def _advice(value: object) -> str:
    if value is None:
        return " Does one way through the function lack a `return`?"
    if isinstance(value, set | frozenset):
        return " A set has no order."
    return ""
