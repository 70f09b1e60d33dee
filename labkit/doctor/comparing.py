"""Compares a stream as it comes from the server with the same stream through a proxy: does the proxy hold it back?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from statistics import median

from labkit.doctor.arrival import LATE_S
from labkit.doctor.pattern import BURST_GAP_S, duration_text
from labkit.errors import counted
from labkit.recording import Recording, bursts


def compare(direct: Recording, through: Recording, same_events: bool = True) -> tuple[bool, str]:
    """Whether the hop between holds events back, and a sentence that says by how much.

    Args:
        direct, through: readable recordings of the stream at the server and behind the hop, taken at the same time.
        same_events: True matches events by id, or by data without one. False matches them by number: use it where each
            request has an answer of its own.
    """
    direct_at_s = dict(_arrivals_by_key(direct, same_events))
    pairs = [(direct_at_s[key], at_s) for key, at_s in _arrivals_by_key(through, same_events) if key in direct_at_s]
    summary = f"direct: {counted(len(direct.events), 'event')}, through: {len(through.events)}"
    if not direct_at_s:
        return False, f"{summary}. Nothing to compare: the direct stream brought no event"
    if not through.events:
        return True, f"{summary}. The hop between them held everything for as long as was watched"
    if not pairs:
        return False, f"{summary}. No event came on both: they cannot be compared"
    delays_s = [at_s - direct_s for direct_s, at_s in pairs]
    lumps = [len(bursts([moments[side] for moments in pairs], BURST_GAP_S)) for side in (0, 1)]
    summary += f", on both: {len(pairs)}, in {lumps[0]} and in {counted(lumps[1], 'burst')}"
    is_late = median(delays_s) > LATE_S or max(delays_s) > 2 * LATE_S
    if lumps[0] > 2 * lumps[1] or (is_late and same_events):
        delay = f"{duration_text(median(delays_s))} in the middle, {duration_text(max(delays_s))} at most"
        return True, f"{summary}. The hop between them holds events back: {delay}"
    if not same_events:
        return False, f"{summary}. Each answer is another: only their patterns can be compared, and those are alike"
    return (
        False,
        f"{summary}. The hop between them adds {duration_text(max(0.0, median(delays_s)))}: nothing is held there",
    )


def _arrivals_by_key(recording: Recording, same_events: bool) -> Iterator[tuple[tuple[str, int], float]]:
    """For each event: its key with a running number among events of the same key, and its arrival time in seconds."""
    counts: Counter[str] = Counter()
    for at_s, event in recording.timed_events:
        key = (event.last_event_id or event.data) if same_events else ""
        counts[key] += 1
        yield (key, counts[key]), at_s
