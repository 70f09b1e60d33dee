"""The exercise since: what a server sends to a client that comes back."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Trap, Unreadable

Log = list[tuple[str, str]]
ReplayAndGap = tuple[Log, bool]

STUB = '''\
def since(log: list[tuple[str, str]], last_event_id: str) -> tuple[list[tuple[str, str]], bool]:
    """The (id, data) that the client has missed, and True if there may be a hole. Ids are "epoch-n"; oldest first."""
    ...
'''


def since(log: list[tuple[str, str]], last_event_id: str) -> tuple[list[tuple[str, str]], bool]:
    """The (id, data) that the client has missed, and True if there may be a hole. Ids are "epoch-n"; oldest first."""
    if not last_event_id:
        return [], False  # a new client has missed nothing
    ids = [id for id, _ in log]
    if last_event_id in ids:
        return log[ids.index(last_event_id) + 1 :], False
    if log:
        epoch, _, number = ids[0].rpartition("-")
        if last_event_id == f"{epoch}-{int(number) - 1}":
            return log, False  # it has just what was dropped last
    return log, True  # too old, from the future, or a stranger: nobody knows what it has missed


_WORDS = ("tick", "tock", "grün", "", "a b")


def _samples(seed: str, ask: str) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for _ in range(40):
        epoch, first = rng.choice(("e", "7f3a", "x-y")), rng.choice((1, 1, 5, 9, 98)) if ask != "kept" else 1
        count = rng.randrange(0 if ask == "any" else 1, 5)
        log = [(f"{epoch}-{number}", rng.choice(_WORDS)) for number in range(first, first + count)]
        samples.append(_sample(log, epoch, first, _id_to_ask_for(rng, ask, epoch, first, first + count - 1)))
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
    parts = read.items(returned, "a tuple: (missed, gap)")
    if len(parts) != 2:
        raise Unreadable(f"It returned {len(parts)} things, not two: (missed, gap).")
    if not isinstance(parts[1], bool):
        raise Unreadable(f"The second part is {read.kind(parts[1])}, not True or False: may there be a hole?")
    return [_pair(item, number) for number, item in enumerate(read.items(parts[0], "a list of (id, data)"))], parts[1]


def _pair(item: object, number: int) -> tuple[str, str]:
    pair = read.items(item, f"a tuple (id, data), as item {number}")
    if len(pair) != 2:
        raise Unreadable(f"Item {number} has {len(pair)} parts, not two: (id, data).")
    return read.text(pair[0], f"The id of item {number}"), read.text(pair[1], f"The data of item {number}")


def _place(log: Log, last_event_id: str) -> int | None:
    return next((place for place, (id, _) in enumerate(log) if id == last_event_id), None)


def _new_gets_all(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id) if last_event_id else (log, False)


def _new_is_a_hole(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id) if last_event_id else ([], True)


def _repeats(log: Log, last_event_id: str) -> ReplayAndGap:
    place = _place(log, last_event_id)
    return (log[place:], False) if place is not None else since(log, last_event_id)


def _skips(log: Log, last_event_id: str) -> ReplayAndGap:
    place = _place(log, last_event_id)
    return (log[place + 2 :], False) if place is not None else since(log, last_event_id)


def _last_dropped_is_a_hole(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id) if not last_event_id or _place(log, last_event_id) is not None else (log, True)


def _never_a_hole(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id)[0], False


def _unknown_gets_nothing(log: Log, last_event_id: str) -> ReplayAndGap:
    missed, gap = since(log, last_event_id)
    return ([] if gap else missed), gap


def _looks_at_the_number_only(log: Log, last_event_id: str) -> ReplayAndGap:
    digits = last_event_id.rpartition("-")[2]
    if not last_event_id or not digits.isdigit():
        return since(log, last_event_id)
    missed = [(id, data) for id, data in log if int(id.rpartition("-")[2]) > int(digits)]
    oldest = int(log[0][0].rpartition("-")[2]) if log else 0
    return missed, int(digits) < oldest - 1


def _future_is_fine(log: Log, last_event_id: str) -> ReplayAndGap:
    epoch, _, digits = last_event_id.rpartition("-")
    if log and digits.isdigit() and log[-1][0].rpartition("-")[0] == epoch:
        last = int(log[-1][0].rpartition("-")[2])
        if int(digits) > last:
            return [], False
    return since(log, last_event_id)


LEVELS = (
    Level(
        "ids that are kept",
        "What stands behind the client's id is what it has missed. A client without an id is new.",
        lambda: _samples("since/1", "kept"),
    ),
    Level(
        "ids that were dropped",
        "Older ids than the oldest kept are gone. Who has the one just before it has missed "
        "nothing else; everybody older may have: then send what is left, and say that there is a hole.",
        lambda: _samples("since/2", "dropped"),
    ),
    Level(
        "strangers",
        "An id of another epoch, from the future, or no id at all of yours: send what is left, and say that "
        "there is a hole. So too with an empty log.",
        lambda: _samples("since/3", "any"),
    ),
)

TRAPS = (
    Trap("new gets all", _new_gets_all, "A client without an id got the past. It is new, and has missed nothing."),
    Trap(
        "new is a hole",
        _new_is_a_hole,
        "A new client was told of a hole. It never had anything, so nothing is missing.",
    ),
    Trap("repeats", _repeats, "The event that the client has came again. Begin behind it."),
    Trap("skips", _skips, "One event too many was left out. Begin right behind the client's own."),
    Trap(
        "last dropped",
        _last_dropped_is_a_hole,
        "The id just before the oldest kept was taken for a hole. Who has it has "
        "missed nothing but what you still have.",
    ),
    Trap(
        "never a hole",
        _never_a_hole,
        "It never says that there is a hole. The client then believes that it has seen "
        "everything: 'nothing missed' and 'I no longer know' are different answers.",
    ),
    Trap(
        "unknown gets nothing",
        _unknown_gets_nothing,
        "An unknown client got nothing. Send it what is left, as well as the news of the hole.",
    ),
    Trap(
        "number only",
        _looks_at_the_number_only,
        "The epoch was not looked at. After a restart number 7 is another "
        "event: an id of another epoch is a stranger, whatever its number.",
    ),
    Trap(
        "future",
        _future_is_fine,
        "An id beyond the newest was taken for good. You never gave it out, so you do not know "
        "what its owner has seen.",
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=since,
    levels=LEVELS,
    traps=TRAPS,
    hints=(
        "Four clients come: a new one, one whose id you have, one that has just what you dropped last, and one about "
        "whom you know nothing. What does each get?",
        "ids.index(last_event_id) finds the place of an id that is kept. What the client has missed stands behind it.",
        'The oldest id kept is "epoch-n". Who comes with "epoch-(n-1)" has missed all of the log, and nothing more.',
    ),
    praise="Your server resumes everybody whom it can, and is honest to the rest.",
    read=_read,
)
