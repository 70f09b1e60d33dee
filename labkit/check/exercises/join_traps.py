"""The solution of the exercise join, and what one tends to write."""

from __future__ import annotations

from labkit.check.exercise import Symptom, Trap

Events = list[tuple[str, str]]
EventsAndGap = tuple[Events, bool]


def join(kept: list[tuple[str, str]], live: list[tuple[str, str]], seen: str) -> tuple[list[tuple[str, str]], bool]:
    """The events (id, data) that a reader has missed, each once and in order, and True if there is a hole."""
    newest = int(seen.rpartition("-")[2])
    joined, gap = [], False
    for id, data in [*kept, *live]:
        number = int(id.rpartition("-")[2])
        if number <= newest:
            continue  # the reader has it, or it was in both
        gap = gap or number > newest + 1
        joined.append((id, data))
        newest = number
    return joined, gap


def _number(id: str) -> int:
    return int(id.rpartition("-")[2])


def _one_after_the_other(kept: Events, live: Events, seen: str) -> EventsAndGap:
    return kept + live, join(kept, live, seen)[1]


def _keeps_what_the_reader_has(kept: Events, live: Events, seen: str) -> EventsAndGap:
    ids = {id for id, _ in kept}
    return kept + [event for event in live if event[0] not in ids], join(kept, live, seen)[1]


def _doubles_where_both_overlap(kept: Events, live: Events, seen: str) -> EventsAndGap:
    missed = [event for event in kept + live if _number(event[0]) > _number(seen)]
    return missed, join(kept, live, seen)[1]


def _from_the_readers_own_on(kept: Events, live: Events, seen: str) -> EventsAndGap:
    both = dict([*kept, *live])
    missed = [(id, data) for id, data in both.items() if _number(id) >= _number(seen)]
    return missed, join(kept, live, seen)[1]


def _compares_texts(kept: Events, live: Events, seen: str) -> EventsAndGap:
    newest, joined = seen, []
    for id, data in [*kept, *live]:
        if id > newest:
            joined.append((id, data))
            newest = id
    return joined, join(kept, live, seen)[1]


def _sorts_texts(kept: Events, live: Events, seen: str) -> EventsAndGap:
    missed, gap = join(kept, live, seen)
    return sorted(missed), gap


def _kept_alone(kept: Events, live: Events, seen: str) -> EventsAndGap:
    return join(kept, [], seen)


def _live_alone(kept: Events, live: Events, seen: str) -> EventsAndGap:
    return join([], live, seen)


def _no_gap(kept: Events, live: Events, seen: str) -> EventsAndGap:
    return join(kept, live, seen)[0], False


def _gap_at_the_beginning_alone(kept: Events, live: Events, seen: str) -> EventsAndGap:
    missed, _ = join(kept, live, seen)
    return missed, bool(missed) and _number(missed[0][0]) > _number(seen) + 1


def _gap_between_them_alone(kept: Events, live: Events, seen: str) -> EventsAndGap:
    missed, _ = join(kept, live, seen)
    return missed, bool(missed) and join(missed, [], f"e-{_number(missed[0][0]) - 1}")[1]


def _overlap_is_a_gap(kept: Events, live: Events, seen: str) -> EventsAndGap:
    missed, gap = join(kept, live, seen)
    return missed, gap or bool(kept and live and _number(live[0][0]) != _number(kept[-1][0]) + 1)


def _one_too_many_is_a_gap(kept: Events, live: Events, seen: str) -> EventsAndGap:
    missed, gap = join(kept, live, seen)
    return missed, gap or bool(missed)


def _gap_sends_nothing(kept: Events, live: Events, seen: str) -> EventsAndGap:
    missed, gap = join(kept, live, seen)
    return ([], True) if gap else (missed, False)


def _equal_data_once(kept: Events, live: Events, seen: str) -> EventsAndGap:
    missed, gap = join(kept, live, seen)
    first = {data: id for id, data in reversed(missed)}
    return [(id, data) for id, data in missed if first[data] == id], gap


def _first_hyphen(kept: Events, live: Events, seen: str) -> EventsAndGap:
    for id in [seen, *(id for id, _ in kept + live)]:
        int(id.partition("-")[2])
    return join(kept, live, seen)


