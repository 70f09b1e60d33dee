"""The exercise answer_once: a finished answer that stays finished, for a client that always comes back."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Trap, Unreadable

StatusAndEvents = tuple[int, list[tuple[str, str]]]

STUB = '''\
def answer_once(tokens: list[str], last_event_id: str) -> tuple[int, list[tuple[str, str]]]:
    """The status, and what is still to be sent: each event as (id, data), with the ids "1", "2", and so on."""
    ...
'''


def answer_once(tokens: list[str], last_event_id: str) -> tuple[int, list[tuple[str, str]]]:
    """The status, and what is still to be sent: each event as (id, data), with the ids "1", "2", and so on."""
    events = [(str(number), token) for number, token in enumerate(tokens, start=1)]
    ids = [id for id, _ in events]
    if last_event_id in ids:
        events = events[ids.index(last_event_id) + 1 :]  # what this client has not seen
    if not events:
        return 204, []  # all was said: a client must not ask again
    return 200, events


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
    expected = "a tuple: (status, events)"
    parts = read.items(returned, expected)
    if len(parts) != 2:
        raise Unreadable(f"It returned {len(parts)} things, not {expected}.")
    status = read.whole_number(parts[0], "The status")
    return status, [_event(event, number) for number, event in enumerate(read.items(parts[1], "a list of events"))]


def _event(event: object, number: int) -> tuple[str, str]:
    pair = read.items(event, f"a tuple (id, data), as event {number}")
    if len(pair) != 2:
        raise Unreadable(f"Event {number} has {len(pair)} parts, not two: (id, data).")
    return read.text(pair[0], f"The id of event {number}"), read.text(pair[1], f"The data of event {number}")


def _events(tokens: list[str], start: int = 1) -> list[tuple[str, str]]:
    return [(str(number), token) for number, token in enumerate(tokens, start=start)]


def _always_all(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    return 200, _events(tokens)


def _empty_200(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    return 200, answer_once(tokens, last_event_id)[1]


def _any_id_is_the_end(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    return (204, []) if last_event_id else (200, _events(tokens))


def _from_zero(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    status, events = answer_once(tokens, last_event_id)
    return status, [(str(int(id) - 1), token) for id, token in events]


def _repeats_one(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    events = _events(tokens)
    if last_event_id == str(len(tokens)):
        return 204, []
    return 200, events[int(last_event_id) - 1 :] if last_event_id.isdecimal() and last_event_id != "0" else events


def _skips_one(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    _, events = answer_once(tokens, last_event_id)
    remaining = events[1:] if last_event_id else events
    return (200, remaining) if remaining else (204, [])


def _compares_texts(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    remaining = [(id, token) for id, token in _events(tokens) if id > last_event_id]
    return (200, remaining) if remaining else (204, [])


def _counts_anew(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    status, events = answer_once(tokens, last_event_id)
    return status, _events([token for _, token in events])


def _int_raises(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    remaining = _events(tokens)[int(last_event_id or 0) :]
    return (200, remaining) if remaining else (204, [])


def _slice_takes_all(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    try:
        remaining = _events(tokens)[int(last_event_id or 0) :]
    except ValueError:
        remaining = _events(tokens)
    return (200, remaining) if remaining else (204, [])


LEVELS = (
    Level(
        "the first question, and the one after the end",
        "Without an id all tokens are sent, with status 200. With the last id nothing is left: status 204 and no "
        "events.",
        lambda: _samples("answer_once/1", "first or last"),
    ),
    Level(
        "cut anywhere",
        "A client that was cut off sends the id of the last event it saw. It gets what follows, under the same ids.",
        lambda: _samples("answer_once/2", "any"),
    ),
    Level(
        "an id that you never sent, and nothing to say",
        "An unknown id says nothing about what the client saw: send everything. No tokens at all: 204.",
        lambda: [_sample([], ""), *_samples("answer_once/3", "odd")],
    ),
)

TRAPS = (
    Trap(
        "always all",
        _always_all,
        "It answers everybody in full. The client comes back after the end, and asks its question for ever: when "
        "its id is the last one, say 204.",
    ),
    Trap(
        "empty 200",
        _empty_200,
        "There is nothing left to send, and the status is 200. To a client that is a stream that ended, so it comes "
        "back: say 204.",
    ),
    Trap(
        "any id is the end",
        _any_id_is_the_end,
        "It says 204 to everybody who brings an id. Who was cut off in the middle never gets the rest: look at "
        "which id it is.",
    ),
    Trap("from zero", _from_zero, 'The ids count from 0. Here they begin with "1".'),
    Trap(
        "repeats one", _repeats_one, "An event came twice. The client has the event whose id it sends: begin after it."
    ),
    Trap("skips one", _skips_one, "An event was left out. Begin right after the one that the client has."),
    Trap(
        "compares texts",
        _compares_texts,
        'As texts, "10" is smaller than "9". Look for the id among those that you sent, and take what comes after it.',
    ),
    Trap(
        "counts anew",
        _counts_anew,
        "The rest got new ids, from 1. An id names its event for good, or the next resume goes wrong.",
    ),
    Trap(
        "int raises",
        _int_raises,
        "int() raises for an id that is no number. A client may send anything: look for the id among those that you "
        "sent.",
    ),
    Trap(
        "slice",
        _slice_takes_all,
        'int() made a number of an id that you never sent: "-1", "01" and "٣" are numbers to it, and a slice takes '
        "them all. Look for the id among those that you sent.",
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=answer_once,
    levels=LEVELS,
    traps=TRAPS,
    hints=(
        "Three clients ask: one that is new, one that was cut off, one that has everything. What does each send as "
        "its last event ID, and what does each need?",
        "Make the list of all (id, data) first. Then look for last_event_id among its ids.",
        "If it is there, drop all up to it: events[place + 1:]. Then, if nothing is left, return 204 and [].",
    ),
    praise="Your answer is told once, survives every cut, and stays finished.",
    read=_read,
)
