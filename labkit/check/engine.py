"""The functions that a lesson calls: check, hint and solution."""

from __future__ import annotations

from collections.abc import Callable
from difflib import get_close_matches

from labkit.check.causes import Try, cause, samples_of
from labkit.check.exercise import Exercise, Level, NoValue, Sample
from labkit.check.exercises import EXERCISES
from labkit.check.feedback import CheckResult, Hint, Solution
from labkit.check.forked import call_results, can_fork
from labkit.check.limits import LIMITS, Limits
from labkit.check.run import CallResult
from labkit.errors import LabError, counted
from labkit.system.observers import tell
from labkit.system.progress import note

#: Said where a call is right only as long as no other came before it.
REMEMBERS = (
    "The function keeps something from one call to the next: this call gives the expected result when it is the first "
    "one, and another result after other calls. Does it change a list, a set or a number outside the function, or a "
    "default value?"
)
#: Said where the same call, made twice, gives two results.
VARIES = (
    "The same call gives another result when it is made again. Does the function use chance or the time, or something "
    "that it keeps from one call to the next?"
)

_hints_given: dict[str, int] = {}  # exercise -> hints given so far


def check(name: str, function: object, *, limits: Limits = LIMITS) -> CheckResult:
    """The levels that the function passes in the exercise, and its first mistake. Never raises, and always ends.

    Args:
        name: the name of the exercise.
        function: the learner's function.
        limits: how much one call may use.

    The function runs on generated samples, level by level, and on the cases of web-platform-tests. A level is tried
    when those before it have passed. What the function prints is kept out of the cell. The level is noted beside the
    learner's lessons: see labkit.system.progress.
    """
    result = _checked(name, function, limits)
    if result.levels:
        tell("check", result=result, function=function)
        note("check", name=result.exercise, level=result.level, own=not isinstance(function, Solution))
    return result


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
    next_step = f' This is the last hint. After it comes `solution("{name}")`.' if step == steps else ""
    return Hint(name, step, steps, exercise.hints[step - 1] + next_step)


def solution(name: str) -> Solution:
    """A right answer to the exercise: it shows its source, and can be called.

    Raises:
        LabError: there is no such exercise.
    """
    exercise = _exercise(name)
    note("solution", name=name)
    return Solution(exercise.solution)


def _checked(name: object, function: object, limits: Limits) -> CheckResult:
    exercise = EXERCISES.get(name) if isinstance(name, str) else None
    if exercise is None:
        return _no_such_exercise(name)
    levels = len(exercise.levels)
    if not callable(function):
        text = f'That is not a function. Give its name without brackets: `check("{exercise.name}", {exercise.name})`'
        return CheckResult(exercise.name, 0, levels, False, text)
    levels_tried = _tries(exercise, function, limits)
    last_tries = levels_tried[-1]
    if len(levels_tried) == levels and all(attempt.is_right for attempt in last_tries):
        total = sum(map(len, levels_tried))
        return CheckResult(exercise.name, levels, levels, True, f"{exercise.praise} ({counted(total, 'sample')})")
    number = len(levels_tried) - 1
    if number == 0 and all(_is_nothing(attempt) for attempt in last_tries):
        return CheckResult(exercise.name, 0, levels, False, _nothing_yet(exercise.name, last_tries))

    def twice(sample: Sample) -> list[CallResult]:
        return call_results(function, ((sample, sample),), exercise, limits)

    explanation, mistake = _explanation(exercise, levels_tried, twice)
    text = f"Level {number + 1} of {levels} ({exercise.levels[number].title}): {explanation}"
    return CheckResult(exercise.name, number, levels, False, text, mistake)


def _exercise(name: str) -> Exercise:
    try:
        return EXERCISES[name]
    except (KeyError, TypeError):
        raise LabError(_no_such_exercise(name).message) from None


