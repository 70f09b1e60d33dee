"""When events came: whether something holds them back, and in which of the known ways."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median, pstdev

from labkit.doctor.model import Finding, More
from labkit.measure import Recording, bursts, sender_times
from labkit.wire import Event

FEWEST = 4  # with fewer events no pattern can be told from chance
APART_S = 0.05  # what comes within this came together
LATE_S = 0.15  # lags that differ by less are the machine's and the network's
PAUSE_S = 0.08  # a pause inside an event; a slow line pauses for less
BUFFER_SIZES = (65536, 32768, 16384, 8192, 4096, 2048, 1024)
CORK_S = (0.15, 0.30)


@dataclass(frozen=True, slots=True)
class Arriving:
    """The events' arrivals, in seconds after the request, and when their sender says that it sent them, if it does."""

    at_s: list[float]
    sent_s: list[float] | None

    @property
    def groups(self) -> list[list[int]]:
        """The places of those that came together."""
        return bursts(self.at_s, APART_S)

    @property
    def lags_s(self) -> list[float]:
        """How late each was, if both clocks agree; empty without the sender's clock."""
        return [at - sent for at, sent in zip(self.at_s, self.sent_s or [], strict=False)]


def arriving(recording: Recording) -> Arriving:
    """The live events of a readable recording: without those that were sent before it began, which are a replay."""
    timed = recording.timed_events
    texts = [event.data for _, event in timed]
    began_s = recording.began_epoch_s
    epochs = sender_times(texts, began_s)
    at_s = [at for at, _ in timed]
    if epochs is None:
        return Arriving(at_s, None)
    sent_s = [epoch - began_s for epoch in epochs]
    live = [place for place, sent in enumerate(sent_s) if sent > -0.5]
    if not live:  # an old recording, or clocks that do not agree: then only differences count
        live = list(range(len(sent_s)))
    return Arriving([at_s[place] for place in live], [sent_s[place] for place in live])


def look_at_arrivals(raw: Recording, readable: Recording, more: More) -> list[Finding]:
    """The one way in which events are held back, or none; and headers that come late."""
    found = _held(raw, readable)
    encoding = raw.headers.get("content-encoding", "identity")
    if found is not None and encoding != "identity":
        plain = _held(more.uncompressed, more.uncompressed) if more.uncompressed is not None else None
        if plain is None:
            asked = "; asked for without compression, they come at once" if more.uncompressed is not None else ""
            found = Finding("compression-holds", f"Content-Encoding: {encoding}, and {found.evidence}{asked}")
        else:
            found = plain
    return ([found] if found is not None else []) + _head_late(raw, readable)


def _held(raw: Recording, readable: Recording) -> Finding | None:
    pattern = arriving(readable)
    if len(pattern.at_s) < FEWEST:
        return None
    return (
        _all_at_the_end(readable, pattern)
        or _full_buffers(raw, readable, pattern)
        or _one_late(pattern)
        or _corked(pattern)
        or _lumps(pattern)
    )


def _one_late(pattern: Arriving) -> Finding | None:
    if pattern.sent_s is None:
        return None
    behind = [abs(at - sent) for at, sent in zip(pattern.at_s, pattern.sent_s[1:], strict=False)]
    intervals = [after - before for before, after in pairwise(pattern.sent_s)]
    lag_s = median(pattern.lags_s)
    # Each came when the next was sent, and the events were far enough apart to tell.
    if median(behind) < min(0.02, median(intervals) / 3) and lag_s > 0.035 and len(pattern.groups) > len(behind) / 2:
        return Finding("one-late", f"each of {len(behind)} events came when the next was sent, {_ms(lag_s)} late")
    return None


def _all_at_the_end(readable: Recording, pattern: Arriving) -> Finding | None:
    if len(pattern.groups) > 1:
        return None
    at_s, count = pattern.at_s[0], len(pattern.at_s)
    if pattern.sent_s is not None:
        span_s = pattern.sent_s[-1] - pattern.sent_s[0]
        if span_s - (pattern.at_s[-1] - at_s) > LATE_S:
            took = f"{count} events that were sent over {span_s:.2g} s came together, {at_s:.2g} s after the request"
            return Finding("held-to-the-end" if readable.ended else "held", took)
    elif readable.ended and at_s > 1.0 and readable.end_s - pattern.at_s[-1] < APART_S:
        took = f"{count} events came together, {at_s:.2g} s after the request, with the end"
        return Finding("held-to-the-end", f"{took}; they carry no time of the sender", "warning")
    return None


def _full_buffers(raw: Recording, readable: Recording, pattern: Arriving) -> Finding | None:
    """A stream that pauses inside events: no application does, and a buffer of bytes does."""
    pauses = _pauses_inside(readable)
    if not pauses or (pattern.sent_s is not None and max(pattern.lags_s) - min(pattern.lags_s) < APART_S):
        return None
    offsets = [offset for offset, _ in (_pauses_inside(raw) if raw is readable else pauses)]
    steps = [after - before for before, after in pairwise(offsets)]
    size = next((size for size in BUFFER_SIZES if steps and all(step % size == 0 for step in steps)), None)
    lumps = len(pattern.at_s) / len(pattern.groups)
    if size is None and lumps < 2:
        return None
    evidence = f"{len(pauses)} times the stream stopped inside an event, for {_ms(median(s for _, s in pauses))}"
    if size is not None:
        evidence += f", and went on after a multiple of {size:,} bytes"
    if lumps >= 2:
        evidence += f"; events came in lumps of {lumps:.0f}"
    return Finding("full-buffers", evidence)


