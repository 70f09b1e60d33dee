"""One call is survived, counted and copied."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from labkit.check.exercise import NoValue, Sample
from labkit.check.run import MAX_STEPS, run_once


def _as_it_is(returned: object, sample: Sample) -> object:
    return returned


def _run(function: Callable[..., object], *given: object, max_steps: int = 0) -> object:
    return run_once(function, Sample(given, None), _as_it_is, max_steps).value


def test_a_value_comes_back() -> None:
    assert _run(lambda number: number + 1, 1) == 2


def test_the_arguments_are_copies() -> None:
    given = [[1]]
    _run(lambda parts: parts[0].append(2), given)
    assert given == [[1]]


def test_steps_are_counted() -> None:
    def loop(rounds: int) -> int:
        for number in range(rounds):
            last = number
        return last

    assert _run(loop, 100, max_steps=1000) == 99
    assert _run(loop, 1000, max_steps=1000) == NoValue("endless")
    assert sys.gettrace() is None


def test_a_handler_of_every_exception_does_not_keep_a_loop_alive() -> None:
    def stubborn() -> None:
        while True:
            try:
                sum(range(3))
            except Exception:
                continue

    assert _run(stubborn, max_steps=1000) == NoValue("endless")


def test_a_tracer_that_is_there_already_stays() -> None:
    def tracer(*given: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        assert _run(lambda: 1, max_steps=1) == 1
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


def test_the_longest_sample_leaves_room_for_a_slow_function() -> None:
    def by_character(text: str) -> int:
        count = 0
        for character in text:
            if character == "x":
                count += 1
            elif character == "y":
                count -= 1
        return count

    assert _run(by_character, "x" * 4146, max_steps=MAX_STEPS // 10) == 4146


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError, RecursionError])
def test_nothing_escapes(end: type[BaseException]) -> None:
    def function() -> None:
        raise end

    assert isinstance(_run(function), NoValue)


def test_a_closed_stdout_is_survived() -> None:
    def function() -> int:
        sys.stdout.close()
        return 1

    assert run_once(function, Sample((), 1), _as_it_is).value == 1


def test_an_address_in_an_error_is_left_out() -> None:
    def function() -> None:
        raise ValueError(object())

    outcome = run_once(function, Sample((), None), _as_it_is)
    assert outcome.why.startswith("It raised ValueError: <object object>\n  line      raise ValueError")
