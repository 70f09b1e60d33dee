"""Compares a stream as it comes from the server with the same stream through a proxy: does the proxy hold it back?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from labkit.doctor.arrival import LATE_S
from labkit.doctor.course import Course, apart_of, course_of
from labkit.doctor.pattern import duration_text, pattern_of
from labkit.errors import counted
from labkit.recording import Recording, bursts
from labkit.wire.media_type import extract_media_type

LATE_SHARE = 0.2  # a hold meets a fifth of the events at least; a hiccup of the network meets one
PATH_S = 0.3  # a longer way, of a round trip that is longer by so much, is no hold
HEAD_LATE_S = 0.5
KEPT_S = 1.0
MIN_EVENTS = 3  # with fewer no pattern can be told from chance
SKEW_S = 0.1  # requests that went out within this met the same moments


_ALIKE = "Each answer is another: only their patterns can be compared, and those are alike"
_HEAD_HELD = "The hop between them holds the head back"


class HopComparison(NamedTuple):
    """Whether the hop between holds events back, and a sentence that says by how much."""

    held: bool
    sentence: str

    @property
    def head_alone(self) -> bool:
        """Whether it is the head alone that is held, and the events come at once when it has come."""
        return _HEAD_HELD in self.sentence


class Pair(NamedTuple):
    """One event on both ways: when it came direct and through the hop, and how much later that is, in seconds."""

    direct_s: float
    through_s: float
    delay_s: float


def compare(direct: Recording, through: Recording, same_events: bool = True) -> HopComparison:
    """Whether the hop between holds events back, and a sentence that says by how much.

    It is judged by the time to the head and to the first event, by what came together on the one way and one by one on
    the other, and by the sender's clock, where the events carry one.

    Args:
        direct, through: readable recordings of the stream at the server and behind the hop, taken at the same time.
        same_events: True matches events by id, or by data without one, and where none match, by number. False matches
            them by number alone: use it where each request has an answer of its own.
    """
    counts = f"direct: {counted(len(direct.events), 'event')}, through: {len(through.events)}"
    unlike = _unlike(direct, through)
    if unlike:
        return HopComparison(False, f"{counts}. {unlike}")
    if not through.status and direct.status:
        return HopComparison(True, f"{counts}. The hop between them held even the head for as long as was watched")
    if not direct.events:
        return HopComparison(False, f"{counts}. Nothing to compare: the direct stream brought no event")
    if not through.events and _came_too_late(direct, through):
        return HopComparison(False, f"{counts}. The direct stream's first event came when the watching was over")
    if not through.events:
        return HopComparison(True, f"{counts}. The hop between them held everything for as long as was watched")
    pairs, matched = _matched_pairs(direct, through, same_events)
    if not matched and min(len(direct.events), len(through.events)) < MIN_EVENTS:
        return HopComparison(
            False, f"{counts}. No event came on both, and too few for a pattern: they cannot be compared"
        )
    apart_s = apart_of(direct)
    courses = course_of(direct, apart_s), course_of(through, apart_s)
    lumps = [len(bursts(sorted(moments), apart_s)) for moments in list(zip(*pairs, strict=True))[:2]]
    summary = f"{counts}, compared: {len(pairs)}, in {lumps[0]} and in {counted(lumps[1], 'burst')}"
    if matched:
        path_s = _path(pairs, courses, direct.sent_s + through.sent_s)
        waits_s, in_lumps = [max(0.0, pair.delay_s - path_s) for pair in pairs], False
    else:
        waits_s, in_lumps = _waits(pairs, apart_s)
    if in_lumps or _is_held(waits_s):
        delay = f"{duration_text(median(waits_s))} in the middle, {duration_text(max(waits_s))} at most"
        return HopComparison(True, f"{summary}. The hop between them holds events back: {delay}")
    late = (_kept_events(direct, through) if matched else "") or _late_head(*courses) if same_events else ""
    if late:
        return HopComparison(True, f"{summary}. {late}")
    if not matched:
        return HopComparison(False, f"{summary}. {_ALIKE}")
    added_s = max(0.0, median(pair.delay_s for pair in pairs))
    return HopComparison(
        False,
        f"{summary}. The hop between them adds {duration_text(added_s)}: nothing is held there",
    )


def _unlike(direct: Recording, through: Recording) -> str:
    """Why the two are no two ways of one stream; "" if they may be."""
    if through.status and direct.status != through.status:
        return f"The server itself answers {direct.status}, and through the hop came {through.status}"
    kinds = [extract_media_type(one.headers.get("content-type")) for one in (direct, through)]
    if through.headers and len({kind and kind.essence for kind in kinds}) > 1:
        names = [kind.essence if kind is not None else "no media type" for kind in kinds]
        return f"The server itself sends {names[0]}, and through the hop came {names[1]}"
    return ""


def _came_too_late(direct: Recording, through: Recording) -> bool:
    """Whether the first event of the direct stream came only when the other way was hardly watched any more."""
    first_s = direct.timed_events[0][0] + direct.began_epoch_s
    return through.end_s > 0 and first_s > through.end_s + through.began_epoch_s - 2 * LATE_S


def _matched_pairs(direct: Recording, through: Recording, same_events: bool) -> tuple[list[Pair], bool]:
    """The events of both, and whether they are the same ones. By number, each way's own start counts as its zero."""
    clocks = {side: _lags(recording) for side, recording in (("direct", direct), ("through", through))}
    pairs = list(_pairs_by_key(direct, through)) if same_events else []
    if pairs:
        return pairs, True
    here, there = ([at - one.sent_s for at, _ in one.timed_events] for one in (direct, through))
    if clocks["direct"] and clocks["through"]:
        return _pairs_by_clock(direct, through), True
    count = min(len(here), len(there))
    here, there = _spread(here, count), _spread(there, count)
    return [Pair(first, second, second - first) for first, second in zip(here, there, strict=True)], False