def _pauses_inside(recording: Recording) -> list[tuple[int, float]]:
    """Where in the body the stream stopped without a blank line before, and for how many seconds."""
    pauses, offset, body = [], 0, recording.body
    for here, after in pairwise(recording.arrivals):
        offset += len(here.data)
        pause_s = after.at_s - here.at_s
        if pause_s > PAUSE_S and not body[:offset].endswith((b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n")):
            pauses.append((offset, pause_s))
    return pauses


def _corked(pattern: Arriving) -> Finding | None:
    shortest_s, longest_s = CORK_S
    if pattern.sent_s is not None:
        steady = [lag for lag in pattern.lags_s if lag < longest_s]
        waited_s = max(pattern.lags_s)
        if len(steady) == len(pattern.lags_s) and waited_s > shortest_s and _first_waits(pattern, shortest_s):
            return Finding("corked", f"the first event of each lump is {_ms(_first_lag(pattern))} late, none later")
        return None
    starts = [pattern.at_s[group[0]] for group in pattern.groups]
    gaps = [after - before for before, after in pairwise(starts)]
    crowded = median(len(group) for group in pattern.groups) >= 2
    if len(gaps) >= 4 and crowded and 0.19 < median(gaps) < 0.45 and pstdev(gaps) < 0.03:
        # It may as well be the server that makes batches.
        evidence = f"events come in lumps, one every {_ms(median(gaps))}, and carry no time of the sender"
        return Finding("corked", evidence, "note")
    return None


def _first_lag(pattern: Arriving) -> float:
    return median(pattern.lags_s[group[0]] for group in pattern.groups)


def _first_waits(pattern: Arriving, seconds: float) -> bool:
    return _first_lag(pattern) > seconds


def _lumps(pattern: Arriving) -> Finding | None:
    """Lags that differ widely within a lump: sent one by one, and arrived together."""
    if pattern.sent_s is None:
        return None
    waited_s = [pattern.lags_s[group[0]] - pattern.lags_s[group[-1]] for group in pattern.groups]
    if max(waited_s) < LATE_S:
        return None
    lumps = sum(waited > LATE_S for waited in waited_s)
    evidence = (
        f"in {lumps} of {len(waited_s)} lumps the first event came up to {_ms(max(waited_s))} later than the last"
    )
    return Finding("held", f"{evidence}, by the sender's clock")


def _head_late(raw: Recording, readable: Recording) -> list[Finding]:
    first_s = next((arrival.at_s for arrival in raw.arrivals), None)
    if first_s is None or raw.head_s < 0.5 or first_s - raw.head_s > APART_S:
        return []
    return [Finding("head-late", f"the headers came after {raw.head_s:.2g} s, together with the first data")]


def _key(event: Event) -> str:
    return event.last_event_id or event.data


def compare(direct: Recording, through: Recording) -> tuple[bool, str]:
    """Whether the hop between holds events back, and a sentence that says how long, told by the same events in both.

    Both are readable recordings of streams that were asked for at the same time.
    """
    first = {_key(event): at_s for at_s, event in direct.timed_events}
    both = [(first[_key(event)], at_s) for at_s, event in through.timed_events if _key(event) in first]
    later = [at_s - first_s for first_s, at_s in both]
    lumps = [len(bursts([moments[side] for moments in both], APART_S)) for side in (0, 1)]
    seen = f"direct: {len(direct.events)} events, through: {len(through.events)}"
    if both:
        seen += f", on both: {len(both)}, in {lumps[0]} and in {lumps[1]} bursts"
    if not first:
        return False, f"{seen}. Nothing to compare: the direct stream brought no event"
    if not through.events:
        return True, f"{seen}. The hop between them held everything for as long as was watched"
    if not later:
        return False, f"{seen}. No event came on both: they cannot be compared"
    if median(later) > LATE_S or max(later) > 2 * LATE_S or lumps[0] > 2 * lumps[1]:
        late = f"{_ms(median(later))} in the middle, {_ms(max(later))} at most"
        return True, f"{seen}. The hop between them holds events back: {late}"
    return False, f"{seen}. The hop between them adds {_ms(max(0.0, median(later)))}: nothing is held there"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 9.95 else f"{seconds:.0f} s"


def longest_silence(recording: Recording) -> float:
    """The longest time without a byte, in seconds, from the head to the end of watching."""
    moments: list[float] = [recording.head_s, *(arrival.at_s for arrival in recording.arrivals), recording.end_s]
    return max((after - before for before, after in pairwise(moments)), default=0.0)
