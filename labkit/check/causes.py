"""Which mistake explains a level's wrong results."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from labkit.check.exercise import Exercise, Level, NoValue, Sample, Symptom
from labkit.check.run import CallResult, run_once


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
class _Match:
    """A trap beside the learner's results. The numbers are those of samples."""

    sentence: str
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


def cause(exercise: Exercise, tries: list[list[Try]]) -> str | None:
    """The sentence of the mistake that explains the wrong results of the last level tried, or None.

    A trap explains them if the learner's function does the same on all samples on which the trap or the learner is
    wrong, those of the levels before included. One sample more or less, and it is another mistake, of which the trap's
    sentence may not be true. Two traps explain them together if each wrong result is that of one of them, and the
    learner is wrong wherever they are: then the function makes both mistakes, and the sentence is that of the first
    wrong sample. A symptom explains them if it fits all of them.
    """
    wrong = frozenset(number for number, attempt in enumerate(tries[-1]) if not attempt.is_right)
    matches = [match for match in _matches(exercise, tries) if match.same and match.wrong <= wrong]
    for match in matches:
        if match.same == wrong:
            return match.sentence
    for symptom in exercise.symptoms:
        if all(_fits(symptom, tries[-1][number]) for number in wrong):
            return symptom.sentence
    for first, second in combinations(matches, 2):
        if first.same | second.same == wrong:
            return first.sentence if min(wrong) in first.same else second.sentence
    return None


def _matches(exercise: Exercise, tries: list[list[Try]]) -> Iterator[_Match]:
    *passed, level = exercise.levels[: len(tries)]
    for trap in exercise.traps:
        for function in trap.functions:
            if all(_passes(exercise, before, function) for before in passed):
                yield _match(trap.sentence, _mistakes(exercise, level, function), tries[-1])


@functools.cache
def _passes(exercise: Exercise, level: Level, function: Callable[..., object]) -> bool:
    mistakes = _mistakes(exercise, level, function)
    return all(mistake == sample.expected for mistake, sample in zip(mistakes, samples_of(level), strict=True))


def _match(sentence: str, mistakes: tuple[object, ...], tries: list[Try]) -> _Match:
    pairs = list(enumerate(zip(tries, mistakes, strict=False)))
    return _Match(
        sentence,
        frozenset(number for number, (attempt, mistake) in pairs if mistake != attempt.sample.expected),
        frozenset(
            number for number, (attempt, mistake) in pairs if not attempt.is_right and mistake == attempt.outcome.value
        ),
    )


def _fits(symptom: Symptom, attempt: Try) -> bool:
    value, expected = attempt.outcome.value, attempt.sample.expected
    return not isinstance(value, NoValue) and not isinstance(expected, NoValue) and symptom.fits(value, expected)
