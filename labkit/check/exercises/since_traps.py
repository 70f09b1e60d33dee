"""The solution of the exercise since, and what one tends to write for ids that are kept."""

from __future__ import annotations

from labkit.check.exercise import Symptom, Trap

Log = list[tuple[str, str]]
ReplayAndGap = tuple[Log, bool]


def since(log: list[tuple[str, str]], last_event_id: str) -> tuple[list[tuple[str, str]], bool]:
    """The events (id, data) that the client has missed, and True if more may be missing than the log still has."""
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


def _place(log: Log, last_event_id: str) -> int | None:
    return next((place for place, (id, _) in enumerate(log) if id == last_event_id), None)


def _new_gets_all(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id) if last_event_id else (log, False)


def _new_is_unknown(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id) if last_event_id else (log, True)


def _new_has_a_hole(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id) if last_event_id else ([], True)


def _new_raises(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id) if last_event_id else (log[[id for id, _ in log].index("") :], False)


def _repeats(log: Log, last_event_id: str) -> ReplayAndGap:
    place = _place(log, last_event_id)
    return (log[place:], False) if place is not None else since(log, last_event_id)


def _skips(log: Log, last_event_id: str) -> ReplayAndGap:
    place = _place(log, last_event_id)
    return (log[place + 2 :], False) if place is not None else since(log, last_event_id)


def _the_event_itself(log: Log, last_event_id: str) -> ReplayAndGap:
    place = _place(log, last_event_id)
    return (log[place : place + 1], False) if place is not None else since(log, last_event_id)


def _before_it(log: Log, last_event_id: str) -> ReplayAndGap:
    place = _place(log, last_event_id)
    return (log[:place], False) if place is not None else since(log, last_event_id)


def _always_all(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id) if _place(log, last_event_id) is None else (log, False)


def _other_way_round(log: Log, last_event_id: str) -> ReplayAndGap:
    missed, gap = since(log, last_event_id)
    return missed, not gap


def _missed_is_a_hole(log: Log, last_event_id: str) -> ReplayAndGap:
    missed, gap = since(log, last_event_id)
    return missed, gap or bool(missed)


def _only_the_first(log: Log, last_event_id: str, gap: bool = True) -> ReplayAndGap:
    if not last_event_id:
        return [], False
    return (log[1:], False) if log and log[0][0] == last_event_id else (log, gap)


def _next_must_be_kept(log: Log, last_event_id: str) -> ReplayAndGap:
    return (log, True) if log and log[-1][0] == last_event_id else since(log, last_event_id)


def _cut_at_the_first_hyphen(log: Log, last_event_id: str) -> ReplayAndGap:
    if last_event_id:
        int(last_event_id.partition("-")[2])
    return since(log, last_event_id)


KEPT_TRAPS = (
    Trap(
        "new gets all",
        _new_gets_all,
        "A client without an id got the past. It is new: it has missed nothing, and it listens from now on.",
        also=(_new_is_unknown,),
    ),
    Trap(
        "new has a hole",
        _new_has_a_hole,
        "A new client was told that something may be missing. It never had anything, so nothing is missing.",
    ),
    Trap(
        "new raises",
        _new_raises,
        "A new client sends no id, and the function raises an error. It is the most usual client of all: it has missed "
        "nothing.",
    ),
    Trap(
        "repeats",
        _repeats,
        "The event that the client has came again. It has seen the event whose id it sends, so it gets what comes "
        "after it.",
    ),
    Trap(
        "skips",
        _skips,
        "One event too many was left out, and the client will never get it. The first one that it needs comes right "
        "after its own.",
    ),
    Trap(
        "the event itself",
        _the_event_itself,
        "The client got the event that it has, and nothing else. It has missed what comes after it.",
    ),
    Trap(
        "before it",
        _before_it,
        "The client got what stands before its id. It has seen that; it has missed what comes after it.",
    ),
    Trap(
        "only the first",
        _only_the_first,
        "Only the first event of the log was looked at. (Does a `return` stand inside the loop, where an id is another "
        "one? Then the loop ends with it.)",
        also=(lambda log, last_event_id: _only_the_first(log, last_event_id, gap=False),),
    ),
    Trap(
        "the next id is not there",
        _next_must_be_kept,
        "A client that has the newest event got all of the log, and True. It has everything: no event has come since, "
        "so the answer is ([], False).",
    ),
    Trap(
        "first hyphen",
        _cut_at_the_first_hyphen,
        "The function raises an error where an epoch holds a hyphen: the number stands behind the last "
        "one. (`rpartition` and `rsplit` look from the end.)",
    ),
    Trap(
        "always all",
        _always_all,
        "A client whose id is kept got all of the log. It would see again what it has: it gets what comes after its "
        "id.",
    ),
    Trap(
        "the other way round",
        _other_way_round,
        "True and False are exchanged. True says that more may be missing than the log still has.",
    ),
    Trap(
        "missed is a hole",
        _missed_is_a_hole,
        "It says True as soon as the client has missed something. What the log still has is sent, so it is not missing "
        "any more: True is for what nobody can send.",
    ),
)


def _only_the_events(answer: ReplayAndGap, expected: ReplayAndGap) -> bool:
    return answer[0] == expected[0]


def _newest_first(answer: ReplayAndGap, expected: ReplayAndGap) -> bool:
    return answer[1] == expected[1] and answer[0] == expected[0][::-1]


SYMPTOMS = (
    Symptom(
        "newest first",
        _newest_first,
        "The events are right, but the newest of them comes first. A client reads them in the order in which they were "
        "published: the oldest first.",
    ),
    Symptom(
        "only the hole is wrong",
        _only_the_events,
        "The events are right, but True or False is not. True says that more may be missing than the log still has.",
    ),
)
