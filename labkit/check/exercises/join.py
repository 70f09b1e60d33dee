"""The exercise join: what the log still has, and what came meanwhile, become one stream."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.join_traps import SYMPTOMS, TRAPS, EventsAndGap, join

STUB = '''\
def join(kept: list[tuple[str, str]], live: list[tuple[str, str]], seen: str) -> tuple[list[tuple[str, str]], bool]:
    """The events (id, data) that a reader has missed, each once and in order, and True if there is a hole.

    A reader comes back, and has everything up to the id `seen`. `kept` is what the log gave when it was asked; `live`
    came while it was asked. Both are in order, and either may be empty. They may overlap, and either may begin with
    events that the reader has. Ids are "epoch-number", all of one epoch, and numbers go up by one. Where one is
    missing, there is a hole: the reader gets what there is, and True.
    Example:
    join([("e-5", "a")], [("e-5", "a"), ("e-6", "b")], "e-4") -> ([("e-5", "a"), ("e-6", "b")], False)
    """
    ...
'''

_WORDS = ("3.50", "3.55", "3.50", "", "grün")


def _samples(seed: str, ask: str) -> list[Sample]:
    rng = Random(seed)
    samples = [_sample(rng, "e", 8, ask), _sample(rng, "x-y", 8, ask), _sample(rng, "7f3a", 98, ask)]
    return samples + [
        _sample(rng, rng.choice(("e", "7f3a", "x-y")), rng.choice((0, 3, 7, 8, 9, 97, 98)), ask) for _ in range(37)
    ]


def _sample(rng: Random, epoch: str, seen: int, ask: str) -> Sample:
    """A reader that has `seen`. Numbers cross 9 and 10, or 99 and 100, where texts would be in another order."""
    start, kept_count, live_count = seen + 1, rng.randrange(0, 4), rng.randrange(0, 4)
    if ask != "follow":
        start = max(1, seen + 1 - rng.randrange(0, 3))
        kept_count += seen + 1 - start
    if ask == "hole" and rng.random() < 0.4:
        start, kept_count = seen + 2 + rng.randrange(0, 2), max(1, kept_count)
    live_start = start + kept_count
    if ask != "follow":
        live_start = max(1, live_start - rng.randrange(0, 3))
    if ask == "hole" and rng.random() < 0.5:
        live_start, live_count = max(live_start, seen + 1) + 1 + rng.randrange(0, 2), max(1, live_count)
    numbers = range(1, start + kept_count + live_start + live_count + 5)
    data = {number: rng.choice(_WORDS) for number in numbers}

    def events(first: int, count: int) -> list[tuple[str, str]]:
        return [(f"{epoch}-{number}", data[number]) for number in range(first, first + count)]

    arguments = (events(start, kept_count), events(live_start, live_count), f"{epoch}-{seen}")
    return Sample(arguments, join(*arguments))


def _read(returned: object, sample: Sample) -> EventsAndGap:
    missed, gap = read.pair(returned, "a tuple of two things: (events, gap)")
    items = read.items(missed, "a list of events (id, data)", "The first part is")
    return [_event(item, number) for number, item in enumerate(items)], read.truth(gap, "The second part is")


def _event(item: object, number: int) -> tuple[str, str]:
    id, data = read.pair(item, "a tuple of two strings: (id, data)", f"Item {number} is")
    return read.text(id, f"The id of item {number} is"), read.text(data, f"The data of item {number} is")


EXERCISE = Exercise(
    stub=STUB,
    solution=join,
    levels=(
        Level(
            "one behind the other",
            "What the log has comes first, and then what is live. Either may be empty.",
            lambda: _samples("join/1", "follow"),
        ),
        Level(
            "both overlap",
            "An event that was published while the log was asked is in both, and what the reader has may be in them "
            "too. Each event goes out once, and nothing that the reader has.",
            lambda: _samples("join/2", "overlap"),
        ),
        Level(
            "holes",
            "Numbers go up by one, from the reader's own on. Where one is missing, say True, and send what there is.",
            lambda: _samples("join/3", "hole"),
        ),
    ),
    traps=TRAPS,
    hints=(
        "Go through both lists, one behind the other, and remember the newest number that the reader has by then. What "
        "do you do with an event whose number is not higher?",
        'The number is `int(id.rpartition("-")[2])`. Compare numbers: as texts, "e-10" stands before "e-9".',
        "A hole is a number that is more than one higher than the newest. There may be one right behind the reader's "
        "own event, too.",
    ),
    praise="That is the heart of every node that follows a log: nothing lost, nothing doubled, and honest about holes.",
    read=_read,
    symptoms=SYMPTOMS,
)
