"""The exercise route: the events of many topics come in one connection, which resumes by one id."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.route_traps import TRAPS, DataAndId, route
from labkit.check.values import Unreadable, shape

STUB = '''\
def route(
    events: list[tuple[str, str, str | None]], topics: list[str]
) -> tuple[dict[str, list[str]], str]:
    """The data that each of the wanted topics got, in order, and the id with which the whole connection resumes.

    The events (type, data, id) came in one connection, in this order; the topic of an event is its type. Type "" means
    that the event has no `event:` line, and so has type "message". Id None: it has no `id:` line, and the last event ID
    stays. Id "": it has an empty one, and the last event ID is empty again. Before the first id it is "".
    Each wanted topic is in the answer, also one that got nothing. Events of other topics are left out.
    Example:
    route([("news", "a", "e-1"), ("chat", "b", "e-2")], ["news", "price"]) -> ({"news": ["a"], "price": []}, "e-2")
    """
    ...
'''

_TOPICS = ("news", "chat", "price", "prices", "News", "message")


def _samples(seed: str, ask: str) -> list[Sample]:
    rng = Random(seed)
    return [_sample(rng, ask) for _ in range(45)]


def _sample(rng: Random, ask: str) -> Sample:
    topics = rng.sample(_TOPICS, rng.randrange(1, 4))
    first = rng.choice((1, 7, 8, 97))
    events: list[tuple[str, str, str | None]] = []
    for number in range(first, first + rng.randrange(0, 7)):
        type = rng.choice((*topics, *_TOPICS))
        id: str | None = f"e-{number}"
        if ask == "left out":
            type = "" if rng.random() < 0.3 else type
            id = rng.choice((id, id, None, ""))
        events.append((type, rng.choice(("3", "1", "1", "", "grün")), id))
    if ask == "topics" and events:  # the last one is wanted: the id of the others is the next level's
        events[-1] = (rng.choice(topics), *events[-1][1:])
    return Sample((events, topics), route(events, topics))


def _read(returned: object, sample: Sample) -> DataAndId:
    got, id = read.pair(returned, "a tuple of two things: (data by topic, id)")
    if not isinstance(got, dict):
        raise Unreadable(f"The first part is {shape(got)}; the check expects a dict: the data of each topic.")
    data = {read.text(topic, "A topic is"): _data(topic, items) for topic, items in got.items()}
    return dict(sorted(data.items())), read.text(id, "The second part is")


def _data(topic: object, got: object) -> list[str]:
    items = read.items(got, "a list of texts", f"What {topic!r} got is")
    return [read.text(item, f"Item {number} of {topic!r} is") for number, item in enumerate(items)]


EXERCISE = Exercise(
    stub=STUB,
    solution=route,
    levels=(
        Level(
            "topics",
            "Each wanted topic gets the data of its own events, in the order in which they came, and an empty list if "
            "there are none.",
            lambda: _samples("route/1", "topics"),
        ),
        Level(
            "one id for all",
            "The id is that of the connection: every event moves it on, also one that nobody here wants.",
            lambda: _samples("route/2", "id"),
        ),
        Level(
            "what may be left out",
            'An event without a type has type "message". One without an id leaves the last event ID as it is, and an '
            "empty id makes it empty.",
            lambda: _samples("route/3", "left out"),
        ),
    ),
    traps=TRAPS,
    hints=(
        "Begin with an empty list for each wanted topic. Then go through the events, in order.",
        "Look at the id of each event before you ask whether its topic is wanted.",
        '`type or "message"` is the topic. `if id is not None` tells an id that is empty from one that is not there.',
    ),
    praise="One connection now carries as many topics as you like, and loses none of them when it resumes.",
    read=_read,
)
