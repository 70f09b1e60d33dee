"""The exercise missing_and_doubled: the numbers that a client saw -> what it lost, and what came twice."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.missing_and_doubled_traps import SYMPTOMS, TRAPS, MissingAndDoubled, missing_and_doubled

STUB = '''\
def missing_and_doubled(ids: list[int]) -> tuple[list[int], list[int]]:
    """The numbers that are missing between the smallest and the largest, and those that were seen more than once.

    Both are sorted lists that name each number once. The ids may come in any order, and there may be none at all.
    Example:
    missing_and_doubled([1, 2, 2, 5]) -> ([3, 4], [2])
    """
    ...
'''


def _samples(seed: str, copies: tuple[int, ...], shuffled: bool) -> list[Sample]:
    """Forty lists. The answer is known because the list was made from it: some numbers left out, some repeated."""
    rng = Random(seed)
    samples = []
    for _ in range(40):
        first = rng.randrange(1, 30)
        last = first + rng.randrange(9)
        missing = sorted(rng.sample(range(first + 1, last), rng.randrange(last - first))) if last > first else []
        present = [number for number in range(first, last + 1) if number not in missing]
        doubled = sorted(rng.sample(present, min(len(present), rng.randrange(4)))) if copies else []
        ids = sorted(present + [number for number in doubled for _ in range(rng.choice(copies))])
        if shuffled:
            rng.shuffle(ids)
        samples.append(Sample((ids,), (missing, doubled)))
    return samples


def _read(returned: object, sample: Sample) -> MissingAndDoubled:
    missing, doubled = read.pair(returned, "a tuple of two lists: (missing, doubled)")
    return _numbers(missing, "missing"), _numbers(doubled, "doubled")


def _numbers(part: object, name: str) -> list[int]:
    numbers = read.items(part, "a list of numbers", f"The part `{name}` is")
    return [read.whole_number(number, f"Item {place} of `{name}` is") for place, number in enumerate(numbers)]


EXERCISE = Exercise(
    stub=STUB,
    solution=missing_and_doubled,
    levels=(
        Level(
            "gaps",
            "A number is missing when it lies between the smallest and the largest and was not seen.",
            lambda: _samples("missing_and_doubled/1", (), False),
        ),
        Level(
            "gaps and doubles",
            "A number is doubled when it was seen more than once. It stands in the list once.",
            lambda: _samples("missing_and_doubled/2", (1,), False),
        ),
        Level(
            "any order, triples, and nothing at all",
            "After a resume the numbers come in any order, and three times is possible. For no numbers the result is "
            "([], []).",
            lambda: [Sample(([],), ([], [])), *_samples("missing_and_doubled/3", (1, 1, 2), True)],
        ),
    ),
    traps=TRAPS,
    hints=(
        "There are two questions, and two lists. Which numbers between the smallest and the largest were never seen? "
        "Which were seen more than once?",
        "Do not look at neighbours: the order may be mixed. A set tells whether a number was seen, and `ids.count(n)` "
        "tells how often.",
        "missing: take the set of `range(min(ids), max(ids))` minus `set(ids)`, sorted. doubled: take each n of "
        "`set(ids)` whose count is above 1, sorted. Ask for an empty list first, because it has no `min()`.",
    ),
    praise="Your function finds every loss and every double, in any order.",
    read=_read,
    symptoms=SYMPTOMS,
)
