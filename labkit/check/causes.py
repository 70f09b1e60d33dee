"""Which mistake explains a level's wrong results."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from labkit.check.exercise import REFUSED, Exercise, Level, NoValue, Sample, Symptom, Trap
from labkit.check.run import CallResult, run_once

#: So many mistakes of one function are told apart.
MISTAKES_MAX = 4


@dataclass(frozen=True, slots=True)
class Try:
    """One sample, and what came of it."""

    sample: Sample
    outcome: CallResult

    @property
    def is_right(self) -> bool:
        """Whether the result is the expected one."""
        return self.outcome.value == self.sample.expected


@dataclass(frozen=True, slots=True)
class Mistake:
    """The sentence of a mistake, the sample that shows it, and the name of its trap or symptom."""

    sentence: str
    shown: Try
    name: str


@dataclass(frozen=True, slots=True)
class _Match:
    """A trap beside the learner's results. The numbers are those of samples."""

    trap: Trap
    wrong: frozenset[int]  # where the trap is wrong
    same: frozenset[int]  # where the learner is wrong in the same way


@functools.cache
def samples_of(level: Level) -> tuple[Sample, ...]:
    """The level's samples, shortest first: the same each time, since their chance has a fixed seed."""
    return tuple(sorted(level.samples(), key=lambda sample: len(sample.call(""))))


@functools.cache
def _mistakes(exercise: Exercise, level: Level, function: Callable[..., object]) -> tuple[object, ...]:
    """A trap's result for each sample of the level. A trap is called once, however often a learner checks."""
    return tuple(run_once(function, sample, exercise.read).value for sample in samples_of(level))


def cause(exercise: Exercise, tries: list[list[Try]]) -> Mistake | None:
    """The mistake that explains the wrong results of the last level tried, or None.

    A trap explains them if the learner's function does the same on all samples on which the trap or the learner is
    wrong, those of the levels before included. One sample more or less, and it is another mistake, of which the trap's
    sentence may not be true. A symptom explains them if it fits all of them. Then the function may make several of the
    mistakes at once (see _first_of): the one that shows on the shortest sample is named, with that sample.
    """
    wrong = frozenset(number for number, attempt in enumerate(tries[-1]) if not attempt.is_right)
    shortest = tries[-1][min(wrong)]
    matches = [match for match in _matches(exercise, tries) if match.same and match.wrong <= wrong]
    for match in matches:
        if match.same == wrong:
            return Mistake(match.trap.told(shortest.sample), shortest, match.trap.name)
    for symptom in exercise.symptoms:
        if all(_fits(symptom, tries[-1][number]) for number in wrong):
            return Mistake(symptom.sentence, shortest, symptom.name)
    if all(attempt.outcome.value == shortest.outcome.value for attempt in tries[-1]):
        return None  # always the same answer: no mistake shows in it
    for size in range(2, MISTAKES_MAX + 1):
        for together in combinations(matches, size):
            if found := _first_of(together, wrong):
                number, trap = found
                return Mistake(trap.told(tries[-1][number].sample), tries[-1][number], trap.name)
    return None


def _first_of(together: tuple[_Match, ...], wrong: frozenset[int]) -> tuple[int, Trap] | None:
    """Of the mistakes that the learner's function makes together, the one that is seen first: sample and trap.

    Together they are wrong where the function is, and nowhere else. Where two of them meet, anything may come of it. A
    mistake is named if the function does what its trap does where it stands alone, in nine of ten samples or more.
    """
    if frozenset().union(*(match.wrong for match in together)) != wrong:
        return None
    seen = []
    for match in together:
        alone = _alone(match, together)
        if alone and 10 * len(alone & match.same) >= 9 * len(alone):
            seen.append((min(alone & match.same), match.trap))
    return min(seen, key=lambda one: (one[0], one[1].sentence), default=None)


def _alone(match: _Match, together: tuple[_Match, ...]) -> frozenset[int]:
    others = (other.wrong for other in together if other is not match)
    return match.wrong.difference(*others)


def _matches(exercise: Exercise, tries: list[list[Try]]) -> Iterator[_Match]:
    *passed, level = exercise.levels[: len(tries)]
    for trap in exercise.traps:
        for function in trap.functions:
            if all(_passes(exercise, before, function) for before in passed):
                yield _match(trap, _mistakes(exercise, level, function), tries[-1])


@functools.cache
def _passes(exercise: Exercise, level: Level, function: Callable[..., object]) -> bool:
    mistakes = _mistakes(exercise, level, function)
    return all(mistake == sample.expected for mistake, sample in zip(mistakes, samples_of(level), strict=True))


def _match(trap: Trap, mistakes: tuple[object, ...], tries: list[Try]) -> _Match:
    pairs = list(enumerate(zip(tries, mistakes, strict=False)))
    return _Match(
        trap,
        frozenset(number for number, (attempt, mistake) in pairs if mistake != attempt.sample.expected),
        frozenset(
            number for number, (attempt, mistake) in pairs if not attempt.is_right and _is_same(mistake, attempt)
        ),
    )


def _is_same(mistake: object, attempt: Try) -> bool:
    """Whether the trap and the learner do the same. Where both raise an error it may have another name."""
    value = attempt.outcome.value
    both_raise = all(isinstance(one, NoValue) and one.reason == "raised" for one in (mistake, value))
    return mistake == value or (both_raise and attempt.sample.expected != REFUSED)


def _fits(symptom: Symptom, attempt: Try) -> bool:
    value, expected = attempt.outcome.value, attempt.sample.expected
    return not isinstance(value, NoValue) and not isinstance(expected, NoValue) and symptom.fits(value, expected)
