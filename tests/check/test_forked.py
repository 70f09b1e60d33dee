"""Whatever a learner's function does, check comes back, says why, and leaves nothing behind."""

from __future__ import annotations

import itertools
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from labkit.check import CheckResult, check
from labkit.check.exercise import NoValue, Sample
from labkit.check.exercises import EXERCISES
from labkit.check.exercises.split_lines import split_lines
from labkit.check.forked import call_results
from labkit.check.limits import Limits

from ..helpers import eventually

#: What is not to be late has time, on a busy machine.
SMALL = Limits(steps=20_000, call_s=20.0, memory_bytes=64 << 20)
#: For what never comes back by itself.
SHORT = replace(SMALL, call_s=0.2)
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


def _check(function: Callable[[str], object], limits: Limits = SMALL) -> CheckResult:
    return check("split_lines", function, limits=limits)


def _while_true(text: str) -> None:
    while True: pass  # fmt: skip  # noqa: E701


def _bare_except(text: str) -> None:
    while True:
        try:
            text = text + ""
        except:  # noqa: E722
            continue


LATE = "did not come back within 0.2 s. It waits too long, or it waits for something that never comes"
ENDLESS = "The call did not end. Is there a loop that never ends?"
MEMORY = "The call needs more memory than a check gives it."


@needs_fork
@pytest.mark.parametrize(
    ("function", "told"),
    [
        (_while_true, ENDLESS),
        (_bare_except, ENDLESS),
        (lambda text: [text for _ in itertools.count()], ENDLESS),
        (lambda text: time.sleep(600), LATE),
        (lambda text: queue.Queue().get(), LATE),
        (lambda text: threading.Event().wait(), LATE),
        (lambda text: sum(itertools.count()), LATE),
        (lambda text: 10**10**9, LATE),
        (lambda text: re.match(r"(a+)+$", "a" * 60 + "b"), LATE),
        (lambda text: list(itertools.count()), MEMORY),
        (lambda text: "x" * 10**10, MEMORY),
        (lambda text: input(), "Nobody can answer in a check"),
        (lambda text: os._exit(0), "The call ended the Python process"),
        (lambda text: os.kill(os.getpid(), signal.SIGKILL), "The call ended the Python process"),
        (lambda text: signal.pause(), LATE),
    ],
)
def test_nothing_stops_the_notebook(function: Callable[[str], object], told: str) -> None:
    limits = SHORT if told == LATE else SMALL
    result = _check(function, limits)
    assert not result.passed
    assert "  input     split_lines('')\n" in result.message
    assert told in result.message
    assert result == _check(function, limits)


@needs_fork
def test_a_call_that_waits_leaves_no_process(tmp_path: Path) -> None:
    def function(text: str) -> None:
        program = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (tmp_path / "processes").write_text(f"{os.getpid()} {program.pid}", "ascii")
        program.wait()

    result = _check(function, replace(SMALL, call_s=1.5))  # time enough to start a program
    assert "did not come back within 1.5 s" in result.message
    child, program = map(int, (tmp_path / "processes").read_text("ascii").split())
    eventually(lambda: not _runs(program), "the program that the function started has ended")
    assert not _runs(child)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not status.exists() or status.read_text("ascii").rpartition(")")[2].split()[0] != "Z"


@needs_fork
def test_an_interrupt_ends_the_call_and_leaves_no_process(tmp_path: Path) -> None:
    def function(text: str) -> None:
        (tmp_path / "process").write_text(str(os.getpid()), "ascii")
        while True:  # one that arrives within a finalizer is lost to Python, and a person presses again
            os.kill(os.getppid(), signal.SIGINT)
            threading.Event().wait(0.5)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a worker of the suite ignores it
    try:
        result = check("split_lines", function)
    finally:
        signal.signal(signal.SIGINT, before)
    assert "You stopped the call before it came back." in result.message
    assert not _runs(int((tmp_path / "process").read_text("ascii")))


@needs_fork
def test_a_check_as_a_whole_has_an_end_too() -> None:
    waited: list[str] = []

    def function(text: str) -> list[str]:
        waited.append(text)
        threading.Event().wait(0.2 if len(waited) > 1 else 0)
        return split_lines(text)

    result = _check(function, Limits(call_s=30, check_s=0.5))
    assert "The calls of this check took more than 0.5 s together." in result.message