def _first_hyphen_of_events(kept: Events, live: Events, seen: str) -> EventsAndGap:
    for id, _ in kept + live:
        int(id.partition("-")[2])
    return join(kept, live, seen)


def _first_hyphen_of_the_readers(kept: Events, live: Events, seen: str) -> EventsAndGap:
    int(seen.partition("-")[2])
    return join(kept, live, seen)


def _newest_once_more(kept: Events, live: Events, seen: str) -> EventsAndGap:
    newest, joined, gap = _number(seen), [], False
    for id, data in [*kept, *live]:
        if _number(id) >= newest:
            gap = gap or _number(id) > newest + 1
            joined.append((id, data))
            newest = _number(id)
    return joined, gap


def _nothing_kept_raises(kept: Events, live: Events, seen: str) -> EventsAndGap:
    kept[0], live[0]
    return join(kept, live, seen)


TRAPS = (
    Trap(
        "one after the other",
        _one_after_the_other,
        "Both lists stand behind each other, as they came. Events that are in both come twice then, and those that the "
        "reader has come again.",
    ),
    Trap(
        "what the reader has",
        _keeps_what_the_reader_has,
        "What the reader has already came again. It has everything up to its last event ID, that one included.",
    ),
    Trap(
        "both overlap",
        _doubles_where_both_overlap,
        "An event that is in the log and in the live ones came twice: it was published just while the log was asked.",
    ),
    Trap(
        "its own",
        _from_the_readers_own_on,
        "The event whose id the reader sent came again. It has seen that one.",
    ),
    Trap(
        "texts",
        _compares_texts,
        "Ids were compared as texts, and as a text 10 comes before 9. It is the number behind the last hyphen that "
        "counts.",
    ),
    Trap(
        "sorted as texts",
        _sorts_texts,
        "Ids were sorted as texts, and as a text 10 comes before 9. It is the number behind the last hyphen that "
        "counts. (Both lists are in order already.)",
    ),
    Trap(
        "kept alone",
        _kept_alone,
        "The live events are missing: they were published while the log was asked, and nobody sends them again.",
    ),
    Trap(
        "live alone",
        _live_alone,
        "What the log still had is missing: the reader was away, and has missed it.",
    ),
    Trap(
        "no gap",
        _no_gap,
        "A hole was not noticed. If a number is missing between two events, or between the reader's and the first one, "
        "the reader must be told.",
    ),
    Trap(
        "gap at the beginning alone",
        _gap_at_the_beginning_alone,
        "A hole between the log and the live events was not noticed. Every two numbers that follow each other count.",
    ),
    Trap(
        "gap between alone",
        _gap_between_them_alone,
        "A hole right behind the reader's own event was not noticed: the log had dropped what came next.",
    ),
    Trap(
        "overlap is a gap",
        _overlap_is_a_gap,
        "Where both lists overlap nothing is missing: an overlap is no hole.",
    ),
    Trap(
        "missed is a gap",
        _one_too_many_is_a_gap,
        "It says True as soon as the reader has missed something. What is sent now is not missing any more.",
    ),
    Trap(
        "gap sends nothing",
        _gap_sends_nothing,
        "Where there is a hole, nothing was sent. The reader is told of the hole, and gets what there is all the same.",
    ),
    Trap(
        "equal data",
        _equal_data_once,
        "Two events with equal data were taken for one. It is the id that tells events apart: a price may stay the "
        "same.",
    ),
    Trap(
        "first hyphen",
        _first_hyphen,
        "The function raises an error where an epoch holds a hyphen: the number stands behind the last "
        "one. (`rpartition` and `rsplit` look from the end.)",
        also=(_first_hyphen_of_events, _first_hyphen_of_the_readers),
    ),
    Trap(
        "the newest once more",
        _newest_once_more,
        "An event with the newest number came once more. Whoever has that number has that event: only a higher one is "
        "new.",
    ),
    Trap(
        "empty raises",
        _nothing_kept_raises,
        "The function raises an error where one of the lists is empty. Often nothing was missed, or nothing is live.",
    ),
)


def _only_the_events(answer: EventsAndGap, expected: EventsAndGap) -> bool:
    return answer[0] == expected[0]


SYMPTOMS = (
    Symptom(
        "only the gap is wrong",
        _only_the_events,
        "The events are right, but True or False is not. True says that a number is missing between them.",
    ),
)
