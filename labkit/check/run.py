"""Calls a learner's function once, and catches every error."""

from __future__ import annotations

import contextlib
import copy
import inspect
import io
import re
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from labkit.check import limits as bounds
from labkit.check.exercise import NoValue, RuleBroken, Sample
from labkit.check.limits import Limits, NoKeyboard, StepsExhausted, TimeExhausted
from labkit.check.values import Unreadable, settled, value_text
from labkit.errors import counted

ReadReturned = Callable[[object, Sample], object]
#: What the traps and the solution get: they are known to end.
NO_LIMITS = Limits(steps=0, call_s=0, check_s=0, memory_bytes=0)
#: After a call that ended so, no other call is made.
UNFINISHED = ("endless", "late", "memory", "ended", "stopped")
_PRINTED_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class CallResult:
    """The result of one call.

    `value` is what to compare, or a NoValue with the sentence `why`. `shown` is the text of what came: the returned
    value, or what happened instead. `printed` is what the function printed, and `line` its own line that failed.
    """

    value: object
    why: str = ""
    shown: str = ""
    printed: str = ""
    line: str = ""

    @property
    def is_unfinished(self) -> bool:
        """Whether the call did not come back by itself."""
        return isinstance(self.value, NoValue) and self.value.reason in UNFINISHED


def run_once(
    function: Callable[..., object],
    sample: Sample,
    read: ReadReturned,
    limits: Limits = NO_LIMITS,
    give_up: Callable[[CallResult], object] | None = None,
    show: Callable[[object], str] = value_text,
) -> CallResult:
    """The result of calling the function on the sample. Never raises.

    Args:
        function: it gets copies, so it may change its input.
        sample: the arguments.
        read: turns what was returned into a value to compare.
        limits: the bounds of the call.
        give_up: gets the result when the steps are used up, and may end the process.
        show: turns what was returned into text.
    """
    printed = io.StringIO()

    def exhausted() -> None:
        if give_up:
            give_up(_with(_problem(function, StepsExhausted(), limits), printed))

    try:
        arguments = copy.deepcopy(sample.args)
        with _kept_apart(printed), bounds.alarm(limits.call_s), bounds.memory_limit(limits.memory_bytes):
            with bounds.step_limit(limits.steps, exhausted):
                returned = settled(function(*arguments, **sample.options))
            result = _result(returned, sample, read, show)
    except BaseException as problem:  # SystemExit too: exit() in a function must not end the kernel
        result = _problem(function, problem, limits)
    return _with(result, printed)


def unfinished(reason: str, limits: Limits) -> CallResult:
    """The result of a call that did not come back by itself. `reason` is one of UNFINISHED."""
    shown, why = {
        "endless": (
            f"no result after {counted(limits.steps, 'step')}",
            "The call did not end. Is there a loop that never ends? Look at what has to change in each round.",
        ),
        "late": (
            f"no result after {limits.call_s:g} s",
            f"The call did not come back within {limits.call_s:g} s. It waits too long, or it waits for something "
            "that never comes, or a loop inside Python's own C code never ends.",
        ),
        "too slow": (
            f"no result: the calls of this check took {limits.check_s:g} s",
            f"The calls of this check took more than {limits.check_s:g} s together. A right answer takes less "
            "than 1 s. Does the function wait, or does it repeat its work very often?",
        ),
        "memory": (
            f"no result within {limits.memory_bytes >> 20} MB of memory" if limits.memory_bytes else "no result",
            "The call needs more memory than a check gives it. Is there a list, a text or a number that grows without "
            "end?",
        ),
        "ended": (
            "no result: Python itself ended",
            "The call ended the Python process in which it ran, so nothing came back.",
        ),
        "stopped": ("no result: you stopped it", "You stopped the call before it came back."),
    }[reason]
    return CallResult(NoValue("late" if reason == "too slow" else reason), why, shown)


def _result(returned: object, sample: Sample, read: ReadReturned, show: Callable[[object], str]) -> CallResult:
    if returned is None or returned is ...:
        name = "None" if returned is None else "..."
        why = f"It returned `{name}`. Does one way through the function lack a `return`?"
        return CallResult(NoValue("nothing", name), why, name)
    shown = show(returned)
    try:
        return CallResult(read(returned, sample), "", shown)
    except Unreadable as problem:
        return CallResult(NoValue("unreadable", str(problem)), str(problem), shown)


def _problem(function: Callable[..., object], problem: BaseException, limits: Limits) -> CallResult:
    if isinstance(problem, NotImplementedError):
        return CallResult(NoValue("nothing", "NotImplementedError"), "It raised NotImplementedError.", "nothing")
    if isinstance(problem, Unreadable):
        return CallResult(NoValue("unreadable", str(problem)), str(problem), "no value")
    if isinstance(problem, RuleBroken):
        return CallResult(NoValue("broken", str(problem)), "", str(problem))
    for kind, reason in _UNFINISHED_BY:
        if isinstance(problem, kind):
            return unfinished(reason, limits)
    name = "ValueError" if isinstance(problem, ValueError) else type(problem).__name__
    why = f"It raised {type(problem).__name__}, and returned nothing."
    if isinstance(problem, NoKeyboard):
        why = "The function asks somebody to type. Nobody can answer in a check: it gets its values as arguments."
    line = _failed_line(function, problem)
    if isinstance(problem, TypeError) and not line and _WRONG_ARGUMENTS.search(str(problem)):
        why = "The call did not fit the function's first line: leave the names behind `def` as the exercise has them."
    return CallResult(NoValue("raised", name), why, f"raised {_text(problem)}", line=line)


#: What Python says of a call whose arguments a function does not take.
_WRONG_ARGUMENTS = re.compile(r"\(\) (takes|missing|got an unexpected|got multiple|got some positional)")


_UNFINISHED_BY: tuple[tuple[type[BaseException], str], ...] = (
    (StepsExhausted, "endless"),
    (TimeExhausted, "late"),
    (MemoryError, "memory"),
    (KeyboardInterrupt, "stopped"),
)


def _text(problem: BaseException) -> str:
    name = "EOFError" if isinstance(problem, NoKeyboard) else type(problem).__name__
    try:
        text = str(problem)
    except Exception:  # the exception is the learner's own class
        text = ""
    text = re.sub(r" at 0x[0-9a-fA-F]+", "", text)  # an address differs from run to run
    text = text if len(text) <= 200 else text[:197] + "..."
    return f"{name}{': ' if text else ''}{text}"


def _failed_line(function: Callable[..., object], problem: BaseException) -> str:
    """The learner's own line that failed: the last one in the file, or the cell, of the function."""
    code = inspect.unwrap(function).__code__ if inspect.isfunction(function) else None
    if code is None:
        return ""
    lines = [entry.line for entry in traceback.extract_tb(problem.__traceback__) if entry.filename == code.co_filename]
    return (lines[-1] or "") if lines else ""


def _with(result: CallResult, stream: io.StringIO) -> CallResult:
    try:
        printed = stream.getvalue()
    except ValueError:  # the function closed it
        printed = ""
    return CallResult(result.value, result.why, result.shown, printed[:_PRINTED_CHARACTERS], result.line)


@contextlib.contextmanager
def _kept_apart(printed: io.StringIO) -> Iterator[None]:
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), bounds.no_keyboard():
        yield
