"""What one tends to write in the exercise since for ids that are not in the log."""

from __future__ import annotations

from labkit.check.exercise import Trap
from labkit.check.exercises.since_traps import Log, ReplayAndGap, since


def _place(log: Log, last_event_id: str) -> int | None:
    return next((place for place, (id, _) in enumerate(log) if id == last_event_id), None)


def _number(id: str) -> int:
    return int(id.rpartition("-")[2])


def _newer(log: Log, last_event_id: str) -> Log:
    return [(id, data) for id, data in log if _number(id) > _number(last_event_id)]


def _last_dropped_is_a_hole(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id) if not last_event_id or _place(log, last_event_id) is not None else (log, True)


def _never_a_hole(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id)[0], False


def _unknown_gets_nothing(log: Log, last_event_id: str) -> ReplayAndGap:
    missed, gap = since(log, last_event_id)
    return ([] if gap else missed), gap


def _not_kept_gets_nothing(log: Log, last_event_id: str) -> ReplayAndGap:
    return ([], True) if last_event_id and _place(log, last_event_id) is None else since(log, last_event_id)


def _not_kept_has_missed_nothing(log: Log, last_event_id: str) -> ReplayAndGap:
    return ([], False) if _place(log, last_event_id) is None else since(log, last_event_id)


def _dropped_has_missed_nothing(log: Log, last_event_id: str) -> ReplayAndGap:
    missed, gap = since(log, last_event_id)
    return ([], False) if gap else (missed, False)


def _not_kept_raises(log: Log, last_event_id: str) -> ReplayAndGap:
    if not last_event_id:
        return [], False
    return log[[id for id, _ in log].index(last_event_id) + 1 :], False


def _compares_texts(log: Log, last_event_id: str) -> ReplayAndGap:
    missed, gap = [(id, data) for id, data in log if id > last_event_id], since(log, last_event_id)[1]
    return (missed, gap) if last_event_id else ([], False)


def _looks_at_the_number_only(log: Log, last_event_id: str) -> ReplayAndGap:
    digits = last_event_id.rpartition("-")[2]
    if not last_event_id or not digits.isdigit():
        return since(log, last_event_id)
    return _newer(log, last_event_id), int(digits) < (_number(log[0][0]) if log else 0) - 1


def _looks_at_the_number_before_the_oldest(log: Log, last_event_id: str) -> ReplayAndGap:
    missed, gap = since(log, last_event_id)
    digits = last_event_id.rpartition("-")[2]
    return missed, gap and not (log and digits.isdigit() and int(digits) == _number(log[0][0]) - 1)


def _number_raises(log: Log, last_event_id: str) -> ReplayAndGap:
    if not last_event_id:
        return [], False
    return _newer(log, last_event_id), _number(last_event_id) < (_number(log[0][0]) if log else 0) - 1


def _future_is_fine(log: Log, last_event_id: str) -> ReplayAndGap:
    epoch, _, digits = last_event_id.rpartition("-")
    if log and digits.isdigit() and log[-1][0].rpartition("-")[0] == epoch and int(digits) > _number(log[-1][0]):
        return [], False
    return since(log, last_event_id)


def _epoch_only(log: Log, last_event_id: str) -> ReplayAndGap:
    missed, gap = since(log, last_event_id)
    return missed, gap and not (log and log[0][0].rpartition("-")[0] == last_event_id.rpartition("-")[0])


def _strangers_have_no_hole(log: Log, last_event_id: str) -> ReplayAndGap:
    missed, gap = since(log, last_event_id)
    ours = f"{log[0][0].rpartition('-')[0]}-" if log else ""
    return missed, gap and (not log or last_event_id.startswith(ours))


def _empty_log_raises(log: Log, last_event_id: str) -> ReplayAndGap:
    if last_event_id and not log:
        raise IndexError
    return since(log, last_event_id)


def _empty_log_has_no_hole(log: Log, last_event_id: str) -> ReplayAndGap:
    return since(log, last_event_id) if log else ([], False)


UNKNOWN_TRAPS = (
    Trap(
        "last dropped",
        _last_dropped_is_a_hole,
        "The id just before the oldest one was taken for a hole. A client that has it has missed nothing but what you "
        "still have.",
    ),
    Trap(
        "never a hole",
        _never_a_hole,
        "A client whose id was dropped long ago was told that nothing more is missing. It then believes that it has "
        "seen everything: 'nothing is missing' and 'I do not know' are different answers.",
        also=(_epoch_only,),
    ),
    Trap(
        "unknown gets nothing",
        _unknown_gets_nothing,
        "A client with an unknown id got no events. It gets what is left, and True as well.",
    ),
    Trap(
        "dropped gets nothing",
        _not_kept_gets_nothing,
        "A client whose id is not in the log got no events. It gets what is left; whether more is missing depends on "
        "its id.",
    ),
    Trap(
        "dropped has missed nothing",
        _not_kept_has_missed_nothing,
        "A client whose id is not in the log was treated as a new one. It has missed all that the log has, and perhaps "
        "more, but it would never know.",
        also=(_dropped_has_missed_nothing,),
    ),
    Trap(
        "dropped raises",
        _not_kept_raises,
        "An id that is not in the log makes the function raise an error. The log drops what is old, so such clients "
        "come every day.",
    ),
    Trap(
        "compares texts",
        _compares_texts,
        "The ids were compared as texts, and as a text 10 comes before 9: wrong events were sent.",
    ),
    Trap(
        "number only",
        _looks_at_the_number_only,
        "The epoch was not looked at. After a restart the same number is another event: a client with an id of another "
        "epoch is a stranger, whatever its number.",
        also=(_looks_at_the_number_before_the_oldest,),
    ),
    Trap(
        "number raises",
        _number_raises,
        "The number was taken from every id, whatever its epoch. Some ids have none, and then the function raises an "
        "error; others are from another epoch, and their number means nothing here.",
    ),
    Trap(
        "strangers have no hole",
        _strangers_have_no_hole,
        "A client with an id that is none of yours was told that nothing more is missing. Nobody knows what it has "
        "seen: it gets all of the log, and True.",
    ),
    Trap(
        "future",
        _future_is_fine,
        "A client with an id beyond the newest one got nothing. You never gave that id out, so you do not know what "
        "this client has seen.",
    ),
    Trap(
        "empty log raises",
        _empty_log_raises,
        "An empty log has no oldest event, and the function raises an error. A client may come before anything was "
        "published.",
    ),
    Trap(
        "empty log has no hole",
        _empty_log_has_no_hole,
        "The log is empty, and the client was told that nothing is missing. It has an id, so there were events once: "
        "nobody knows how many it has missed.",
    ),
)
