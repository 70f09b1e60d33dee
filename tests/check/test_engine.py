"""check never raises, and says the same twice."""

from __future__ import annotations

import itertools
import os
import random
import time
from collections.abc import Callable

import pytest

from labkit.check import CheckResult, check, hint, solution
from labkit.check.exercises import EXERCISES
from labkit.check.exercises.split_lines import split_lines
from labkit.errors import LabError


def _raises(problem: BaseException) -> Callable[..., object]:
    def function(text: str) -> object:
        raise problem

    return function


class _Strange:
    def __repr__(self) -> str:
        raise RuntimeError("no repr")

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no eq")

    __hash__ = object.__hash__

    def __iter__(self) -> object:
        raise RuntimeError("no iter")


class _StrangeStr(str):
    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no eq")

    __hash__ = str.__hash__


class _StrangeCallable:
    def __call__(self, text: str) -> object:
        raise ValueError("called")

    def __getattr__(self, name: str) -> object:
        raise RuntimeError("no attributes")


class _StrangeError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text")


async def _coroutine(text: str) -> list[str]:
    return []


@pytest.mark.parametrize(
    "function",
    [
        _raises(TypeError("wrong type")),
        _raises(KeyError("x")),
        _raises(SystemExit(3)),
        _raises(KeyboardInterrupt()),
        _raises(GeneratorExit()),
        _raises(_StrangeError()),
        _raises(RecursionError("deep")),
        lambda: [],
        lambda text: 1 / 0,
        lambda text: _Strange(),
        lambda text: [_Strange()],
        lambda text: object(),
        lambda text: {"a": 1},
        lambda text: itertools.count(),
        lambda text: itertools.repeat("a"),
        _StrangeCallable(),
        _coroutine,
        int,
        _Strange,
        None,
        ...,
        "split_lines",
        5,
    ],
    ids=lambda function: type(function).__name__,
)
def test_check_survives(function: object) -> None:
    result = check("split_lines", function)
    assert (result.passed, result.level, result.levels) == (False, 0, 3)
    assert result.message
    assert repr(result) == repr(check("split_lines", function))
    assert " at 0x" not in repr(result)


@pytest.mark.parametrize("name", ["splitlines", "", "x" * 500, None, 3, ["split_lines"], split_lines])
def test_an_unknown_exercise_gets_the_known_names(name: str) -> None:
    result = check(name, split_lines)
    assert not result.passed
    assert all(known in result.message for known in EXERCISES)
    assert len(repr(result)) < 400


@pytest.mark.parametrize("stub", [lambda text: None, lambda text: ..., _raises(NotImplementedError())])
def test_a_stub_is_told_not_yet(stub: Callable[..., object]) -> None:
    assert check("split_lines", stub) == CheckResult(
        "split_lines",
        0,
        3,
        False,
        "Not yet: the function returns nothing so far. Write its body, then run this cell again. "
        '`hint("split_lines")` helps.',
    )  # fmt: skip


def test_printing_instead_of_returning_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    result = check("split_lines", lambda text: print(split_lines(text)))
    assert "prints, but it returns nothing" in result.message
    assert capsys.readouterr().out == ""


def test_what_was_printed_stands_beside_the_sample(capsys: pytest.CaptureFixture[str]) -> None:
    def function(text: str) -> list[str]:
        print("seen", len(text))
        return text.split("\n")

    assert "  printed   'seen " in check("split_lines", function).message
    assert capsys.readouterr().out == ""


def test_prints_of_a_right_function_are_kept_out_of_the_cell(capsys: pytest.CaptureFixture[str]) -> None:
    assert check("split_lines", lambda text: (print("!"), split_lines(text))[1]).passed
    assert capsys.readouterr().out == ""


def test_a_function_may_change_its_input() -> None:
    def function(lines: list[str]) -> object:
        events = EXERCISES["build_events"].solution(lines)
        lines.clear()
        return events

    assert check("build_events", function).passed


def test_the_line_that_failed_is_shown() -> None:
    def function(text: str) -> list[str]:
        first, second = text.split("\n")  # too few, or too many
        return [first, second]

    message = check("split_lines", function).message
    assert "It raised ValueError, and returned nothing." in message
    assert "  came      raised ValueError: not enough values to unpack" in message
    assert "  line      first, second = text.split" in message


def test_one_way_without_a_return_is_named() -> None:
    result = check("split_lines", lambda text: split_lines(text) if text.count("\n") < 3 else None)
    assert "It returned None. Does one way through the function lack a return?" in result.message


def test_a_loop_that_never_ends_is_stopped() -> None:
    def function(text: str) -> list[str]:
        lines: list[str] = []
        while "\n" in text:
            lines.append(text.partition("\n")[0])
        return lines

    result = check("split_lines", function)
    assert "The call did not end. Is there a loop that never ends?" in result.message
    assert result == check("split_lines", function)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize("chance", [lambda: random.random(), lambda: time.perf_counter()])
def test_a_result_that_differs_from_call_to_call_is_named(chance: Callable[[], float]) -> None:
    result = check("break_even", lambda *given, **options: chance())
    assert "The same call gives another result when it is made again." in result.message


def test_a_wrong_result_that_stays_the_same_is_not_called_unsteady() -> None:
    assert "another result" not in check("split_lines", lambda text: ["?"]).message


def test_levels_are_tried_in_order() -> None:
    lf_only = check("split_lines", lambda text: text.split("\n")[:-1])
    assert (lf_only.level, lf_only.passed) == (1, False)
    assert lf_only.message.startswith("Level 2 of 3 (CR and CR LF): ")


def test_hints_come_in_steps_and_the_last_one_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.check.engine._hints_given", {})
    assert [hint("split_lines").step for _ in range(5)] == [1, 2, 3, 3, 3]
    assert hint("build_events").step == 1
    assert hint("split_lines", step=2).step == 2
    assert hint("split_lines", step=0).step == 1


def test_a_solution_shows_its_source_and_can_be_called() -> None:
    shown = solution("split_lines")
    assert repr(shown).startswith("def split_lines(text: str) -> list[str]:\n")
    assert shown("a\r\nb\n") == ["a", "b"]


@pytest.mark.parametrize("ask", [hint, solution])
def test_hint_and_solution_of_an_unknown_exercise_name_the_known(ask: Callable[[str], object]) -> None:
    with pytest.raises(
        LabError, match=r"There is no such exercise\. The exercises are: missing_and_doubled, split_lines, "
    ):
        ask("nothing")
    with pytest.raises(LabError, match=r"There is no such exercise\. Did you mean split_lines\? The exercises are: "):
        ask("splitlines")