def _no_such_exercise(name: object) -> CheckResult:
    names = ", ".join(EXERCISES)
    if isinstance(name, str):
        meant = "".join(f" Did you mean {near}?" for near in get_close_matches(name[:60], EXERCISES, n=1))
        text = f"There is no such exercise.{meant} The exercises are: {names}."
        return CheckResult(_shorten(name, 60), 0, 0, False, text)
    text = f'The name comes first, as text: `check("split_lines", split_lines)`. The exercises are: {names}.'
    return CheckResult("(no name)", 0, 0, False, text)


def _tries(exercise: Exercise, function: Callable[..., object], limits: Limits) -> list[list[Try]]:
    """The tries of each level, up to the first level with a wrong result."""
    plan = [samples_of(level) for level in exercise.levels]
    results = call_results(function, plan, exercise, limits)
    tries: list[list[Try]] = []
    for samples in plan:
        if not results:
            break
        tries.append([Try(sample, result) for sample, result in zip(samples, results, strict=False)])
        results = results[len(samples) :]
    return tries


def _explanation(
    exercise: Exercise, levels_tried: list[list[Try]], twice: Callable[[Sample], list[CallResult]]
) -> tuple[str, str]:
    """What is wrong in the last level tried, and the name of the mistake, "" where it has none.

    `twice` makes a call two times, as the first ones of a new check.
    """
    level, tries = exercise.levels[len(levels_tried) - 1], levels_tried[-1]
    failed = [attempt for attempt in tries if not attempt.is_right]
    if failed[-1].outcome.is_unfinished:
        return "\n".join([failed[-1].outcome.why, *_facts(exercise, failed[-1])]), ""
    shortest = failed[0]
    if found := cause(exercise, levels_tried):
        return "\n".join([found.sentence, *_facts(exercise, found.shown), _count(tries, failed)]), found.name
    sentence = _unsteadiness(shortest.sample, twice(shortest.sample)) if can_fork() else None
    if sentence is None:
        sentence = _general(level, shortest.outcome)
    return "\n".join([sentence, *_facts(exercise, shortest), _count(tries, failed)]), ""


def _unsteadiness(sample: Sample, results: list[CallResult]) -> str | None:
    values = [result.value for result in results]
    if values[0] == sample.expected:
        return REMEMBERS
    return None if values.count(values[0]) == len(values) else VARIES


def _general(level: Level, outcome: CallResult) -> str:
    if not outcome.why:
        return f"The result is not the expected one. {level.rule}"
    is_broken = isinstance(outcome.value, NoValue) and outcome.value.reason == "broken"
    return f"{outcome.why} {level.rule}" if is_broken else outcome.why


def _facts(exercise: Exercise, attempt: Try) -> list[str]:
    sample, outcome = attempt.sample, attempt.outcome
    facts = [("input", sample.call(exercise.name)), ("case", sample.origin), ("came", outcome.shown)]
    if exercise.show_read and not isinstance(outcome.value, NoValue):
        facts.append(("", exercise.show_read(outcome.value)))
    facts += [
        ("expected", exercise.show_expected(sample.expected)),
        ("line", outcome.line),
        ("printed", repr(outcome.printed) if outcome.printed else ""),
    ]
    return [f"  {label:9} {_shorten(text)}" for label, text in facts if text]


def _count(tries: list[Try], failed: list[Try]) -> str:
    share = f"one of {len(failed)} wrong results" if len(failed) > 1 else "the only wrong result"
    return f"  This is {share} in {counted(len(tries), 'sample')}."


def _nothing_yet(name: str, tries: list[Try]) -> str:
    if any(attempt.outcome.printed for attempt in tries):
        return "Not yet: the function prints, but it returns nothing. End it with `return`."
    todo = f'Write its body, then run this cell again. `hint("{name}")` helps.'
    return f"Not yet: the function returns nothing so far. {todo}"


def _is_nothing(attempt: Try) -> bool:
    value = attempt.outcome.value
    return isinstance(value, NoValue) and value.reason == "nothing"


def _shorten(text: str, room: int = 240) -> str:
    text = text.replace("\r", " ").replace("\n", " ")  # a fact is one line
    return text if len(text) <= room else text[: room - 3] + "..."
