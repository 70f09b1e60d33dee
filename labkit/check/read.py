"""What a function returned -> plain values that can be compared. What cannot be compared is Unreadable."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Iterator
from itertools import islice

from labkit.check.exercise import Unreadable

#: Far above the longest sample's answer (about 100 items), and soon reached by a generator that never ends.
MAX_ITEMS = 10_000


def no_coroutine(value: object) -> None:
    """Unreadable, if the value is what a call of an `async def` gives."""
    if inspect.iscoroutine(value):
        value.close()
        raise Unreadable("The function is `async def`, so a call gives a coroutine. Write `def`.")


def items(value: object, wanted: str) -> list[object]:
    """The items of a list, a tuple, or an iterator such as a generator."""
    no_coroutine(value)
    if not isinstance(value, list | tuple | Iterator):
        raise Unreadable(f"It returned {kind(value)}, not {wanted}.{_advice(value)}")
    found = list(islice(value, MAX_ITEMS + 1))
    if len(found) > MAX_ITEMS:
        raise Unreadable(f"It returned more than {MAX_ITEMS:,} items. Does a loop never end?")
    return found


def text(value: object, where: str) -> str:
    """The value as a plain str."""
    if not isinstance(value, str):
        raise Unreadable(f"{where} is {kind(value)}, not a str.")
    return str.__str__(value)


def whole_number(value: object, where: str) -> int:
    """The value as a plain int; what counts as an index, such as a NumPy integer, is one."""
    try:
        return int(operator.index(value))  # type: ignore[arg-type]
    except TypeError:
        raise Unreadable(f"{where} is {kind(value)}, not an int.") from None


def number(value: object, where: str) -> float:
    """The value, if it is a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unreadable(f"{where} is {kind(value)}, not a number.{_advice(value)}")
    return float(value)


def kind(value: object) -> str:
    """The value's type with its article; never the value, whose repr may hold an address."""
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
