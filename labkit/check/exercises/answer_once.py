"""The exercise answer_once: a finished answer that stays finished, for a client that always comes back."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.answer_once_traps import SYMPTOMS, TRAPS, StatusAndEvents, answer_once

STUB = '''\
def answer_once(tokens: list[str], last_event_id: str) -> tuple[int, list[tuple[str, str]]]:
    """The status, and the events that this client has still to get.

    Each token is one event (id, data), and the ids are "1", "2", and so on.
    A new client sends the id "" and gets everything, with status 200. One that was cut off gets what comes after its
    id, with status 200. One that has everything gets (204, []). An id that was never given out says nothing: that
    client gets everything. Where there are no tokens, everybody gets (204, []).
    Example:
    answer_once(["Once", " upon", " a"], "2") -> (200, [("3", " a")])
    """
    ...
'''

_WORDS = ("Once", " upon", " a", " time", "\n", "", " there", " was", "1")


def _samples(seed: str, ask: str) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for _ in range(30):
        tokens = [rng.choice(_WORDS) for _ in range(rng.randrange(1, 14))]
        if ask == "odd" and rng.random() < 0.2:
            tokens = []
        samples.append(_sample(tokens, _id(rng, ask, len(tokens))))
    return samples


def _id(rng: Random, ask: str, count: int) -> str:
    if ask == "first or last":
        return rng.choice(("", str(count)))
    if ask == "any" or rng.random() < 0.3:
        return str(rng.randrange(0, count + 1) or "")
    return rng.choice(("0", "-1", "x", "1.0", "²", "٣", str(count + 1), "99", " 1", "01"))


def _sample(tokens: list[str], id: str) -> Sample:
    numbers_by_id = {str(number): number for number in range(1, len(tokens) + 1)}
    last_number = numbers_by_id.get(id, 0)
    remaining = [(str(number), token) for number, token in enumerate(tokens, start=1) if number > last_number]
    return Sample((tokens, id), (200 if remaining else 204, remaining))


def _read(returned: object, sample: Sample) -> StatusAndEvents:
    status, events = read.pair(returned, "a tuple of two things: (status, events)")
    number = read.whole_number(status, "The status is")
    items = read.items(events, "a list of events (id, data)", "The second part is")
    return number, [_event(event, place) for place, event in enumerate(items)]


def _event(event: object, place: int) -> tuple[str, str]:
    id, data = read.pair(event, "a tuple of two strings: (id, data)", f"Event {place} is")
    return read.text(id, f"The id of event {place} is"), read.text(data, f"The data of event {place} is")


EXERCISE = Exercise(
    stub=STUB,
    solution=answer_once,
    levels=(
        Level(
            "the first question, and the one after the end",
            "A new client gets all tokens, with status 200. A client with the last id has everything: it gets status "
            "204 and no events.",
            lambda: _samples("answer_once/1", "first or last"),
        ),
        Level(
            "cut anywhere",
            "A client that was cut off sends the id of the last event that it saw. It gets what comes after it, under "
            "the same ids.",
            lambda: _samples("answer_once/2", "any"),
        ),
        Level(
            "an id that you never gave out, and nothing to say",
            "An unknown id says nothing about what the client saw: send everything. Where there are no tokens, the "
            "answer is 204.",
            lambda: [_sample([], ""), *_samples("answer_once/3", "odd")],
        ),
    ),
    traps=TRAPS,
    hints=(
        "Three clients ask: one that is new, one that was cut off, one that has everything. What does each send as "
        "its last event ID, and what does each need?",
        "Make the list of all (id, data) first. Then look for `last_event_id` among its ids.",
        "If it is there, leave out everything up to it: `events[place + 1:]`. Then, if nothing is left, return 204 and "
        "an empty list.",
    ),
    praise="Your answer is told once, survives every cut, and stays finished.",
    read=_read,
    symptoms=SYMPTOMS,
)
