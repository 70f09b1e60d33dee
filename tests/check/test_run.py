"""One call is survived, counted and copied."""

from __future__ import annotations

import getpass
import itertools
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from labkit.check.exercise import NoValue, RuleBroken, Sample
from labkit.check.limits import LIMITS, Limits
from labkit.check.run import NO_LIMITS, CallResult, run_once
from labkit.check.values import Unreadable

from ..helpers import DEADLINE_S


def _as_it_is(returned: object, sample: Sample) -> object:
    return returned


def _run(function: Callable[..., object], *given: object, limits: Limits = NO_LIMITS) -> CallResult:
    return run_once(function, Sample(given, None), _as_it_is, limits)


def _steps(steps: int) -> Limits:
    return Limits(steps=steps, call_s=0, check_s=0, memory_bytes=0)


def test_a_value_comes_back() -> None:
    assert _run(lambda number: number + 1, 1) == CallResult(2, shown="2")


def test_the_arguments_are_copies() -> None:
    given = [[1]]
    _run(lambda parts: parts[0].append(2), given)
    assert given == [[1]]


def test_steps_are_counted() -> None:
    def loop(rounds: int) -> int:
        for number in range(rounds):
            last = number
        return last

    assert _run(loop, 100, limits=_steps(1000)).value == 99
    assert _run(loop, 1000, limits=_steps(1000)).value == NoValue("endless")
    assert sys.gettrace() is None


def _while_true() -> None:
    while True: pass  # fmt: skip  # noqa: E701


def _never(number: int) -> bool:
    return False


def _endless_generator() -> Iterator[str]:
    while True:
        yield "a"  # its items are asked for after the call, and count as its steps


@pytest.mark.parametrize(
    "loop",
    [
        _while_true,
        lambda: [number for number in itertools.count() if number < 0],
        lambda: sum(1 for _ in itertools.count()),
        lambda: any(map(_never, itertools.count())),
        lambda: next(filter(lambda number: False, itertools.count())),
        _endless_generator,
    ],
)
def test_a_loop_in_one_line_has_steps_too(loop: Callable[[], object]) -> None:
    first = _run(loop, limits=_steps(5000))
    assert first.value == NoValue("endless")
    assert first == _run(loop, limits=_steps(5000))


FIRST_CALLS = """
import itertools
from labkit.check.limits import StepsExhausted, step_limit

def in_one_line():
    while True: pass

def with_a_condition(number=1):
    while number: number += 1

def with_a_function_inside():
    def loop():
        for _ in itertools.count(): pass
    loop()

def with_a_list():
    return [number for number in itertools.count() if number < 0]

for loop in (in_one_line, with_a_condition, with_a_function_inside, with_a_list):
    try:
        with step_limit(1000, lambda: None):
            loop()
    except StepsExhausted:
        print(loop.__name__)
"""


def test_the_first_call_in_a_process_has_steps_too() -> None:
    """A child is new, and its first call may be the one that never ends. Python 3.12 and 3.13 forget the steps of a
    function's first call unless they are asked in the right order."""
    run = subprocess.run([sys.executable, "-c", FIRST_CALLS], stdout=subprocess.PIPE, timeout=DEADLINE_S, check=True)
    assert run.stdout.split() == [b"in_one_line", b"with_a_condition", b"with_a_function_inside", b"with_a_list"]


def test_a_handler_of_every_exception_does_not_keep_a_loop_alive() -> None:
    def stubborn() -> None:
        while True:
            try:
                sum(range(3))
            except Exception:
                continue

    assert _run(stubborn, limits=_steps(1000)).value == NoValue("endless")


def test_who_gives_up_is_asked_before_any_handler_of_the_learner() -> None:
    class GivenUp(BaseException):
        pass

    told: list[CallResult] = []

    def give_up(result: CallResult) -> None:
        told.append(result)
        raise GivenUp  # in a child this would be the end of the process

    def loop() -> None:
        print("seen")
        while True:
            sum(range(3))

    run_once(loop, Sample((), None), _as_it_is, _steps(1000), give_up)
    assert [(result.value, result.printed) for result in told] == [(NoValue("endless"), "seen\n")]


def test_a_tracer_that_is_there_already_stays() -> None:
    def tracer(*given: object) -> None:
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        assert _run(lambda: 1, limits=_steps(1)).value == 1
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

    assert _run(by_character, "x" * 4146, limits=_steps(LIMITS.steps // 10)).value == 4146


@pytest.mark.parametrize("end", [SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError, RecursionError])
def test_nothing_escapes(end: type[BaseException]) -> None:
    def function() -> None:
        raise end

    assert isinstance(_run(function).value, NoValue)


def test_a_closed_stdout_is_survived() -> None:
    def function() -> int:
        sys.stdout.close()
        return 1

    assert _run(function).value == 1


def test_an_address_in_an_error_is_left_out_and_the_line_is_shown() -> None:
    def function() -> None:
        raise ValueError(object())

    outcome = _run(function)
    assert outcome.why == "It raised ValueError, and returned nothing."
    assert outcome.shown == "raised ValueError: <object object>"
    assert outcome.line == "raise ValueError(object())"


def test_a_broken_rule_passes_every_handler_of_exceptions() -> None:
    def function() -> int:
        try:
            raise RuleBroken("The client did not wait.")
        except Exception:
            return 1

    assert _run(function).value == NoValue("broken", "The client did not wait.")


@pytest.mark.parametrize(
    "question",
    [
        lambda: input("name? "),
        lambda: sys.stdin.readline(),
        lambda: sys.stdin.read(),
        lambda: next(sys.stdin),
        lambda: getpass.getpass(),
        lambda: breakpoint(),
    ],
)
def test_nobody_can_type_in_a_check(question: Callable[[], object]) -> None:
    before = (input, sys.stdin, getpass.getpass, sys.breakpointhook)
    outcome = _run(question)
    assert "Nobody can answer in a check" in outcome.why
    assert outcome.shown == "raised EOFError"
    assert (input, sys.stdin, getpass.getpass, sys.breakpointhook) == before


def test_what_goes_to_stderr_is_kept_out_of_the_cell_too(capsys: pytest.CaptureFixture[str]) -> None:
    outcome = _run(lambda: print("seen", file=sys.stderr))
    assert outcome.printed == "seen\n"
    assert capsys.readouterr().err == ""


def test_an_unreadable_value_is_shown_all_the_same() -> None:
    def refuse(returned: object, sample: Sample) -> object:
        raise Unreadable("It returned a set.")

    outcome = run_once(lambda: {2, 1}, Sample((), None), refuse)
    assert (outcome.value, outcome.shown) == (NoValue("unreadable", "It returned a set."), "{1, 2}")


def test_a_first_line_that_was_changed_is_no_riddle() -> None:
    def none_taken() -> int:
        return 1

    def wrong_inside(number: int) -> int:
        return none_taken(number)  # type: ignore[call-arg]

    for function in (none_taken, lambda one, two: 1):
        assert "did not fit the function's first line" in _run(function, 1).why
    assert _run(wrong_inside, 1).why == "It raised TypeError, and returned nothing."
