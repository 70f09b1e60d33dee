"""A value is shown in words: its text, and its shape."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from labkit.check.values import MAX_ITEMS, Unreadable, settled, shape, value_text


def _two() -> Iterator[int]:
    yield from (1, 2)


@pytest.mark.parametrize(
    ("value", "its_text", "its_shape"),
    [
        (None, "None", "None"),
        (True, "True", "True"),
        (3, "3", "a number (int)"),
        (0.5, "0.5", "a number (float)"),
        ("", "''", "an empty string"),
        ("a`b`", "'a`b`'", "a string of 4 characters"),
        (b"a", "b'a'", "a bytes object of 1 byte"),
        ([], "[]", "an empty list"),
        ((), "()", "an empty tuple"),
        (set(), "set()", "an empty set"),
        ({}, "{}", "an empty dict"),
        ({"b", "a", "c"}, "{'a', 'b', 'c'}", "a set of 3 strings"),
        ([1, 2.5], "[1, 2.5]", "a list of 2 numbers"),
        ([True, 1], "[True, 1]", "a list of 2 values"),
        ((1,), "(1,)", "a tuple of 1 number"),
        ([("a", 1)], "[('a', 1)]", "a list of 1 tuple"),
        ({"a": {2, 1}}, "{'a': {1, 2}}", "a dict with 1 key"),
        (_two(), "<generator of [1, 2]>", "a generator of 2 numbers"),
        (map(str, [1]), "<iterator of ['1']>", "an iterator of 1 string"),
        ((_two(), [3]), "(<generator of [1, 2]>, [3])", "a tuple of 2 values"),
        (print, "<built-in function print>", "a function"),
        (int, "<class 'int'>", "the class int"),
        (object(), "<object object>", "an object"),
    ],
)
def test_text_and_shape(value: object, its_text: str, its_shape: str) -> None:
    value = settled(value)
    assert (value_text(value), shape(value)) == (its_text, its_shape)


def test_an_iterator_is_read_once_and_then_a_list() -> None:
    assert settled((_two(), _two())) == ([1, 2], [1, 2])
    assert settled([_two()]) == [[1, 2]]
    same = ([1], [2])
    assert settled(same) is same


def test_an_iterator_without_end_is_refused() -> None:
    with pytest.raises(Unreadable, match=f"an iterator of more than {MAX_ITEMS:,} items"):
        settled(itertools.repeat("a"))


def test_long_and_deep_values_stay_readable() -> None:
    assert value_text(list(range(100_000))).endswith(", 59, ...]")
    assert len(value_text("x" * 10**6)) < 1100
    knot: list[object] = []
    knot.append(knot)
    assert value_text(knot) == "[[[[[[...]]]]]]"


def test_a_repr_that_fails_is_named() -> None:
    class Odd:
        def __repr__(self) -> str:
            raise RuntimeError

    assert value_text([Odd()]) == "<list: its repr raises RuntimeError>"
    assert value_text(10**5000) == "<int: its repr raises ValueError>"
