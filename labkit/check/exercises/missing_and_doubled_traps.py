"""The solution of the exercise missing_and_doubled, and what one tends to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

from labkit.check.exercise import Symptom, Trap

MissingAndDoubled = tuple[list[int], list[int]]


def missing_and_doubled(ids: list[int]) -> tuple[list[int], list[int]]:
    """The numbers that are missing between the smallest and the largest, and those that were seen more than once."""
    if not ids:
        return [], []
    missing = sorted(set(range(min(ids), max(ids))) - set(ids))
    doubled = sorted(number for number in set(ids) if ids.count(number) > 1)
    return missing, doubled


def _doubled(ids: list[int]) -> list[int]:
    return sorted(number for number in set(ids) if ids.count(number) > 1)


def _missing_of(numbers: Iterable[int], ids: list[int]) -> MissingAndDoubled:
    return [number for number in numbers if number not in ids], _doubled(ids)


def _holes(ids: list[int]) -> list[tuple[int, int]]:
    return [(before, after) for before, after in pairwise(sorted(ids)) if after - before > 1]


def _neighbours(ids: list[int]) -> MissingAndDoubled:
    gaps = [number for before, after in pairwise(ids) for number in range(before + 1, after)]
    return gaps, [before for before, after in pairwise(ids) if before == after]


def _neighbours_each_once(ids: list[int]) -> MissingAndDoubled:
    gaps, doubled = _neighbours(ids)
    return sorted(gaps), sorted(set(doubled))


def _gaps_of_neighbours(ids: list[int]) -> MissingAndDoubled:
    return _neighbours(ids)[0], _doubled(ids)


def _counted_between(ids: list[int], first: int, last: int) -> MissingAndDoubled:
    numbers = range(first, last)
    return [n for n in numbers if ids.count(n) == 0], [n for n in numbers if ids.count(n) > 1]


def _by_ends(ids: list[int]) -> MissingAndDoubled:
    return _missing_of(range(ids[0], ids[-1]), ids) if ids else ([], [])


def _each_time_again(ids: list[int]) -> list[int]:
    return [number for place, number in enumerate(ids) if number in ids[:place]]


def _no_smallest(ids: list[int]) -> MissingAndDoubled:
    first = min(ids)
    return _missing_of(range(first, max(ids)), ids)


def _no_first(ids: list[int]) -> MissingAndDoubled:
    first = sorted(ids)[0]
    return _missing_of(range(first, max(ids)), ids)


TRAPS = (
    Trap(
        "the two exchanged",
        lambda ids: missing_and_doubled(ids)[::-1],
        "The two lists are exchanged: the missing numbers stand where the doubled ones belong. The missing ones come "
        "first.",
    ),
    Trap(
        "all between",
        lambda ids: (list(range(min(ids), max(ids))), _doubled(ids)),
        "The numbers that were seen stand among the missing ones. Those are only what is left when all that were "
        "seen are taken away.",
        also=(
            lambda ids: (list(range(min(ids), max(ids) + 1)), _doubled(ids)),
            lambda ids: (list(range(min(ids) + 1, max(ids))), _doubled(ids)),
            lambda ids: (sorted(set(ids)), _doubled(ids)),
        ),
    ),
    Trap(
        "as many as came",
        lambda ids: _missing_of(range(len(ids)), ids),
        "The numbers were looked for from the beginning on, as many as came. Those that may be missing lie between the "
        "smallest and the largest.",
        also=(
            lambda ids: _missing_of(range(1, len(ids)), ids),
            lambda ids: _missing_of(range(1, len(ids) + 1), ids),
            lambda ids: _missing_of(range(len(ids) + 1), ids),
        ),
    ),
    Trap(
        "all are doubled",
        lambda ids: (missing_and_doubled(ids)[0], sorted(set(ids))),
        "Numbers that were seen only once stand among the doubled ones. A number is doubled when it was seen more than "
        "once.",
        also=(
            lambda ids: (missing_and_doubled(ids)[0], sorted(ids)),
            lambda ids: (missing_and_doubled(ids)[0], list(ids)),
            lambda ids: (missing_and_doubled(ids)[0], list(dict.fromkeys(ids))),
        ),
    ),
    Trap(
        "range ends early",
        lambda ids: _missing_of(range(min(ids), max(ids) - 1), ids),
        "The number right before the largest was never looked at, so it is not found where it is missing. (`range(a, "
        "b)` stops before b by itself.)",
    ),
    Trap(
        "range ends late",
        lambda ids: _missing_of(range(min(ids), max(ids) + 2), ids),
        "A number behind the largest came out as missing. Nobody knows what comes after the largest: the client may "
        "simply not have got there yet.",
    ),
    Trap(
        "starts at one",
        lambda ids: _missing_of(range(1, max(ids, default=1)), ids),
        "Numbers before the smallest came out as missing. A client that joins late has not lost them: begin at the "
        "smallest.",
        also=(lambda ids: _missing_of(range(max(ids, default=0)), ids),),
    ),
    Trap(
        "starts at the second",
        lambda ids: _missing_of(range(min(ids) + 2, max(ids)), ids),
        "The number right behind the smallest was never looked at, so it is not found where it is missing.",
    ),
    Trap(
        "the difference",
        lambda ids: _missing_of(range(1, max(ids) - min(ids)), ids),
        "The numbers were counted from the beginning, as many as lie between the smallest and the largest. Those "
        "between them begin at the smallest.",
        also=(
            lambda ids: _missing_of(range(max(ids) - min(ids)), ids),
            lambda ids: _missing_of(range(max(ids) - min(ids) + 1), ids),
            lambda ids: _missing_of(range(1, max(ids) - min(ids) + 1), ids),
        ),
    ),
    Trap(
        "one of each hole",
        lambda ids: ([before + 1 for before, _ in _holes(ids)], _doubled(ids)),
        "Of each hole only the first number was found. A client that was away for longer has lost several in a row.",
    ),
    Trap(
        "the last of each hole",
        lambda ids: ([after - 1 for _, after in _holes(ids)], _doubled(ids)),
        "Of each hole only the last number was found. A client that was away for longer has lost several in a row.",
    ),
    Trap(
        "holes of one",
        lambda ids: ([before + 1 for before, after in _holes(ids) if after - before == 2], _doubled(ids)),
        "Only holes of one number were found. A client that was away for longer has lost several in a row.",
    ),
    Trap(
        "the ends of each hole",
        lambda ids: ([number for hole in _holes(ids) for number in hole], _doubled(ids)),
        "The numbers around each hole were found, and they were seen. Those between them are missing.",
    ),
    Trap(
        "no doubles",
        lambda ids: (missing_and_doubled(ids)[0], []),
        "No doubled number was found. (A set keeps each number once: what is counted in a set was never doubled.)",
    ),
    Trap(
        "the largest is not counted",
        lambda ids: _counted_between(ids, min(ids), max(ids)),
        "The largest number was never counted, so it is not found where it came twice. (`range(a, b)` stops before b.)",
        also=(lambda ids: _counted_between(ids, min(ids), max(ids)) if ids else ([], []),),
    ),
    Trap(
        "the ends are not counted",
        lambda ids: _counted_between(ids, min(ids) + 1, max(ids)),
        "The smallest and the largest number were never counted, so they are not found where they came twice.",
        also=(lambda ids: _counted_between(ids, min(ids) + 1, max(ids)) if ids else ([], []),),
    ),
    Trap(
        "each copy",
        lambda ids: (missing_and_doubled(ids)[0], [number for number in ids if ids.count(number) > 1]),
        "A doubled number came out once for each time that it was seen. It belongs in the list once.",
        also=(lambda ids: (missing_and_doubled(ids)[0], sorted(n for n in ids if ids.count(n) > 1)),),
    ),
    Trap(
        "counts instead of numbers",
        lambda ids: (missing_and_doubled(ids)[0], [ids.count(number) for number in _doubled(ids)]),
        "The second list says how often the doubled numbers were seen. Asked is which numbers they are.",
    ),
    Trap(
        "exactly twice",
        lambda ids: (missing_and_doubled(ids)[0], sorted(n for n in set(ids) if ids.count(n) == 2)),
        "A number that was seen three times is not found. More than once may be three times: a client can be cut off "
        "again and again.",
    ),
    Trap(
        "again and again",
        lambda ids: (missing_and_doubled(ids)[0], sorted(_each_time_again(ids))),
        "A number that was seen three times came out twice. It belongs in the list once, however often it was seen.",
    ),
    Trap(
        "again and again, not sorted",
        lambda ids: (missing_and_doubled(ids)[0], _each_time_again(ids)),
        "The doubled numbers stand in the list each time that they came again. The list has each of them once, and it "
        "is sorted.",
    ),
    Trap(
        "neighbours",
        _neighbours,
        "Only neighbours in the list were compared. After a resume a number may come later, and its copy may stand far "
        "away from it.",
        also=(
            _neighbours_each_once,
            lambda ids: (missing_and_doubled(ids)[0], [a for a, b in pairwise(ids) if a == b]),
            lambda ids: (missing_and_doubled(ids)[0], sorted({a for a, b in pairwise(ids) if a == b})),
        ),
    ),
    Trap(
        "gaps of neighbours",
        _gaps_of_neighbours,
        "A number counts as missing here where two neighbours in the list are far apart. After a resume the numbers "
        "come in any order, and it may stand elsewhere.",
        also=(lambda ids: (sorted(set(_neighbours(ids)[0])), _doubled(ids)),),
    ),
    Trap(
        "first and last",
        _by_ends,
        "The first and the last number of the list were taken for the smallest and the largest. After a resume the "
        "numbers come in any order.",
    ),
    Trap(
        "empty list",
        _no_smallest,
        "An empty list has no smallest number, and the function raises an error. A client that saw nothing gets ([], "
        "[]).",
        also=(_no_first,),
    ),
)


def _in_another_order(answer: MissingAndDoubled, expected: MissingAndDoubled) -> bool:
    return [sorted(part) for part in answer] == list(expected)


def _more_than_once(answer: MissingAndDoubled, expected: MissingAndDoubled) -> bool:
    return [sorted(set(part)) for part in answer] == list(expected)


def _none_missing(answer: MissingAndDoubled, expected: MissingAndDoubled) -> bool:
    return answer[0] == [] != expected[0]


SYMPTOMS = (
    Symptom(
        "none is missing",
        _none_missing,
        "No missing number was found. It stands in no list of what was seen: go through all numbers from the smallest "
        "to the largest.",
    ),
    Symptom("not sorted", _in_another_order, "The numbers are right, but they are not sorted."),
    Symptom(
        "named more than once",
        _more_than_once,
        "The numbers are right, but one of them stands in a list more than once, or the list is not sorted.",
    ),
)
