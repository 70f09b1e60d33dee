"""Whether readers that are cut off receive what others receive."""

from __future__ import annotations

import time
from dataclasses import replace

from labkit.doctor import Finding
from labkit.doctor.diagnosis import with_products
from labkit.errors import counted
from labkit.faults.fault import How
from labkit.recording import Recording
from labkit.testing.comparison import look_at_attempt
from labkit.testing.cuts import At, CutAttempt, cuts_of, place_of, read_with_cuts
from labkit.testing.reader import Asked, EventReader

LATE_S = 0.5  # an event that came so short before the end may be on its way to the other reader


async def find_loss(
    asked: Asked, at: At, body: bytes, how: How, seconds: float, needs_all: bool
) -> Finding | str | None:
    """What the cuts cost: a finding, or a sentence where there was nothing to compare; None if they cost nothing.

    Args:
        asked: the request.
        at: where it is cut, as in Endpoint.survives_cut().
        body: the beginning of the body, where `at` speaks of every event or byte.
        how: how it is cut.
        seconds: how long the readers read, at most.
        needs_all: whether each cut must take place; else one of them is enough.
    """
    cuts = [replace(cut, how=how) if how != "fin" else cut for cut in cuts_of(at, body)]
    if not cuts:
        return "no event came"
    reference, attempts = await read_with_cuts(asked, cuts, 2 * seconds)
    late_s = time.monotonic() - LATE_S
    if (problem := _nothing_to_compare(reference, attempts, needs_all, seconds)) is not None:
        return problem
    findings = (look_at_attempt(attempt, reference, late_s) for attempt in attempts if attempt.reached)
    found = [finding for finding in findings if finding is not None][:1]
    # What seems to answer chooses the remedy that is shown.
    answer = Recording(200, headers=reference.response_headers, url=asked.url)
    return next(iter(with_products(found, answer)), None)


def _nothing_to_compare(
    reference: EventReader, attempts: list[CutAttempt], needs_all: bool, seconds: float
) -> Finding | str | None:
    if reference.problem is not None:
        return f"without any cut it fails: {reference.problem}"
    if not reference.count:
        return "no event came"
    if not reference.received:
        return Finding("ids-missing", f"of {counted(reference.count, 'event')} none has an id to go on from")
    missed = [attempt.cut for attempt in attempts if not attempt.reached]
    if missed and (needs_all or len(missed) == len(attempts)):
        ended = "the stream ended" if reference.ended else f"{2 * seconds:g} s were over"
        return f"{ended} with {counted(reference.count, 'event')}, before the cut {place_of(missed[0])}"
    return None
