"""Findings about arrival times: whether something between server and client holds events back, and how."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from itertools import pairwise
from statistics import median, pstdev

from labkit.doctor.diagnosis import Finding, FurtherAnswers
from labkit.doctor.pattern import BURST_GAP_S, ROUNDING_S, Pattern, duration_text, pattern_of, pauses_inside
from labkit.errors import counted
from labkit.recording import Recording
from labkit.recording.decompress import codings

MIN_EVENTS = 4  # with fewer events no pattern can be told from chance
LATE_S = 0.15  # lags that differ by less are the machine's and the network's
LARGEST_LUMP_BYTES = 4 * 65536  # a larger one is no full buffer
PAUSE_S = 0.08  # a pause inside a line; a slow connection pauses for less
BUFFER_SIZES = (65536, 32768, 16384, 8192, 4096, 2048, 1024, 512)
CORK_S = (0.15, 0.30)
CORK_EXACT_S = 0.015
CORK_SPREAD_S = 0.05  # events of one lump waited for unlike times
AT_ONCE_S = 0.1  # an event that was sent so soon after the request was sent because of it
DATE_S = 1.2  # a Date names whole seconds, and some servers make it once a second
LATE_ALL_S = (1.0, 60.0)  # below, it may be the clock; above, a recording is played
HEAD_S = 0.5
GZIP_HEAD_BYTES = 10  # RFC 1952, 2.3
GZIP_WAIT_S = 2.0
COLD_START_S = 2.0  # the first request after a start loads what a framework needs
MIN_GAPS = 3
QUERY_S = 0.1
LONGEST_HOLD_S = 1.4


def look_at_arrivals(raw: Recording, readable: Recording, further: FurtherAnswers) -> list[Finding]:
    """The findings about arrival times: at most one way in which events are held back, and headers that come late.

    Args:
        raw: the response as it arrived.
        readable: the same with its compression undone.
        further: what the further requests brought.
    """
    finding = _find_cause(readable)
    if codings(raw.headers.get("content-encoding", "")):
        finding = _find_compression(raw, readable, finding, further)
    return ([finding] if finding is not None else []) + _find_late_head(raw, readable, further)


def look_at_missing_head(raw: Recording, further: FurtherAnswers) -> Iterator[Finding]:
    """The findings about an answer of which not even the head came: what holds it, by what else is answered there.

    Nothing where that cannot be told: the port may speak no HTTP.
    """
    sentence = f"no head within {duration_text(raw.end_s - raw.sent_s)}"
    plain, port = further.uncompressed, further.port
    if plain is not None and plain.status:
        came = f"the head came after {duration_text(plain.head_s - plain.sent_s)}, and {plain.count_text}"
        yield Finding("compression-holds", f"{sentence}; asked for without compression, {came}")
    elif port is not None and port.http:
        yield Finding("head-held", f"{sentence}, while another request was answered: {port.http}")
    elif port is not None and port.front:
        yield Finding(
            "worker-busy", f"{sentence}; what is no request is refused at once, and another request waits too"
        )
    elif port is not None and port.after_leaving:
        yield Finding(
            "worker-busy",
            f"{sentence}, and no answer to another request; when ours was over, one was answered: {port.after_leaving}",
        )
    elif port is not None and not port.reads:
        yield Finding(
            "worker-busy", f"{sentence}, nor an answer to another request, and nobody noticed that we hung up"
        )
    elif further.direct is not None and further.direct.status:
        yield Finding("head-held", f"{sentence}; the server itself sends it")


def _find_compression(
    raw: Recording, readable: Recording, finding: Finding | None, further: FurtherAnswers
) -> Finding | None:
    """Whether it is the compression that holds them: by what came of the same without it."""
    header = f"Content-Encoding: {raw.headers['content-encoding']}"
    plain = further.uncompressed
    if not readable.events and plain is not None and plain.events:
        count = len(plain.events)
        return Finding("compression-holds", f"{header}, and no event; asked for without compression, {count} came")
    if finding is None and not readable.body and _is_waiting_gzip(raw):
        came = f"{header}, and in {duration_text(raw.end_s - raw.arrivals[0].at_s)} nothing but {len(raw.body)} bytes"
        return Finding(
            "compression-holds", f"{came}, with which every gzip text begins: no event was flushed", "warning"
        )
    if finding is None:
        return None
    plain_finding = _find_cause(plain) if plain is not None else None
    if plain_finding is not None:
        return plain_finding
    comparison = "; asked for without compression, they come at once" if plain is not None else ""
    return Finding("compression-holds", f"{header}, and {finding.evidence}{comparison}")


def _is_waiting_gzip(raw: Recording) -> bool:
    """Whether the head of a gzip text came, and nothing behind it. It is written with the first event that goes in."""
    waited_s = raw.end_s - raw.arrivals[0].at_s if raw.arrivals else 0.0
    return len(raw.body) == GZIP_HEAD_BYTES and raw.body.startswith(b"\x1f\x8b") and waited_s > GZIP_WAIT_S


def _find_cause(readable: Recording) -> Finding | None:
    pattern = pattern_of(readable)
    if len(pattern.at_s) < MIN_EVENTS:
        return None
    finders = (_find_held_to_the_end, _find_full_buffers)
    # A stream that is still open, and stopped inside a line, waits for the next full buffer, not for the end.
    first, second = finders if readable.ended else finders[::-1]
    finding = first(readable, pattern) or second(readable, pattern)
    if finding is None and pattern.sent_s is None:
        return _find_batches(pattern)
    if finding is None and not pattern.coarse_s:
        finding = _find_one_late(pattern, pattern.sent_s or []) or _find_corked(readable, pattern)
    return finding or _find_lumps(pattern, pattern.sent_s or []) or _find_always_late(readable, pattern)


def _find_held_to_the_end(readable: Recording, pattern: Pattern) -> Finding | None:
    if len(pattern.groups) > 1:
        return None
    at_s, count = pattern.at_s[0], counted(len(pattern.at_s), "event")
    arrival_text = f"came together, {at_s - readable.sent_s:.2g} s after the request"
    if pattern.sent_s is not None:
        span_s = pattern.sent_s[-1] - pattern.sent_s[0]
        if span_s - (pattern.at_s[-1] - at_s) > LATE_S + pattern.coarse_s:
            evidence = f"{count} that were sent over {span_s:.2g} s {arrival_text}"
            return Finding("held-to-the-end" if readable.ended else "held", evidence)
        return None
    nothing_before = all(arrival.at_s > at_s - BURST_GAP_S for arrival in readable.arrivals)
    if readable.ended and at_s > 1.0 and nothing_before and readable.end_s - pattern.at_s[-1] < BURST_GAP_S:
        evidence = f"{count} {arrival_text}, with the end; they carry no time of the sender"
        return Finding("held-to-the-end", evidence, "warning")
    return None


def _find_full_buffers(readable: Recording, pattern: Pattern) -> Finding | None:
    """A stream that pauses inside lines: no application does, and a buffer of bytes does."""
    pauses = pauses_inside(readable, PAUSE_S)
    if not pauses or (pattern.sent_s is not None and pattern.spread_s < BURST_GAP_S):
        return None
    steps = [after - before for (before, _), (after, _) in pairwise(pauses)]
    size = next((size for size in BUFFER_SIZES if steps and all(step % size == 0 for step in steps)), None)
    lumps = len(pattern.at_s) / len(pattern.groups)
    if size is None and (lumps < 2 or len(readable.body) > LARGEST_LUMP_BYTES * (len(pauses) + 1)):
        return None  # who reads a torrent stops where the reader does
    times = "once" if len(pauses) == 1 else f"{len(pauses)} times"
    evidence = (
        f"{times} the stream stopped inside a line, for {duration_text(median(seconds for _, seconds in pauses))}"
    )
    if size is not None:
        evidence += f", and went on after a multiple of {size:,} bytes"
    if lumps >= 2:
        evidence += f"; events came in lumps of {lumps:.0f}"
    return Finding("full-buffers", evidence)


def _find_one_late(pattern: Pattern, sent_s: list[float]) -> Finding | None:
    """Each came when the next was sent. Where the clocks are not one, only uneven intervals can show that."""
    delays_s = [at - sent for at, sent in zip(pattern.at_s, sent_s[1:], strict=False)]
    intervals = [after - before for before, after in pairwise(sent_s)]
    if len(pattern.groups) <= len(delays_s) / 2:
        return None
    lag_s = median(pattern.lags_s)
    if pattern.same_clock:
        is_one_late = median(map(abs, delays_s)) < min(0.02, median(intervals) / 3) and lag_s > 0.035
    else:
        is_one_late = pstdev(delays_s) < pstdev(intervals) / 3 and pstdev(intervals) > 0.03
        lag_s = median(intervals)
    if not is_one_late:
        return None
    return Finding(
        "one-late", f"each of {len(delays_s)} events came when the next was sent, {duration_text(lag_s)} late"
    )


def _find_corked(readable: Recording, pattern: Pattern) -> Finding | None:
    """The first event of each lump is late by the timer of a cork, and none later.

    Where no two events came together, all of them are late by the same time: so are those of a clock that is behind,
    and of a long way. Only an event that was sent just when we asked shows that the two clocks agree.
    """
    shortest_s, longest_s = CORK_S
    if max(pattern.lags_s) > longest_s or pattern.first_lag_s < shortest_s:
        return None
    evidence = f"the first event of each lump is {duration_text(pattern.first_lag_s)} late, none later"
    firsts_s = [pattern.lags_s[group[0]] for group in pattern.groups]
    uneven_s = median(abs(lag_s - pattern.first_lag_s) for lag_s in firsts_s)
    inside_s = [pattern.lags_s[group[0]] - pattern.lags_s[group[-1]] for group in pattern.groups]
    set_free = readable.ended and firsts_s[-1] < pattern.first_lag_s - CORK_SPREAD_S  # by the end
    if set_free or sum(seconds > CORK_SPREAD_S for seconds in inside_s) >= min(2, len(inside_s)):
        # A timer is exact; a path whose length varies is not.
        return Finding("corked", evidence) if uneven_s < CORK_EXACT_S else None
    if uneven_s > CORK_EXACT_S:
        return None
    if -ROUNDING_S < (pattern.sent_s or [0.0])[0] - readable.sent_s < AT_ONCE_S:
        return Finding("corked", f"each event is {duration_text(pattern.first_lag_s)} late, and the clocks agree")
    return Finding("corked", f"{evidence}, unless the sender's clock is behind by as much", "note")


def _find_lumps(pattern: Pattern, sent_s: list[float]) -> Finding | None:
    """Lags that fall within a lump: sent one by one, and arrived together."""
    waited_s = [pattern.lags_s[group[0]] - pattern.lags_s[group[-1]] for group in pattern.groups]
    long_waits_s = [wait_s for wait_s in waited_s if wait_s > LATE_S + pattern.coarse_s]
    if not long_waits_s:
        return None
    share = f"in {len(long_waits_s)} of {counted(len(waited_s), 'lump')}"
    longest = duration_text(max(long_waits_s))
    evidence = f"{share} the first event came up to {longest} later than the last, by the sender's clock"
    # One lump among many is a hiccup of the network, or a moment at which the sender was busy.
    often = len(long_waits_s) >= 2 and len(long_waits_s) * 4 >= len(waited_s)
    first_lags_s = [pattern.lags_s[group[0]] for group in pattern.groups]
    if often and _is_timetable([pattern.at_s[group[0]] for group in pattern.groups], first_lags_s):
        return Finding("held", f"{evidence}; they come by a timetable, as where a server asks its database", "note")
    return Finding("held", evidence, None if often else "note")


def _is_timetable(starts_s: list[float], first_lags_s: list[float]) -> bool:
    """Whether lumps come at a round interval, in whole or half seconds: a server that polls or samples does that. Where
    it sleeps between its questions, what each of them takes is added.

    What holds for a time on the way begins to count when the first event comes: that one waits the same time in each
    lump, but for the first lump, which begins before, and the last, which the end sets free. Nothing is known that
    holds for longer than LONGEST_HOLD_S.
    """
    gaps_s = [after - before for before, after in pairwise(starts_s)]
    if len(gaps_s) < 2:
        return False
    usual_s = median(gaps_s)
    round_s = int((usual_s + 0.02) * 2) / 2
    is_round = round_s >= 0.5 and usual_s - round_s < QUERY_S and pstdev(gaps_s) < 0.03
    varied = len(gaps_s) >= MIN_GAPS and pstdev(first_lags_s[1:-1]) > 0.02
    return is_round and (usual_s > LONGEST_HOLD_S or varied)


def _find_always_late(readable: Recording, pattern: Pattern) -> Finding | None:
    """One by one, and each of them late by seconds, or later and later: where the clock is this machine's own."""
    shortest_s, longest_s = LATE_ALL_S
    behind_s = _clock_behind_s(readable)
    lags_s = [lag_s - behind_s for lag_s in pattern.lags_s]
    newest_s = lags_s[len(lags_s) // 2 :]
    together = len(pattern.groups) * 2 < len(lags_s)
    falls = lags_s[-1] < 0.7 * max(lags_s)  # history, played before what is new
    if not pattern.same_clock or together or falls or not all(shortest_s < lag_s < longest_s for lag_s in newest_s):
        return None
    if readable.head_s - readable.sent_s > shortest_s / 2:
        return None  # a long way, or a head that is held
    if lags_s[-1] - lags_s[0] > shortest_s:
        return Finding("always-late", f"{duration_text(lags_s[0])} late at first, {duration_text(lags_s[-1])} at last")
    return Finding("always-late", f"each of {len(lags_s)} events is some {duration_text(median(newest_s))} late")


def _clock_behind_s(readable: Recording) -> float:
    """How far the sender's clock is behind ours, in seconds, by the Date of its head; 0 where that may be rounding."""
    try:
        dated_s = parsedate_to_datetime(readable.headers.get("date", "")).timestamp()
    except ValueError:
        return 0.0
    behind_s = readable.began_epoch_s + readable.head_s - dated_s
    return behind_s if behind_s > DATE_S else 0.0


def _find_batches(pattern: Pattern) -> Finding | None:
    """Lumps without a clock: it may as well be the server that makes batches."""
    starts = [pattern.at_s[group[0]] for group in pattern.groups]
    gaps = [after - before for before, after in pairwise(starts)]
    crowded = median(len(group) for group in pattern.groups) >= 2
    if len(gaps) < 4 or not crowded or not 0.19 < median(gaps) < 0.45 or pstdev(gaps) > 0.03:
        return None
    evidence = f"events come in lumps, one every {duration_text(median(gaps))}, and carry no time of the sender"
    return Finding("corked", evidence, "note")


def _find_late_head(raw: Recording, readable: Recording, further: FurtherAnswers) -> list[Finding]:
    """A head that came with the first event. (With a comment, or for a POST, it is the server that took its time.)"""
    waited_s = raw.head_s - raw.sent_s
    if further.posted or waited_s < HEAD_S or not readable.timed_events:
        return []
    first_bytes_s, first_event_s = readable.arrivals[0].at_s, readable.timed_events[0][0]
    if first_event_s - raw.head_s > BURST_GAP_S or first_event_s > first_bytes_s or readable.body[:1] == b":":
        return []
    evidence = f"the headers came {waited_s:.2g} s after the request, together with the first event"
    moments = [at for at, _ in readable.timed_events]
    usual_s = max((after - before for before, after in pairwise(moments)), default=waited_s)
    # Who waits for the first event waits for about as long as for the next ones. Else a server may just have begun.
    may_be_cold = waited_s < COLD_START_S and waited_s > 1.5 * usual_s + HEAD_S / 5
    return [Finding("head-late", evidence, "note" if may_be_cold else None)]
