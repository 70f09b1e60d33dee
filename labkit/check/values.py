"""What a learner's function returned, in words: its text, and its shape. No text holds an address."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from itertools import islice

from labkit.errors import counted

#: Far above the longest sample's answer (about 100 items), and soon reached by a generator that never ends.
MAX_ITEMS = 10_000
_SHOWN_ITEMS = 60
_SHOWN_CHARACTERS = 1000
_DEPTH = 6
_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}")}


class Unreadable(Exception):
    """The returned value cannot be compared. The message is a sentence for the learner."""


class Drained(list[object]):
    """The items that an iterator gave. `source` is its name, such as "a generator"."""

    source: str

    def __init__(self, iterator: Iterator[object]) -> None:
        self.source = "a generator" if inspect.isgenerator(iterator) else "an iterator"
        super().__init__(islice(iterator, MAX_ITEMS + 1))
        if len(self) > MAX_ITEMS:
            raise Unreadable(
                f"It returned {self.source} of more than {MAX_ITEMS:,} items. Is there a loop that never ends?"
            )


def settled(value: object, depth: int = 2) -> object:
    """The value, with the items of each iterator in it: an iterator can be read only once.

    It looks into lists and tuples, as deep as an exercise's answer goes.
    """
    if isinstance(value, Iterator):
        return settled(Drained(value), depth)
    if type(value) not in (list, tuple, Drained) or not depth:
        return value
    items: list[object] = value  # type: ignore[assignment]
    parts = [settled(item, depth - 1) for item in items[:MAX_ITEMS]]
    if all(part is item for part, item in zip(parts, items, strict=False)):
        return value
    if isinstance(value, Drained):
        value[:] = parts
        return value
    return tuple(parts) if isinstance(value, tuple) else parts


def value_text(value: object) -> str:
    """The value as Python writes it, shortened. A set is sorted, so that its text is the same in each run."""
    try:
        return re.sub(r" at 0x[0-9a-fA-F]+", "", _text(value, _DEPTH))
    except Exception as problem:  # the value is of the learner's own class
        return f"<{type(value).__name__}: its repr raises {type(problem).__name__}>"


def _text(value: object, depth: int) -> str:
    if depth == 0:
        return "..."
    if isinstance(value, Drained):
        return f"<{value.source.split()[1]} of {_joined(value, depth, ('[', ']'))}>"
    if type(value) is dict:
        pairs = [
            f"{_text(key, depth - 1)}: {_text(item, depth - 1)}" for key, item in islice(value.items(), _SHOWN_ITEMS)
        ]
        return "{" + ", ".join(pairs) + (", ..." if len(value) > _SHOWN_ITEMS else "") + "}"
    if type(value) in _BRACKETS and (value or type(value) is not set):
        return _joined(value, depth, _BRACKETS[type(value)])
    if isinstance(value, str | bytes | bytearray):
        return repr(value[:_SHOWN_CHARACTERS])
    return repr(value)


def _joined(values: object, depth: int, brackets: tuple[str, str]) -> str:
    items = [_text(item, depth - 1) for item in islice(values, _SHOWN_ITEMS)]  # type: ignore[call-overload]
    if isinstance(values, set):
        items.sort()
    size = len(values)  # type: ignore[arg-type]
    more = ", ..." if size > _SHOWN_ITEMS else ""
    comma = "," if type(values) is tuple and size == 1 else ""
    return f"{brackets[0]}{', '.join(items)}{more}{comma}{brackets[1]}"


def shape(value: object) -> str:
    """The kind of the value and its size, such as "a set of 2 numbers" or "an empty list"."""
    if value is None or value is ... or isinstance(value, bool):
        return "..." if value is ... else str(value)
    if isinstance(value, int | float):
        return f"a number ({type(value).__name__})"
    if isinstance(value, str):
        return f"a string of {counted(len(value), 'character')}" if value else "an empty string"
    if isinstance(value, bytes | bytearray):
        return f"a {type(value).__name__} object of {counted(len(value), 'byte')}"
    if isinstance(value, dict):
        return f"a dict with {counted(len(value), 'key')}" if value else "an empty dict"
    if isinstance(value, list | tuple | set | frozenset):
        return _sized(value)
    if isinstance(value, type):
        return f"the class {value.__name__}"
    if callable(value):
        return "a function"
    name = type(value).__name__
    return f"{'an' if name[0] in 'aeiouAEIO' else 'a'} {name}"


def _sized(value: list[object] | tuple[object, ...] | set[object] | frozenset[object]) -> str:
    name = value.source.split()[1] if isinstance(value, Drained) else type(value).__name__
    if not value:
        return f"an empty {name}"
    nouns = {_noun(item) for item in islice(value, MAX_ITEMS)}
    noun = nouns.pop() if len(nouns) == 1 else "value"
    article = "an" if name[0] in "aeiou" else "a"
    return f"{article} {name} of {counted(len(value), noun)}"


def _noun(item: object) -> str:
    if isinstance(item, int | float) and not isinstance(item, bool):
        return "number"
    nouns = ((str, "string"), (Drained, "generator"), (list, "list"), (tuple, "tuple"), (set, "set"), (dict, "dict"))
    return next((noun for kind, noun in nouns if isinstance(item, kind)), "value")
