"""The exercise doubled_events: at least once -> which events came again?"""

from __future__ import annotations

from itertools import pairwise
from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Trap

STUB = '''\
def doubled_events(events: list[tuple[str, str]]) -> list[str]:
    """The ids of the events that came more than once, each one time, in the order in which they first came again."""
    ...
'''


def doubled_events(events: list[tuple[str, str]]) -> list[str]:
    """The ids of the events that came more than once, each one time, in the order in which they first came again."""
    known_ids: set[str] = set()
    doubled: list[str] = []
    for id, _ in events:
        if id and id in known_ids and id not in doubled:  # an event without an id cannot be recognised
            doubled.append(id)
        known_ids.add(id)
    return doubled


_WORDS = ("tick", "tock", "grün", "tick", "a b")


def _samples(seed: str, ask: str) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for _ in range(40):
        events = [(f"e-{number}", rng.choice(_WORDS)) for number in range(rng.randrange(7, 10), rng.randrange(11, 14))]
        if ask == "strange":
            events += [(f"f-{number}", rng.choice(_WORDS)) for number in range(8, rng.randrange(8, 11))]
        stream: list[tuple[str, str]] = []
        repeated_ids: list[str] = []
        for event in events:
            stream.append(event)
            if rng.random() < 0.3:
                repeated_event = event if ask == "neighbours" else rng.choice(stream)
                for _ in range(1 if ask == "neighbours" else rng.choice((1, 1, 2))):
                    stream.append(repeated_event)
                if repeated_event[0] not in repeated_ids:
                    repeated_ids.append(repeated_event[0])
            if ask == "strange" and rng.random() < 0.4:
                stream += [("", rng.choice(_WORDS))] * rng.choice((1, 2))
        samples.append(Sample((stream,), [id for id in repeated_ids if id]))
    return samples


def _read(returned: object, sample: Sample) -> list[str]:
    ids = read.items(returned, "a list of ids")
    return [read.text(id, f"Item {place} of the list") for place, id in enumerate(ids)]


def _ids(events: list[tuple[str, str]]) -> list[str]:
    return [id for id, _ in events]


def _each_copy(events: list[tuple[str, str]]) -> list[str]:
    ids = _ids(events)
    return [id for place, id in enumerate(ids) if id and id in ids[:place]]


def _all_copies(events: list[tuple[str, str]]) -> list[str]:
    ids = _ids(events)
    return [id for id in ids if id and ids.count(id) > 1]


def _first_seen_order(events: list[tuple[str, str]]) -> list[str]:
    ids = _ids(events)
    return [id for id in dict.fromkeys(ids) if id and ids.count(id) > 1]


def _by_data(events: list[tuple[str, str]]) -> list[str]:
    data = [text for _, text in events]
    return list(dict.fromkeys(id for place, (id, text) in enumerate(events) if text in data[:place]))


def _neighbours(events: list[tuple[str, str]]) -> list[str]:
    ids = _ids(events)
    return list(dict.fromkeys(id for before, id in pairwise(ids) if id and before == id))


def _without_id_too(events: list[tuple[str, str]]) -> list[str]:
    ids = _ids(events)
    return list(dict.fromkeys(id for place, id in enumerate(ids) if id in ids[:place]))


def _number_only(events: list[tuple[str, str]]) -> list[str]:
    known_ids: set[str] = set()
    doubled: list[str] = []
    for id, _ in events:
        number = id.rpartition("-")[2]
        if id and number in known_ids and id not in doubled:
            doubled.append(id)
        known_ids.add(number)
    return doubled


LEVELS = (
    Level(
        "one after the other",
        "An id that stands there twice is an event that came twice.",
        lambda: _samples("doubled_events/1", "neighbours"),
    ),
    Level(
        "far apart, and three times",
        "The copy may come much later. Each id stands in the list once, in the order in which it came again.",
        lambda: _samples("doubled_events/2", "apart"),
    ),
    Level(
        "two servers, and events without an id",
        "An event without an id cannot be recognised. e-9 and f-9 are two different events.",
        lambda: _samples("doubled_events/3", "strange"),
    ),
)

TRAPS = (
    Trap("by data", _by_data, "Two events may say the same and be two events. Only the id tells."),
    Trap("all copies", _all_copies, "Each copy of an event is in the list, the first one too. Name the id once."),
    Trap("each copy", _each_copy, "An event that came three times is named twice. Name each id once."),
    Trap(
        "neighbours",
        _neighbours,
        "Only neighbours were compared. A server that begins again sends its copies much later.",
    ),
    Trap(
        "first seen",
        _first_seen_order,
        "The ids are right, but in the order of their first coming. Asked was the order in which they came again.",
    ),
    Trap(
        "without id", _without_id_too, "Events without an id were taken for copies of each other. Nobody can know that."
    ),
    Trap(
        "number only",
        _number_only,
        "e-9 and f-9 were taken for one event. What stands before the hyphen tells two servers, "
        "or two lives of one, apart.",
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=doubled_events,
    levels=LEVELS,
    traps=TRAPS,
    hints=(
        "Go through the events once, and remember the ids that you have seen. What if one is among them already?",
        "A set for what was seen, a list for the answer. Append an id when it is in the set and not yet in the list.",
        "An empty id says nothing: skip it with `if id and id in seen and id not in doubled`.",
    ),
    praise="You recognise what comes again: that is all that a client can do for exactly once.",
    read=_read,
)
