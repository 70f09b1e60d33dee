"""The exercise missing_and_doubled: the numbers that a client saw -> what it lost, and what came twice."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Trap, Unreadable

MissingAndDoubled = tuple[list[int], list[int]]

STUB = '''\
def missing_and_doubled(ids: list[int]) -> tuple[list[int], list[int]]:
    """The numbers missing between the smallest and the largest, and those seen more than once; both sorted."""
    ...
'''


def missing_and_doubled(ids: list[int]) -> tuple[list[int], list[int]]:
    """The numbers missing between the smallest and the largest, and those seen more than once; both sorted."""
    if not ids:
        return [], []
    missing = sorted(set(range(min(ids), max(ids))) - set(ids))
    doubled = sorted(number for number in set(ids) if ids.count(number) > 1)
    return missing, doubled


def _samples(seed: str, copies: tuple[int, ...], shuffled: bool) -> list[Sample]:
    """Forty lists. The answer is known because the list was made from it: some numbers left out, some repeated."""
    rng = Random(seed)
    samples = []
    for _ in range(40):
        first = rng.randrange(1, 30)
        last = first + rng.randrange(9)
        missing = sorted(rng.sample(range(first + 1, last), rng.randrange(last - first))) if last > first else []
        present = [number for number in range(first, last + 1) if number not in missing]
        doubled = sorted(rng.sample(present, min(len(present), rng.randrange(3)))) if copies else []
        ids = sorted(present + [number for number in doubled for _ in range(rng.choice(copies))])
        if shuffled:
            rng.shuffle(ids)
        samples.append(Sample((ids,), (missing, doubled)))
    return samples


def _read(returned: object, sample: Sample) -> MissingAndDoubled:
    expected = "a tuple of two lists: (missing, doubled)"
    parts = read.items(returned, expected)
    if len(parts) != 2:
        raise Unreadable(f"It returned {len(parts)} things, not {expected}.")
    return _numbers(parts[0], "missing"), _numbers(parts[1], "doubled")


def _numbers(part: object, name: str) -> list[int]:
    numbers = read.items(part, f"a list, as `{name}`")
    return [read.whole_number(number, f"Item {place} of `{name}`") for place, number in enumerate(numbers)]


def _neighbours(ids: list[int]) -> MissingAndDoubled:
    gaps = [number for before, after in pairwise(ids) for number in range(before + 1, after)]
    return gaps, [before for before, after in pairwise(ids) if before == after]


def _neighbours_without_triples(ids: list[int]) -> MissingAndDoubled:
    gaps, doubled = _neighbours(ids)
    return sorted(gaps), sorted(set(doubled))


def _neighbours_sorted(ids: list[int]) -> MissingAndDoubled:
    return _neighbours(sorted(ids))


def _ends_early(ids: list[int]) -> MissingAndDoubled:
    _, doubled = missing_and_doubled(ids)
    return [number for number in range(min(ids), max(ids) - 1) if number not in ids], doubled


def _ends_late(ids: list[int]) -> MissingAndDoubled:
    _, doubled = missing_and_doubled(ids)
    return [number for number in range(min(ids), max(ids) + 2) if number not in ids], doubled


def _starts_at_one(ids: list[int]) -> MissingAndDoubled:
    _, doubled = missing_and_doubled(ids)
    return [number for number in range(1, max(ids, default=1)) if number not in ids], doubled


def _set_only(ids: list[int]) -> MissingAndDoubled:
    return missing_and_doubled(ids)[0], []


def _each_copy(ids: list[int]) -> MissingAndDoubled:
    return missing_and_doubled(ids)[0], [number for number in ids if ids.count(number) > 1]


def _not_sorted(ids: list[int]) -> MissingAndDoubled:
    missing, _ = missing_and_doubled(ids)
    return missing, [number for number in dict.fromkeys(ids) if ids.count(number) > 1]


def _empty_raises(ids: list[int]) -> MissingAndDoubled:
    min(ids)
    return missing_and_doubled(ids)


LEVELS = (
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
        "After a resume the numbers come in any order, and three times is possible. No numbers: ([], []).",
        lambda: [Sample(([],), ([], [])), *_samples("missing_and_doubled/3", (1, 1, 2), True)],
    ),
)

TRAPS = (
    Trap(
        "range ends early",
        _ends_early,
        "The last missing number is not there. range(a, b) already stops before b: do not subtract another 1.",
    ),
    Trap(
        "range ends late",
        _ends_late,
        "A number behind the largest came out as missing. Nobody knows what comes after the largest: stop there.",
    ),
    Trap(
        "starts at one",
        _starts_at_one,
        "Numbers before the smallest came out as missing. A client that joins late has not lost them: start at the "
        "smallest.",
    ),
    Trap(
        "set",
        _set_only,
        "No doubled number was found. A set keeps each number once, so it forgets the doubles: count before you make "
        "a set.",
    ),
    Trap(
        "each copy",
        _each_copy,
        "A doubled number came out once for each copy. It belongs in the list once.",
    ),
    Trap(
        "triple twice",
        _neighbours_sorted,
        "A number that was seen three times came out twice. It belongs in the list once, however often it was seen.",
    ),
    Trap(
        "neighbours",
        _neighbours,
        "Only neighbours were compared. After a resume a number may come later, and its copy may stand far away: "
        "sort first, or use a set and a count.",
    ),
    Trap(
        "neighbours, each once",
        _neighbours_without_triples,
        "Neighbours in the list are not neighbours in number, because a resume mixes the order. Sort first, or use a "
        "set and a count.",
    ),
    Trap(
        "not sorted",
        _not_sorted,
        "The numbers are right, but not sorted.",
    ),
    Trap(
        "empty list",
        _empty_raises,
        "An empty list has no smallest number, so min() raises ValueError. A client that saw nothing gets ([], []).",
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=missing_and_doubled,
    levels=LEVELS,
    traps=TRAPS,
    hints=(
        "Two questions, two lists. Missing: which numbers between the smallest and the largest were never seen? "
        "Doubled: which were seen more than once?",
        "Do not look at neighbours: the order may be mixed. A set answers 'was it seen?', ids.count(n) 'how often?'.",
        "missing: the set of range(min(ids), max(ids)) minus set(ids), sorted. doubled: each n of set(ids) whose "
        "count is above 1, sorted. An empty list comes first, because it has no min().",
    ),
    praise="Your function finds every loss and every double, in any order.",
    read=_read,
)
