"""What a learner sees is text, is escaped, and is the same each time."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest

from labkit.check import Attempt, CheckResult, Network, check, hint
from labkit.check.exercises import EXERCISES
from labkit.check.feedback import plain


def test_event_data_is_escaped() -> None:
    page = check("split_lines", lambda text: ["<script>alert(1)</script>"])._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;" in page


def test_what_was_printed_and_raised_is_escaped() -> None:
    def function(text: str) -> list[str]:
        print("<b>")
        raise ValueError("<script>")

    page = check("split_lines", function)._repr_html_()
    assert "<script>" not in page
    assert "<b>" not in page


def test_an_exercise_name_is_escaped() -> None:
    assert "<script>" not in check("<script>", print)._repr_html_()


def test_colours_are_those_of_the_theme_and_a_mark_stands_beside_them() -> None:
    passed = CheckResult("x", 3, 3, True, "done")._repr_html_()
    not_yet = CheckResult("x", 1, 3, False, "not yet")._repr_html_()
    assert "var(--jp-success-color1" in passed
    assert "✓ x: 3 of 3 levels passed" in passed
    assert "var(--jp-warn-color1" in not_yet
    assert "→ x: 1 of 3 levels passed" in not_yet


def test_facts_keep_their_columns() -> None:
    page = check("split_lines", str.splitlines)._repr_html_()
    assert "<pre " in page
    assert "  input     split_lines(" in page


PAGES = """
from labkit.check import check
from labkit.check.exercises import EXERCISES
for name, exercise in EXERCISES.items():
    print(repr(check(name, exercise.traps[len(exercise.traps) // 2].function)))
print(repr(check("split_lines", lambda text: set("abcdefgh"))))
"""


def test_the_repr_is_the_same_in_every_run_of_python() -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", PAGES],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            stdout=subprocess.PIPE,
        )
        for seed in ("1", "2")  # a set has another order in each
    ]
    first, second = (run.communicate()[0].decode("utf-8") for run in runs)
    assert first == second
    assert "{'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'}" in first
    for exercise in EXERCISES.values():
        assert plain(exercise.traps[len(exercise.traps) // 2].sentence) in first


def test_a_result_is_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        check("split_lines", None).passed = True  # type: ignore[misc]


def test_a_hint_has_a_title_and_a_page() -> None:
    given = hint("split_lines", step=1)
    assert repr(given).startswith("split_lines: hint 1 of 3\n")
    assert "var(--jp-info-color1" in given._repr_html_()


def test_numbers_and_their_nouns_agree() -> None:
    assert "1 of 1 level passed" in repr(CheckResult("x", 1, 1, True, "done"))
    assert "1 of 3 levels passed" in repr(CheckResult("x", 1, 3, False, "not yet"))
    one = Network(("a",), (Attempt(bytes=1), Attempt()))
    assert repr(one) == "<network with 1 event: ends after 1 byte, then ends after 1,000,000 bytes>"
    two_events = check("carry", lambda token: 'data: {"text": 1}\n\n' * 2)
    assert "The reader found 2 events. Each token is one event." in two_events.message
