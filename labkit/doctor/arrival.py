"""When events came: whether something holds them back, and in which of the known ways."""

from __future__ import annotations

from itertools import pairwise
from statistics import median, pstdev

from labkit.doctor.diagnosis import Finding, FurtherAnswers
from labkit.doctor.pattern import APART_S, Pattern, in_ms, pattern_of, pauses_inside
from labkit.recording import Recording

FEWEST = 4  # with fewer events no pattern can be told from chance
LATE_S = 0.15  # lags that differ by less are the machine's and the network's
PAUSE_S = 0.08  # a pause inside a line; a slow connection pauses for less
BUFFER_SIZES = (65536, 32768, 16384, 8192, 4096, 2048, 1024, 512)
CORK_S = (0.15, 0.30)
HEAD_S = 0.5


def look_at_arrivals(raw: Recording, readable: Recording, further: FurtherAnswers) -> list[Finding]:
    """The one way in which events are held back, or none; and headers that come late."""
    found = _held(readable)
    if raw.headers.get("content-encoding", "identity") != "identity":
        found = _compressed(raw, readable, found, further)
    return ([found] if found is not None else []) + _head_late(raw, readable, further)


def _compressed(raw: Recording, readable: Recording, found: Finding | None, further: FurtherAnswers) -> Finding | None:
    """Whether it is the compression that holds them: by what came of the same without it."""
    header = f"Content-Encoding: {raw.headers['content-encoding']}"
    plain = further.uncompressed
    if not readable.events and plain is not None and plain.events:
        count = len(plain.events)
        return Finding("compression-holds", f"{header}, and no event; asked for without compression, {count} came")
    if found is None:
        return None
    without = _held(plain) if plain is not None else None
    if without is not None:
        return without
    comparison = "; asked for without compression, they come at once" if plain is not None else ""
    return Finding("compression-holds", f"{header}, and {found.evidence}{comparison}")


def _held(readable: Recording) -> Finding | None:
    pattern = pattern_of(readable)
    if len(pattern.at_s) < FEWEST:
        return None
    found = _all_at_the_end(readable, pattern) or _full_buffers(readable, pattern)
    if found is None and pattern.sent_s is None:
        return _batches(pattern)
    if found is None and not pattern.coarse_s:
        found = _one_late(pattern, pattern.sent_s or []) or _corked(pattern)
    return found or _lumps(pattern, pattern.sent_s or [])


def _all_at_the_end(readable: Recording, pattern: Pattern) -> Finding | None:
    if len(pattern.groups) > 1:
        return None
    at_s, count = pattern.at_s[0], len(pattern.at_s)
    together = f"came together, {at_s:.2g} s after the request"
    if pattern.sent_s is not None:
        span_s = pattern.sent_s[-1] - pattern.sent_s[0]
        if span_s - (pattern.at_s[-1] - at_s) > LATE_S + pattern.coarse_s:
            took = f"{count} events that were sent over {span_s:.2g} s {together}"
            return Finding("held-to-the-end" if readable.ended else "held", took)
        return None
    nothing_before = all(arrival.at_s > at_s - APART_S for arrival in readable.arrivals)
    if readable.ended and at_s > 1.0 and nothing_before and readable.end_s - pattern.at_s[-1] < APART_S:
        took = f"{count} events {together}, with the end; they carry no time of the sender"
        return Finding("held-to-the-end", took, "warning")
    return None


def _full_buffers(readable: Recording, pattern: Pattern) -> Finding | None:
    """A stream that pauses inside lines: no application does, and a buffer of bytes does."""
    pauses = pauses_inside(readable, PAUSE_S)
    if not pauses or (pattern.sent_s is not None and pattern.spread_s < APART_S):
        return None
    steps = [after - before for (before, _), (after, _) in pairwise(pauses)]
    size = next((size for size in BUFFER_SIZES if steps and all(step % size == 0 for step in steps)), None)
    lumps = len(pattern.at_s) / len(pattern.groups)
    if size is None and lumps < 2:
        return None
    times = "once" if len(pauses) == 1 else f"{len(pauses)} times"
    evidence = f"{times} the stream stopped inside a line, for {in_ms(median(seconds for _, seconds in pauses))}"
    if size is not None:
        evidence += f", and went on after a multiple of {size:,} bytes"
    if lumps >= 2:
        evidence += f"; events came in lumps of {lumps:.0f}"
    return Finding("full-buffers", evidence)


def _one_late(pattern: Pattern, sent_s: list[float]) -> Finding | None:
    """Each came when the next was sent. Where the clocks are not one, only uneven intervals can show that."""
    behind = [at - sent for at, sent in zip(pattern.at_s, sent_s[1:], strict=False)]
    intervals = [after - before for before, after in pairwise(sent_s)]
    if len(pattern.groups) <= len(behind) / 2:
        return None
    lag_s = median(pattern.lags_s)
    if pattern.same_clock:
        shown = median(map(abs, behind)) < min(0.02, median(intervals) / 3) and lag_s > 0.035
    else:
        shown = pstdev(behind) < pstdev(intervals) / 3 and pstdev(intervals) > 0.03
        lag_s = median(intervals)
    if not shown:
        return None
    return Finding("one-late", f"each of {len(behind)} events came when the next was sent, {in_ms(lag_s)} late")


def _corked(pattern: Pattern) -> Finding | None:
    shortest_s, longest_s = CORK_S
    if max(pattern.lags_s) > longest_s or pattern.first_lag_s < shortest_s:
        return None
    return Finding("corked", f"the first event of each lump is {in_ms(pattern.first_lag_s)} late, none later")


def _lumps(pattern: Pattern, sent_s: list[float]) -> Finding | None:
    """Lags that fall within a lump: sent one by one, and arrived together."""
    waited_s = [pattern.lags_s[group[0]] - pattern.lags_s[group[-1]] for group in pattern.groups]
    late = [waited for waited in waited_s if waited > LATE_S + pattern.coarse_s]
    if not late:
        return None
    where = f"in {len(late)} of {len(waited_s)} lumps"
    evidence = f"{where} the first event came up to {in_ms(max(late))} later than the last, by the sender's clock"
    # One lump among many is a hiccup of the network, or a moment at which the sender was busy.
    return Finding("held", evidence, None if len(late) >= 2 and len(late) * 4 >= len(waited_s) else "note")


def _batches(pattern: Pattern) -> Finding | None:
    """Lumps without a clock: it may as well be the server that makes batches."""
    starts = [pattern.at_s[group[0]] for group in pattern.groups]
    gaps = [after - before for before, after in pairwise(starts)]
    crowded = median(len(group) for group in pattern.groups) >= 2
    if len(gaps) < 4 or not crowded or not 0.19 < median(gaps) < 0.45 or pstdev(gaps) > 0.03:
        return None
    evidence = f"events come in lumps, one every {in_ms(median(gaps))}, and carry no time of the sender"
    return Finding("corked", evidence, "note")


def _head_late(raw: Recording, readable: Recording, further: FurtherAnswers) -> list[Finding]:
    """A head that came with the first event. (With a comment, or for a POST, it is the server that took its time.)"""
    waited_s = raw.head_s - raw.sent_s
    if further.posted or waited_s < HEAD_S or not readable.timed_events:
        return []
    first_bytes_s, first_event_s = readable.arrivals[0].at_s, readable.timed_events[0][0]
    if first_event_s - raw.head_s > APART_S or first_event_s > first_bytes_s:
        return []
    return [Finding("head-late", f"the headers came {waited_s:.2g} s after the request, together with the first event")]