@needs_fork
def test_a_function_may_remember_something_within_one_check() -> None:
    seen: list[str] = []

    def function(text: str) -> list[str]:
        seen.append(text)
        return split_lines(text) if seen.count(text) == 1 or len(seen) > 10 else []

    assert check("split_lines", function).passed
    assert seen == []  # and the next check begins as this one did
    assert check("split_lines", function).passed


@needs_fork
def test_what_a_function_keeps_from_one_call_to_the_next_is_named() -> None:
    lines: list[str] = []

    def function(text: str) -> list[str]:
        lines.extend(split_lines(text))
        return lines

    assert "The function keeps something from one call to the next" in check("split_lines", function).message


@needs_fork
def test_what_cannot_be_sent_is_told() -> None:
    result = _check(lambda text: [text, lambda: text])
    assert "Item 1 of the list is a function; the check expects a string." in result.message
    assert "[''," in result.message


@needs_fork
@pytest.mark.parametrize(
    ("function", "told"),
    [
        (lambda text: type("Own", (), {})(), "The check cannot compare what it returned: a copy of it raises "),
        (lambda text: _NeverAgain(), "The check cannot compare what it returned: a copy of it raises TypeError."),
        (lambda text: "x" * 2**21, "It returned far more than the check expects."),
    ],
)
def test_a_value_that_cannot_be_copied_is_told(function: Callable[[str], object], told: str) -> None:
    exercise = replace(EXERCISES["split_lines"], read=lambda returned, sample: returned)
    (result,) = call_results(function, [[Sample(("a",), ["a"])]], exercise, SMALL)
    assert result.value == NoValue("unreadable", result.why)
    assert told in result.why


class _NeverAgain:
    """It can be written down, and not read again."""

    def __reduce__(self) -> tuple[object, ...]:
        return int, ("a", "b", "c")


@needs_fork
def test_a_function_that_forks_is_checked_once() -> None:
    def function(text: str) -> list[str]:
        os.fork()
        return split_lines(text)

    assert check("split_lines", function).passed


@needs_fork
def test_threads_are_no_reason_to_warn() -> None:
    never = threading.Event()
    thread = threading.Thread(target=never.wait, daemon=True)
    thread.start()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert check("split_lines", split_lines).passed
    never.set()


@needs_fork
def test_a_check_runs_in_any_thread() -> None:
    results: list[CheckResult] = []
    thread = threading.Thread(target=lambda: results.append(_check(lambda text: time.sleep(600), SHORT)))
    thread.start()
    thread.join()
    assert LATE in results[0].message


# Without a child: where there is no fork, or a debugger traces.


def test_with_a_debugger_the_calls_stay_in_the_process() -> None:
    processes: list[int] = []

    def function(text: str) -> list[str]:
        processes.append(os.getpid())
        return split_lines(text)

    before = sys.gettrace()
    sys.settrace(lambda *given: None)
    try:
        assert check("split_lines", function).passed
    finally:
        sys.settrace(before)
    assert set(processes) == {os.getpid()}


@pytest.mark.parametrize(
    ("function", "told"),
    [(_while_true, ENDLESS), (lambda text: time.sleep(600), LATE), (lambda text: queue.Queue().get(), LATE)],
)
def test_without_a_child_loops_and_waits_end_all_the_same(
    monkeypatch: pytest.MonkeyPatch, function: Callable[[str], object], told: str
) -> None:
    monkeypatch.setattr("labkit.check.forked.can_fork", lambda: False)
    handler = signal.getsignal(signal.SIGALRM)
    assert told in _check(function, SHORT if told == LATE else SMALL).message
    assert signal.getsignal(signal.SIGALRM) is handler


def test_an_alarm_of_somebody_else_still_rings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.check.forked.can_fork", lambda: False)
    before_s, _ = signal.setitimer(signal.ITIMER_REAL, 500)
    try:
        assert check("split_lines", split_lines).passed
        assert 400 < signal.getitimer(signal.ITIMER_REAL)[0] <= 500
    finally:
        signal.setitimer(signal.ITIMER_REAL, before_s)


def test_where_no_process_is_left_the_calls_stay_in_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def full() -> int:
        raise BlockingIOError("no process left")

    monkeypatch.setattr("os.fork", full)
    assert check("split_lines", split_lines).passed
