"""The exercise since: what a server sends to a client that comes back."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.since_traps import KEPT_TRAPS, SYMPTOMS, Log, ReplayAndGap, since
from labkit.check.exercises.since_unknown_traps import UNKNOWN_TRAPS

STUB = '''\
def since(log: list[tuple[str, str]], last_event_id: str) -> tuple[list[tuple[str, str]], bool]:
    """The events (id, data) that the client has missed, and True if more may be missing than the log still has.

    The log has the newest events, the oldest of them first; older ones were dropped. Ids are "epoch-number", and the
    numbers go up by one: "e-5", "e-6". A new client sends "". It has missed nothing: it gets ([], False).
    A client whose id is in the log gets what comes after it. One with the id just before the oldest gets all of the
    log, and nothing else is missing. For any other id nobody knows what is missing: all of the log, and True.
    Example:
    since([("e-5", "a"), ("e-6", "b")], "e-5") -> ([("e-6", "b")], False)
    """
    ...
'''

_WORDS = ("tick", "tock", "grün", "", "a b")


def _samples(seed: str, ask: str) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for _ in range(40):
        epoch, first = rng.choice(("e", "7f3a", "x-y")), rng.choice((1, 1, 5, 9, 98)) if ask != "kept" else 1
        count = rng.randrange(0 if ask == "any" else 1, 5)
        log = [(f"{epoch}-{number}", rng.choice(_WORDS)) for number in range(first, first + count)]
        samples.append(_sample(log, epoch, first, _id_to_ask_for(rng, ask, epoch, first, first + count - 1)))
    if ask == "any":  # the number just before the oldest one, and another epoch
        samples += [_sample([("e-5", "tick"), ("e-6", "")], "e", 5, last_event_id) for last_event_id in ("old-4", "4")]
    return samples


def _id_to_ask_for(rng: Random, ask: str, epoch: str, first: int, last: int) -> str:
    if rng.random() < 0.15:
        return ""
    if ask == "kept" or rng.random() < 0.3:
        return f"{epoch}-{rng.randrange(first, last + 1)}" if last >= first else f"{epoch}-{first}"
    if ask == "dropped" or rng.random() < 0.3:
        return f"{epoch}-{rng.choice((first - 1, max(0, first - 2), 0))}"
    return rng.choice(
        (f"{epoch}-{last + 1}", f"{epoch}-999", "old-1", f"old-{first}", "nonsense", str(first), f"{epoch}-")
    )


def _sample(log: Log, epoch: str, first: int, last_event_id: str) -> Sample:
    if not last_event_id:
        return Sample((log, last_event_id), ([], False))
    places = {f"{epoch}-{first - 1 + place}": place for place in range(len(log) + 1)} if log else {}
    if last_event_id in places:
        return Sample((log, last_event_id), (log[places[last_event_id] :], False))
    return Sample((log, last_event_id), (log, True))


def _read(returned: object, sample: Sample) -> ReplayAndGap:
    missed, gap = read.pair(returned, "a tuple of two things: (missed, gap)")
    items = read.items(missed, "a list of events (id, data)", "The first part is")
    return [_event(item, number) for number, item in enumerate(items)], read.truth(gap, "The second part is")


def _event(item: object, number: int) -> tuple[str, str]:
    id, data = read.pair(item, "a tuple of two strings: (id, data)", f"Item {number} is")
    return read.text(id, f"The id of item {number} is"), read.text(data, f"The data of item {number} is")


EXERCISE = Exercise(
    stub=STUB,
    solution=since,
    levels=(
        Level(
            "ids that are kept",
            "A client has missed what stands behind its id. A client without an id is new, and has missed nothing.",
            lambda: _samples("since/1", "kept"),
        ),
        Level(
            "ids that were dropped",
            "The ids before the oldest one are gone. A client with the one just before it has missed all of the log, "
            "and nothing else. A client with an older one may have missed more: it gets the log, and True.",
            lambda: _samples("since/2", "dropped"),
        ),
        Level(
            "strangers",
            "For an id of another epoch, one from the future, or one that is no id of yours, the answer is all of the "
            "log, and True. It is the same when the log is empty.",
            lambda: _samples("since/3", "any"),
        ),
    ),
    traps=(*KEPT_TRAPS, *UNKNOWN_TRAPS),
    hints=(
        "Four clients come: a new one, one whose id you have, one with the id just before your oldest, and one about "
        "which you know nothing. What does each of them get?",
        "`ids.index(last_event_id)` finds the place of an id that is kept. What the client has missed stands behind "
        "it.",
        'The oldest id kept is "epoch-n". A client with "epoch-(n-1)" has missed all of the log, and nothing more.',
    ),
    praise="Your server resumes everybody it can, and is honest to the rest.",
    read=_read,
    symptoms=SYMPTOMS,
)