def _spread(times_s: Sequence[float], count: int) -> list[float]:
    """As many of the times as `count`, evenly: answers of another length are compared from beginning to end."""
    return [times_s[place * len(times_s) // count] for place in range(count)]


def _lags(recording: Recording) -> list[tuple[float, float]]:
    """For each event with a sender's time: when it came, and how late that was by the two clocks, in seconds."""
    pattern = pattern_of(recording)
    return [(at, at - sent) for at, sent in zip(pattern.at_s, pattern.sent_s or (), strict=False)]


def _pairs_by_clock(direct: Recording, through: Recording) -> list[Pair]:
    """Events of two answers, compared by how late each came: the least late with the least late, and so on.

    One clock sent both and one clock noted both, so that what is wrong between the two is wrong on both sides alike.
    """
    here, there = sorted(lag for _, lag in _lags(direct)), _lags(through)
    ranks = sorted(range(len(there)), key=lambda place: there[place][1])
    usual_s = {place: here[rank * len(here) // len(there)] for rank, place in enumerate(ranks)}
    pairs = []
    for place, (at_s, lag_s) in enumerate(there):
        through_s = at_s - through.sent_s
        pairs.append(Pair(through_s - (lag_s - usual_s[place]), through_s, lag_s - usual_s[place]))
    return pairs


def _pairs_by_key(direct: Recording, through: Recording) -> Iterator[Pair]:
    """The events that came on both ways, by id, or by data without one."""
    direct_at_s = dict(_arrivals_by_key(direct))
    clocked = dict(_sent_by_key(direct)), dict(_sent_by_key(through))
    # Two requests at two moments: a live event is compared by the clock of the day, one that is each client's own by
    # the time since its request. Which it is cannot be seen, and so the smaller difference counts.
    began_s = through.began_epoch_s - direct.began_epoch_s
    skew_s = began_s + through.sent_s - direct.sent_s
    for key, at_s in _arrivals_by_key(through):
        if key not in direct_at_s:
            continue
        here_s = direct_at_s[key]
        absolute_s = at_s - here_s + began_s
        if key in clocked[0] and key in clocked[1]:
            delay_s = absolute_s - (clocked[1][key] - clocked[0][key])
        else:
            delay_s = absolute_s if abs(skew_s) < SKEW_S else min(absolute_s, absolute_s - skew_s)
        yield Pair(here_s, here_s + delay_s, delay_s)


def _arrivals_by_key(recording: Recording) -> Iterator[tuple[tuple[str, int], float]]:
    """For each event: its key with a running number among events of the same key, and its arrival time in seconds."""
    counts: Counter[str] = Counter()
    for at_s, event in recording.timed_events:
        key = event.last_event_id or event.data
        counts[key] += 1
        yield (key, counts[key]), at_s


def _sent_by_key(recording: Recording) -> Iterator[tuple[tuple[str, int], float]]:
    """For each live event with a sender's time: its key, and that time in seconds since 1970."""
    sent_by_time = {at: at - lag for at, lag in _lags(recording)}
    if len(sent_by_time) != len(_lags(recording)):  # several came at one moment: by their order
        pattern = pattern_of(recording)
        if len(pattern.at_s) != len(recording.timed_events):
            return
        keys = (key for key, _ in _arrivals_by_key(recording))
        yield from (
            (key, sent + recording.began_epoch_s) for key, sent in zip(keys, pattern.sent_s or (), strict=False)
        )
        return
    for key, at_s in _arrivals_by_key(recording):
        if at_s in sent_by_time:
            yield key, sent_by_time[at_s] + recording.began_epoch_s


def _kept_events(direct: Recording, through: Recording) -> str:
    """The sentence for events that had come direct KEPT_S before the other watching ended, and never came through."""
    if through.ended or through.broken:
        return ""
    received = {key for key, _ in _arrivals_by_key(through)}
    latest_s = through.end_s + through.began_epoch_s - direct.began_epoch_s - KEPT_S
    due = [key for key, at_s in _arrivals_by_key(direct) if at_s < latest_s]
    behind = due[max((place for place, key in enumerate(due) if key in received), default=-1) + 1 :]
    if len(behind) < max(MIN_EVENTS, LATE_SHARE * len(due)):
        return ""
    return f"The hop between them held {counted(len(behind), 'event')} until the end"


def _waits(pairs: Sequence[Pair], apart_s: float) -> tuple[list[float], bool]:
    """How long each event of another answer waited at the hop, in seconds; and whether one lump came after another.

    Another answer may well be slower or faster. But what is held comes late, never early; or it comes in one lump after
    another, where the direct one comes event by event.
    """
    groups = bursts([pair.through_s for pair in pairs], apart_s)
    squeezed_s = [_squeezed(pairs[group[0]], pairs[group[-1]]) for group in groups]
    lumps = [
        len(group) >= MIN_EVENTS and seconds * len(group) / (len(group) - 1) > LATE_S
        for group, seconds in zip(groups, squeezed_s, strict=True)
    ]
    in_lumps = sum(lumps) >= max(MIN_EVENTS, len(groups) / 2)
    waits = []
    for group, seconds in zip(groups, squeezed_s, strict=True):
        last_s = pairs[group[-1]].direct_s
        held = seconds > 0 and (in_lumps or pairs[group[0]].delay_s > seconds / 2)
        waits += [last_s - pairs[place].direct_s if held else 0.0 for place in group]
    return waits, in_lumps


def _squeezed(first: Pair, last: Pair) -> float:
    """How much shorter a lump is behind the hop than the same events are at the server, in seconds."""
    return (last.direct_s - first.direct_s) - (last.through_s - first.through_s)


def _path(pairs: Sequence[Pair], courses: tuple[Course, Course], connecting_s: float) -> float:
    """How much of every delay a longer way explains, in seconds: one that is the same for all, and for the head.

    The hop is no further from the server than both are from us: the two connections took as long as `connecting_s`. Or
    the next event had been sent before the one before it came, again and again, and each came alone: whoever holds an
    event lets it go together with those that came meanwhile.
    """
    delays_s = [pair.delay_s for pair in pairs]
    if max(delays_s) - min(delays_s) > LATE_S:
        return 0.0
    direct, through = courses
    moments = sorted(pair.through_s for pair in pairs)
    gaps_s = [after - before for before, after in pairwise(moments)]
    on_their_way = len(gaps_s) >= MIN_EVENTS and median(gaps_s) < min(delays_s) and min(gaps_s) > median(gaps_s) / 2
    longest_s = PATH_S if on_their_way else connecting_s
    return max(0.0, min(PATH_S, longest_s, through.head_s - direct.head_s))


def _is_held(waits_s: Sequence[float]) -> bool:
    late = [wait_s for wait_s in waits_s if wait_s > LATE_S]
    return len(late) >= max(1, LATE_SHARE * len(waits_s)) and (len(late) > 1 or len(waits_s) < MIN_EVENTS)


def _late_head(direct: Course, through: Course) -> str:
    """The sentence for a head, or a first event, that only the hop makes late; "" if there is none."""
    if through.head_s - direct.head_s <= HEAD_LATE_S:
        return ""
    both = f"after {duration_text(through.head_s)}, and after {duration_text(direct.head_s)} without it"
    return f"{_HEAD_HELD}: it came {both}"
