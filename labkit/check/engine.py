"""The functions that a lesson calls: check, hint and solution."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from labkit.check.exercise import Exercise, Level, NoValue, Sample, Trap
from labkit.check.exercises import EXERCISES
from labkit.check.feedback import CheckResult, Hint, Solution
from labkit.check.run import MAX_STEPS, CallResult, run_once
from labkit.errors import LabError

_hints_given: dict[str, int] = {}  # exercise -> hints given so far


@dataclass(frozen=True, slots=True)
class _Try:
    sample: Sample
    outcome: CallResult

    @property
    def is_right(self) -> bool:
        """Whether the result is the expected one."""
        return self.outcome.value == self.sample.expected


def check(name: str, function: object) -> CheckResult:
    """The levels that the function passes in the exercise, and its first mistake. Never raises.

    Args:
        name: the name of the exercise.
        function: the learner's function.

    The function runs on generated samples, level by level, and on the cases of web-platform-tests. A level is tried
    when those before it have passed. What the function prints is kept out of the cell.
    """
    exercise = EXERCISES.get(name) if isinstance(name, str) else None
    if exercise is None:
        return _no_such_exercise(name)
    levels = len(exercise.levels)
    if not callable(function):
        text = f'That is not a function. Give its name without brackets: check("{exercise.name}", {exercise.name})'
        return CheckResult(exercise.name, 0, levels, False, text)
    total = 0
    for number, level in enumerate(exercise.levels):
        tries = _tries(exercise, level, function)
        total += len(tries)
        if number == 0 and all(_is_nothing(attempt.outcome) for attempt in tries):
            return CheckResult(exercise.name, 0, levels, False, _nothing_yet(exercise.name, tries))
        if not all(attempt.is_right for attempt in tries):
            text = f"Level {number + 1} of {levels} ({level.title}): {_explain(exercise, level, tries)}"
            return CheckResult(exercise.name, number, levels, False, text)
    return CheckResult(exercise.name, levels, levels, True, f"{exercise.praise} ({total} samples)")


def hint(name: str, step: int | None = None) -> Hint:
    """The next hint, from the most general to the most exact. After the last one it comes again.

    Args:
        name: the name of the exercise.
        step: the number of the hint, from 1; None takes the next.

    Raises:
        LabError: there is no such exercise.
    """
    exercise = _exercise(name)
    steps = len(exercise.hints)
    if step is None:
        step = _hints_given[name] = min(_hints_given.get(name, 0) + 1, steps)
    step = max(1, min(step, steps))
    next_step = f' The last hint; after it comes solution("{name}").' if step == steps else ""
    return Hint(name, step, steps, exercise.hints[step - 1] + next_step)


def solution(name: str) -> Solution:
    """A right answer to the exercise: it shows its source, and can be called.

    Raises:
        LabError: there is no such exercise.
    """
    return Solution(_exercise(name).solution)


def _exercise(name: str) -> Exercise:
    try:
        return EXERCISES[name]
    except (KeyError, TypeError):
        raise LabError(_no_such_exercise(name).message) from None


def _no_such_exercise(name: object) -> CheckResult:
    names = ", ".join(EXERCISES)
    if isinstance(name, str):
        return CheckResult(_shorten(name, 60), 0, 0, False, f"There is no such exercise. The exercises are: {names}.")
    text = f'The name comes first, as text: check("split_lines", split_lines). The exercises are: {names}.'
    return CheckResult("(no name)", 0, 0, False, text)


@functools.cache
def _samples(level: Level) -> tuple[Sample, ...]:
    """The level's samples, shortest first: the same each time, since their chance has a fixed seed."""
    return tuple(sorted(level.samples(), key=lambda sample: len(sample.call(""))))


@functools.cache
def _mistakes(exercise: Exercise, level: Level, trap: Trap) -> tuple[object, ...]:
    """The trap's result for each sample of the level. A trap is called once, however often a learner checks."""
    return tuple(run_once(trap.function, sample, exercise.read).value for sample in _samples(level))


