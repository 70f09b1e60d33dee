"""What a reader of a log wants to see: a text, or a regular expression that cannot hold the server up.

Python's `re` tries all ways to match: `(a+)+b` takes a second for a line of 24 letters, and twice as long for each
further one. So an expression repeats single characters alone, has few places with several ways, and sees the beginning
of a line alone.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator
from typing import Any

from labkit.errors import LabError

MOST_CHARACTERS = 100
#: Repetitions and choices. With two, the work grows with the third power of what is searched: at this length some
#: milliseconds for a line that was written to be slow.
MOST_WAYS = 2
SEARCHED_CHARACTERS = 200
#: What looks at other places than the one where it stands, or remembers.
REFUSED = {"GROUPREF": "a back reference", "GROUPREF_EXISTS": "a condition", "ASSERT": "a look-around",
           "ASSERT_NOT": "a look-around"}  # fmt: skip
REPETITIONS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
SINGLE = ("LITERAL", "NOT_LITERAL", "ANY", "IN")

LineFilter = Callable[[str], bool]


def read_filter(text: str) -> LineFilter:
    """A function that says whether a line is wanted: it holds this text, or `/expression/` matches in it.

    Raises:
        LabError: it is too long, no expression, or one that could take too long.
    """
    if len(text) > MOST_CHARACTERS:
        raise LabError(f"The filter has {len(text)} characters; {MOST_CHARACTERS} are allowed")
    if not (len(text) > 2 and text.startswith("/") and text.endswith("/")):
        return lambda line: text in line
    try:
        expression = re.compile(text[1:-1])
        tree = importlib.import_module("re._parser").parse(text[1:-1])
    except (re.error, OverflowError, RecursionError) as problem:
        raise LabError(f"{text} is no regular expression: {problem}") from None
    _check(text, list(_parts(tree)))
    return lambda line: expression.search(line[:SEARCHED_CHARACTERS]) is not None


def _check(text: str, parts: list[tuple[str, Any]]) -> None:
    ways = 0
    for name, value in parts:
        if name in REFUSED:
            raise LabError(f"{text} has {REFUSED[name]}, which this filter does not take: it could take too long")
        if name in REPETITIONS and not (len(value[2]) == 1 and str(value[2][0][0]) in SINGLE):
            raise LabError(f"{text} repeats more than a single character: such an expression can take hours for a line")
        ways += name == "BRANCH" or (name in REPETITIONS and value[0] != value[1])
    if ways > MOST_WAYS:
        raise LabError(f"{text} has {ways} repetitions and choices; {MOST_WAYS} are allowed, or a line takes too long")


def _parts(tree: Any) -> Iterator[tuple[str, Any]]:
    """What the expression is made of, and what is in it."""
    for name, value in tree:
        yield str(name), value
        for inner in _inner(value):
            yield from _parts(inner)


def _inner(value: Any) -> Iterator[Any]:
    """The expressions inside a part. (They are of a type that `re` does not publish; it has `data`.)"""
    if hasattr(value, "data"):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _inner(part)
