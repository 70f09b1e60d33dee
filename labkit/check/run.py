"""Calls a learner's function once, and catches every error."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import re
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any

from labkit.check.exercise import NoValue, Sample, Unreadable

#: Steps are counted, not seconds, so that the same function gets the same answer on every machine. The longest sample
#: has 4146 characters; a plain loop over them takes some 25,000 steps. This many take about a quarter of a second.
MAX_STEPS = 500_000

ReadReturned = Callable[[object, Sample], object]


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of one call.

    `value` is what to compare, or a NoValue with the sentence `why`; `printed` is what the function printed.
    """

    value: object
    why: str = ""
    printed: str = ""


class _Endless(BaseException):  # not an Exception: a learner's `except Exception` must not catch it
    pass


def run_once(function: Callable[..., object], sample: Sample, read: ReadReturned, max_steps: int = 0) -> CallResult:
    """The result of calling the function on the sample. Never raises.

    Args:
        function: it gets copies, so it may change its input.
        sample: the arguments.
        read: turns what was returned into a value to compare.
        max_steps: a call that executes more lines of Python is "endless"; 0 sets no limit.
    """
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed), _limited(max_steps):
            value, why = _value(function, sample, read)
    except BaseException as problem:  # SystemExit too: exit() in a function must not end the kernel
        value, why = _problem(function, problem)
    return CallResult(value, why, _printed_text(printed))


def _value(function: Callable[..., object], sample: Sample, read: ReadReturned) -> tuple[object, str]:
    returned = function(*copy.deepcopy(sample.args), **sample.options)
    if returned is None or returned is ...:
        name = "None" if returned is None else "..."
        return NoValue("nothing", name), f"It returned {name}. Does one way through the function lack a `return`?"
    return read(returned, sample), ""


def _problem(function: Callable[..., object], problem: BaseException) -> tuple[NoValue, str]:
    if isinstance(problem, NotImplementedError):
        return NoValue("nothing", "NotImplementedError"), "It raised NotImplementedError."
    if isinstance(problem, Unreadable):
        return NoValue("unreadable", str(problem)), str(problem)
    if isinstance(problem, _Endless):
        return NoValue("endless"), "It did not finish. Does a loop never end? Look at what should change in each round."
    if isinstance(problem, KeyboardInterrupt):
        return NoValue("stopped"), "You stopped it before it finished."
    name = "ValueError" if isinstance(problem, ValueError) else type(problem).__name__
    return NoValue("raised", name), f"It raised {_problem_text(problem)}{_failed_line(function, problem)}"


def _problem_text(problem: BaseException) -> str:
    try:
        text = str(problem)
    except Exception:  # the exception is the learner's own class
        text = ""
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)  # an address differs from run to run
    text = text if len(text) <= 200 else text[:197] + "..."
    return f"{type(problem).__name__}{': ' if text else ''}{text}"


def _failed_line(function: Callable[..., object], problem: BaseException) -> str:
    """The learner's own line that failed: the last one in the file, or the cell, of the function."""
    code = inspect.unwrap(function).__code__ if inspect.isfunction(function) else None
    if code is None:
        return ""
    lines = [entry.line for entry in traceback.extract_tb(problem.__traceback__) if entry.filename == code.co_filename]
    return f"\n  line      {lines[-1]}" if lines and lines[-1] else ""


def _printed_text(stream: io.StringIO) -> str:
    try:
        return stream.getvalue()
    except ValueError:  # the function closed it
        return ""


@contextlib.contextmanager
def _limited(max_steps: int) -> Iterator[None]:
    if not max_steps or sys.gettrace() is not None:  # a debugger, or a coverage tool, is there first
        yield
        return
    steps_left = max_steps

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal steps_left
        steps_left -= 1
        if steps_left < 0:
            raise _Endless
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(None)