def _tries(exercise: Exercise, level: Level, function: Callable[..., object]) -> list[_Try]:
    """The level's samples, shortest first. A call that does not finish is the last one made."""
    tries: list[_Try] = []
    for sample in _samples(level):
        tries.append(_Try(sample, run_once(function, sample, exercise.read, MAX_STEPS)))
        if _unfinished(tries[-1].outcome):
            break
    return tries


def _explain(exercise: Exercise, level: Level, tries: list[_Try]) -> str:
    failed = [attempt for attempt in tries if not attempt.is_right]
    trap, same_mistake = _matching_trap(exercise, level, tries)
    example = same_mistake[0] if same_mistake else failed[0]
    sentence = trap.sentence if trap else example.outcome.why or f"The result is wrong. {level.rule}"
    return "\n".join([sentence, *_facts(exercise, example), *_count(tries, failed)])


def _matching_trap(exercise: Exercise, level: Level, tries: list[_Try]) -> tuple[Trap | None, list[_Try]]:
    """The trap that makes the same mistakes, and the failed samples on which it does, shortest first; or None.

    It must agree on a third of the failed samples: on one or two it may agree by chance. Of several, the one that
    agrees on most failed samples wins, then the one that agrees on most of all samples, then the first.
    """
    best: tuple[int, int] = (0, 0)
    best_trap: Trap | None = None
    same_mistake: list[_Try] = []
    for trap in exercise.traps:
        mistakes = _mistakes(exercise, level, trap)
        agreeing = [
            attempt for attempt, mistake in zip(tries, mistakes, strict=False) if mistake == attempt.outcome.value
        ]
        agreeing_failed = [attempt for attempt in agreeing if not attempt.is_right]
        if agreeing_failed and (len(agreeing_failed), len(agreeing)) > best:
            best, best_trap, same_mistake = (len(agreeing_failed), len(agreeing)), trap, agreeing_failed
    if 3 * len(same_mistake) < sum(not attempt.is_right for attempt in tries):
        return None, []
    return best_trap, same_mistake


def _facts(exercise: Exercise, attempt: _Try) -> list[str]:
    sample, outcome = attempt.sample, attempt.outcome
    facts = [f"  input     {_shorten(sample.call(exercise.name))}"]
    if sample.origin:
        facts.append(f"  case      {sample.origin}")
    if isinstance(outcome.value, NoValue):
        result = f"raised {outcome.value.detail}" if outcome.value.reason == "raised" else "no value to compare"
    else:
        result = _shorten(exercise.show_result(outcome.value))
    facts += [f"  came      {result}", f"  expected  {_shorten(exercise.show_expected(sample.expected))}"]
    if outcome.printed:
        facts.append(f"  printed   {_shorten(repr(outcome.printed))}")
    return facts


def _count(tries: list[_Try], failed: list[_Try]) -> list[str]:
    if _unfinished(tries[-1].outcome):
        return []
    share = f"one of {len(failed)} wrong results" if len(failed) > 1 else "the only wrong result"
    return [f"  This is {share} in {len(tries)} samples."]


def _nothing_yet(name: str, tries: list[_Try]) -> str:
    if any(attempt.outcome.printed for attempt in tries):
        return "Not yet: the function prints, but it returns nothing. End it with `return`."
    todo = f'Write its body, then run this cell again. hint("{name}") helps.'
    return f"Not yet: the function returns nothing so far. {todo}"


def _is_nothing(outcome: CallResult) -> bool:
    return isinstance(outcome.value, NoValue) and outcome.value.reason == "nothing"


def _unfinished(outcome: CallResult) -> bool:
    return isinstance(outcome.value, NoValue) and outcome.value.reason in ("endless", "stopped")


def _shorten(text: str, room: int = 240) -> str:
    return text if len(text) <= room else text[: room - 3] + "..."
