"""The exercise doubled_events: at least once -> which events came again?"""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.doubled_events_traps import SYMPTOMS, TRAPS

STUB = '''\
def doubled_events(events: list[tuple[str, str]]) -> list[str]:
    """The ids of the events that came more than once, each one time, in the order in which they first came again.

    Each event is (id, data). An event with the id "" has no id, so nobody can know whether it came before.
    Example:
    doubled_events([("e-1", "a"), ("e-2", "b"), ("e-2", "b"), ("e-1", "a")]) -> ["e-2", "e-1"]
    """
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
            if rng.random() < (0.3 if ask == "neighbours" else 0.45):
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
    return [read.text(id, f"Item {place} of the list is") for place, id in enumerate(ids)]


EXERCISE = Exercise(
    stub=STUB,
    solution=doubled_events,
    levels=(
        Level(
            "one after the other",
            "An id that stands there twice is that of an event that came twice. It stands in the result once.",
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
    ),
    traps=TRAPS,
    hints=(
        "Go through the events once, and remember the ids that you have seen. What does it mean if one is among them "
        "already?",
        "Use a set for what was seen, and a list for the answer. Append an id when it is in the set and not yet in the "
        "list.",
        "An empty id says nothing, so leave it out: `if id and id in seen and id not in doubled`.",
    ),
    praise="You recognise what comes again. That is all that a client can do to handle each event exactly once.",
    read=_read,
    symptoms=SYMPTOMS,
)
