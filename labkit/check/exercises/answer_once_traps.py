"""The solution of the exercise answer_once, and what one tends to write instead."""

from __future__ import annotations

from collections.abc import Callable

from labkit.check.exercise import Symptom, Trap

StatusAndEvents = tuple[int, list[tuple[str, str]]]


def answer_once(tokens: list[str], last_event_id: str) -> tuple[int, list[tuple[str, str]]]:
    """The status, and the events that this client has still to get."""
    events = [(str(number), token) for number, token in enumerate(tokens, start=1)]
    ids = [id for id, _ in events]
    if last_event_id in ids:
        events = events[ids.index(last_event_id) + 1 :]  # what this client has not seen
    if not events:
        return 204, []  # all was said: a client must not ask again
    return 200, events


def _events(tokens: list[str], start: int = 1) -> list[tuple[str, str]]:
    return [(str(number), token) for number, token in enumerate(tokens, start=start)]


def _answer(remaining: list[tuple[str, str]]) -> StatusAndEvents:
    return (200, remaining) if remaining else (204, [])


def _empty_200(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    return 200, answer_once(tokens, last_event_id)[1]


def _another_status(status: int) -> Callable[[list[str], str], StatusAndEvents]:
    def answer(tokens: list[str], last_event_id: str) -> StatusAndEvents:
        remaining = answer_once(tokens, last_event_id)[1]
        return (200, remaining) if remaining else (status, [])

    return answer


def _nothing_for_the_new(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    return answer_once(tokens, last_event_id) if last_event_id else (204, [])


def _never_resumes(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    return (204, []) if last_event_id == str(len(tokens)) else _answer(_events(tokens))


def _from_zero(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    status, events = answer_once(tokens, last_event_id)
    return status, [(str(int(id) - 1), token) for id, token in events]


def _from_zero_and_looks_there(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    events = _events(tokens, start=0)
    ids = [id for id, _ in events]
    return _answer(events[ids.index(last_event_id) + 1 :] if last_event_id in ids else events)


def _repeats_one(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    events = _events(tokens)
    ids = [id for id, _ in events]
    if last_event_id == str(len(tokens)):
        return 204, []
    return _answer(events[ids.index(last_event_id) :] if last_event_id in ids else events)


def _repeats_the_last_too(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    events = _events(tokens)
    ids = [id for id, _ in events]
    return _answer(events[ids.index(last_event_id) :] if last_event_id in ids else events)


def _skips_one(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    events = _events(tokens)
    ids = [id for id, _ in events]
    return _answer(events[ids.index(last_event_id) + 2 :] if last_event_id in ids else events)


def _compares_texts(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    return _answer([(id, token) for id, token in _events(tokens) if id > last_event_id])


def _compares_texts_but_knows_the_end(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    if last_event_id == str(len(tokens)):
        return 204, []
    return 200, [(id, token) for id, token in _events(tokens) if id > last_event_id]


def _counts_anew(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    status, events = answer_once(tokens, last_event_id)
    return status, _events([token for _, token in events])


def _int_of_anything(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    return _answer(_events(tokens)[int(last_event_id) :])


def _int_raises(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    return _answer(_events(tokens)[int(last_event_id or 0) :])


def _int_compares(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    return _answer([(id, token) for id, token in _events(tokens) if int(id) > int(last_event_id or 0)])


def _slice_takes_all(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    try:
        return _int_raises(tokens, last_event_id)
    except ValueError:
        return _answer(_events(tokens))


def _int_compares_if_it_can(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    try:
        return _int_compares(tokens, last_event_id)
    except ValueError:
        return _answer(_events(tokens))


def _only_digits(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    return _int_raises(tokens, last_event_id if last_event_id.isdecimal() else "")


def _strangers_get_nothing(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    known = last_event_id in ("", *(id for id, _ in _events(tokens)))
    return answer_once(tokens, last_event_id) if known else (204, [])


def _index_raises(tokens: list[str], last_event_id: str) -> StatusAndEvents:
    events = _events(tokens)
    if last_event_id:
        events = events[[id for id, _ in events].index(last_event_id) + 1 :]
    return _answer(events)


TRAPS = (
    Trap(
        "always all",
        lambda tokens, last_event_id: (200, _events(tokens)),
        "It answers everybody in full. A browser comes back after the end, and it would get the answer again and "
        "again: a client that has everything gets 204.",
    ),
    Trap(
        "empty 200",
        _empty_200,
        "Nothing is left to send, and the status is 200. To a browser that is a stream that ended, so it comes back at "
        "once, and again: 204 tells it to stay away.",
    ),
    Trap(
        "leaves out one",
        lambda tokens, last_event_id: _answer([event for event in _events(tokens) if event[0] != last_event_id]),
        "Only the event whose id the client sends was left out. The client has seen all that came before it, too.",
    ),
    Trap(
        "another status",
        _another_status(404),
        "Nothing is left to send, and the status is neither 200 nor 204. It tells the page of an error; 204 says that "
        "all went well, and that there is no more.",
        also=tuple(_another_status(status) for status in (205, 304, 400, 410, 500)),
    ),
    Trap(
        "nothing for the new",
        _nothing_for_the_new,
        "A new client got 204 and no events. It sends an empty id because it has seen nothing yet: it gets everything.",
    ),
    Trap(
        "any id is the end",
        lambda tokens, last_event_id: (204, []) if last_event_id else (200, _events(tokens)),
        "It says 204 to everybody who sends an id. A client that was cut off in the middle never gets the rest of the "
        "answer.",
    ),
    Trap(
        "never resumes",
        _never_resumes,
        "A client that was cut off in the middle gets everything from the beginning. It has seen some of it, so the "
        "page would show those words twice.",
        also=(
            lambda tokens, last_event_id: (204, []) if last_event_id == str(len(tokens)) else (200, _events(tokens)),
        ),
    ),
    Trap(
        "from zero",
        _from_zero,
        'The ids count from 0. Here they begin with "1", and the last one is the number of tokens.',
        also=(_from_zero_and_looks_there,),
    ),
    Trap(
        "repeats one",
        _repeats_one,
        "An event came twice. The client has the event whose id it sends, so it gets what comes after it.",
    ),
    Trap(
        "repeats the last too",
        _repeats_the_last_too,
        "An event came twice, also after the end. The client has the event whose id it sends: it gets what comes after "
        "it, and after the last one that is nothing.",
    ),
    Trap(
        "skips one",
        _skips_one,
        "An event was left out, and the client will never get it. The first one that it needs comes right after its "
        "id.",
    ),
    Trap(
        "compares texts",
        _compares_texts,
        "The ids were compared as texts, and as a text 10 is smaller than 9: the wrong events were sent. An id is a "
        "name, so look for it among those that you gave out.",
        also=(_compares_texts_but_knows_the_end,),
    ),
    Trap(
        "counts anew",
        _counts_anew,
        "The rest got new ids, from 1. An id names its event for good: when this client is cut off again, it would "
        "come back with a wrong one.",
    ),
    Trap(
        "int of nothing",
        _int_of_anything,
        "A new client sends an empty id, and the function raises an error. (`int` makes no number of an empty text.)",
        also=(
            lambda tokens, last_event_id: _answer(
                [event for event in _events(tokens) if int(event[0]) > int(last_event_id)]
            ),
        ),
    ),
    Trap(
        "int raises",
        _int_raises,
        'An id that was never given out went through `int`. It raises an error for "x", and it takes " 1" and "01" for '
        "the number 1. A client may send anything: look for the id among those that you gave out.",
        also=(_int_compares,),
    ),
    Trap(
        "int takes what it can",
        _slice_takes_all,
        'An id that was never given out was taken for a number: to `int`, "01", " 1" and "٣" are numbers, and so are '
        '"99" and "-1". Such a client gets everything: look for the id among those that you gave out.',
        also=(
            _int_compares_if_it_can,
            _only_digits,
            lambda tokens, last_event_id: _int_compares(tokens, last_event_id if last_event_id.isdigit() else ""),
            lambda tokens, last_event_id: _int_compares(tokens, last_event_id if last_event_id.isdecimal() else ""),
        ),
    ),
    Trap(
        "strangers get nothing",
        _strangers_get_nothing,
        "A client with an unknown id got 204 and no events. Nobody knows what it has seen, so it gets everything.",
    ),
    Trap(
        "index raises",
        _index_raises,
        "An id that was never given out makes the function raise an error. A client may send anything: nobody knows "
        "what such a client has seen, so it gets everything.",
    ),
)


def _status_is_wrong(answer: StatusAndEvents, expected: StatusAndEvents) -> bool:
    return answer[1] == expected[1]


SYMPTOMS = (
    Symptom(
        "only the status is wrong",
        _status_is_wrong,
        "The events are right, but the status is not. 200 means that events follow; 204 means that nothing is left, "
        "and that a browser has to stay away.",
    ),
)
