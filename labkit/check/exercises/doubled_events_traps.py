"""What one tends to write instead of the solution of the exercise doubled_events."""

from __future__ import annotations

import re
from itertools import groupby, pairwise

from labkit.check.exercise import Symptom, Trap

Events = list[tuple[str, str]]
_ID = re.compile(r"[ef]-\d+")


def _ids(events: Events) -> list[str]:
    return [id for id, _ in events]


def _again(events: Events) -> list[str]:
    """The ids of the right answer."""
    ids = _ids(events)
    return list(dict.fromkeys(id for place, id in enumerate(ids) if id and id in ids[:place]))


def _each_copy(events: Events) -> list[str]:
    ids = _ids(events)
    return [id for place, id in enumerate(ids) if id and id in ids[:place]]


def _all_copies(events: Events) -> list[str]:
    ids = _ids(events)
    return [id for id in ids if id and ids.count(id) > 1]


def _first_seen_order(events: Events) -> list[str]:
    ids = _ids(events)
    return [id for id in dict.fromkeys(ids) if id and ids.count(id) > 1]


def _last_seen_order(events: Events) -> list[str]:
    return list(dict.fromkeys(reversed(_each_copy(events))))[::-1]


def _exactly_twice(events: Events) -> list[str]:
    ids = _ids(events)
    return [id for id in dict.fromkeys(ids) if id and ids.count(id) == 2]


def _came_once(events: Events) -> list[str]:
    ids = _ids(events)
    return [id for id in ids if ids.count(id) == 1]


def _by_data(events: Events) -> list[str]:
    data = [text for _, text in events]
    return list(dict.fromkeys(id for place, (id, text) in enumerate(events) if text in data[:place]))


def _neighbours(events: Events) -> list[str]:
    return list(dict.fromkeys(id for before, id in pairwise(_ids(events)) if id and before == id))


def _without_id_too(events: Events) -> list[str]:
    ids = _ids(events)
    return list(dict.fromkeys(id for place, id in enumerate(ids) if id in ids[:place]))


def _without_id_by_data(events: Events) -> list[str]:
    return list(dict.fromkeys(id for place, (id, text) in enumerate(events) if (id, text) in events[:place]))


def _number_only(events: Events) -> list[str]:
    known_numbers: set[str] = set()
    doubled: list[str] = []
    for id, _ in events:
        number = id.rpartition("-")[2]
        if id and number in known_numbers and id not in doubled:
            doubled.append(id)
        known_numbers.add(number)
    return doubled


TRAPS = (
    Trap(
        "by data",
        _by_data,
        "Events with the same data were taken for one event. Two events may say the same and be two events: only the "
        "id tells.",
    ),
    Trap(
        "all copies",
        _all_copies,
        "Each copy of an event is in the list, the first one too. The list names the id once.",
        also=(lambda events: [id for id in _ids(events) if _ids(events).count(id) > 1],),
    ),
    Trap(
        "sorted",
        lambda events: sorted(_again(events)),
        "The ids are sorted as texts, and as a text 10 comes before 9. The list has them in the order in which they "
        "came again.",
        also=(lambda events: sorted(id for id in _without_id_too(events)),),
    ),
    Trap(
        "the data",
        lambda events: [dict(events)[id] for id in _again(events)],
        "The data of the events came out. Asked are their ids: the data may be the same for two events.",
        also=(lambda events: _again([(data, id) for id, data in events]),),
    ),
    Trap(
        "came once",
        _came_once,
        "Those are the ids that came once. Asked are those that came more than once.",
    ),
    Trap(
        "each copy",
        _each_copy,
        "An event that came three times is named twice. The list names each id once, however often it came.",
    ),
    Trap(
        "neighbours",
        _neighbours,
        "Only neighbours were compared. A server that begins again sends its copies much later: remember all ids that "
        "were seen.",
        also=(
            lambda events: [before[0] for before, event in pairwise(events) if before == event],
            lambda events: [before[0] for before, event in pairwise(events) if before[0] == event[0]],
            lambda events: [id for id, run in groupby(_ids(events)) if len(list(run)) > 1],
            lambda events: [id for id, run in groupby(_ids(events)) if id and len(list(run)) > 1],
        ),
    ),
    Trap(
        "exactly twice",
        _exactly_twice,
        "An event that came three times is not found, and the order is that of their first coming. The list has each "
        "id that came more than once, in the order in which it came again.",
    ),
    Trap(
        "exactly twice, in order",
        lambda events: [id for id in _again(events) if _ids(events).count(id) == 2],
        "An event that came three times is not found. More than once may be three times: a client can be cut off "
        "again and again.",
    ),
    Trap(
        "first seen",
        _first_seen_order,
        "The ids are right, but they stand in the order in which they came the first time. The list has them in the "
        "order in which they came again.",
        also=(lambda events: [id for id in dict.fromkeys(_ids(events)) if _ids(events).count(id) > 1],),
    ),
    Trap(
        "last seen",
        _last_seen_order,
        "The ids are right, but they stand in the order in which they came the last time. The list has them in the "
        "order in which they first came again.",
    ),
    Trap(
        "without id",
        _without_id_too,
        "Events without an id were taken for copies of each other. Nobody can know that: the client would lose one of "
        "them.",
        also=(
            _without_id_by_data,
            lambda events: [id for id, _ in dict.fromkeys(e for place, e in enumerate(events) if e in events[:place])],
        ),
    ),
    Trap(
        "number only",
        _number_only,
        "Two ids with the same number were taken for one event. What stands before the hyphen tells two servers apart, "
        "or two runs of one.",
    ),
)


def _in_another_order(ids: list[str], expected: list[str]) -> bool:
    return sorted(ids) == sorted(expected)


def _more_than_once(ids: list[str], expected: list[str]) -> bool:
    return set(ids) == set(expected)


def _too_many(ids: list[str], expected: list[str]) -> bool:
    return set(ids) > set(expected) and all(_ID.fullmatch(id) for id in ids)


SYMPTOMS = (
    Symptom(
        "another order",
        _in_another_order,
        "The ids are right, but they stand in another order. The list has them in the order in which they came again. "
        "(A set has no order at all.)",
    ),
    Symptom(
        "more than once",
        _more_than_once,
        "The ids are right, but one of them stands in the list more than once, or they stand in another order.",
    ),
    Symptom("too many", _too_many, "The list also holds ids of events that came only once."),
)
