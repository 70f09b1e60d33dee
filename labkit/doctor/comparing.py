"""The same stream twice, directly and through what stands before it: which of the two holds it?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from statistics import median

from labkit.doctor.arrival import LATE_S
from labkit.doctor.pattern import APART_S, in_ms
from labkit.recording import Recording, bursts


def compare(direct: Recording, through: Recording, same_events: bool = True) -> tuple[bool, str]:
    """Whether the hop between holds events back, and a sentence that says how long.

    Both are readable recordings of streams that were asked for at the same time. Events are matched by id or data; with
    `same_events` False (each request has an answer of its own) by their number alone.
    """
    first = dict(_keyed(direct, same_events))
    both = [(first[key], at_s) for key, at_s in _keyed(through, same_events) if key in first]
    summary = f"direct: {len(direct.events)} events, through: {len(through.events)}"
    if not first:
        return False, f"{summary}. Nothing to compare: the direct stream brought no event"
    if not through.events:
        return True, f"{summary}. The hop between them held everything for as long as was watched"
    if not both:
        return False, f"{summary}. No event came on both: they cannot be compared"
    later = [at_s - first_s for first_s, at_s in both]
    lumps = [len(bursts([moments[side] for moments in both], APART_S)) for side in (0, 1)]
    summary += f", on both: {len(both)}, in {lumps[0]} and in {lumps[1]} bursts"
    late = median(later) > LATE_S or max(later) > 2 * LATE_S
    if lumps[0] > 2 * lumps[1] or (late and same_events):
        much = f"{in_ms(median(later))} in the middle, {in_ms(max(later))} at most"
        return True, f"{summary}. The hop between them holds events back: {much}"
    if not same_events:
        return False, f"{summary}. Each answer is another: only their patterns can be compared, and those are alike"
    return False, f"{summary}. The hop between them adds {in_ms(max(0.0, median(later)))}: nothing is held there"


def _keyed(recording: Recording, same_events: bool) -> Iterator[tuple[tuple[str, int], float]]:
    """Each event's key, with the how-manieth of its kind it is, and when it arrived."""
    counted: Counter[str] = Counter()
    for at_s, event in recording.timed_events:
        key = (event.last_event_id or event.data) if same_events else ""
        counted[key] += 1
        yield (key, counted[key]), at_s
