"""What each check looks for in a recording. Pure, but for the reader that leaves."""

from __future__ import annotations

import time
from collections.abc import Callable

from labkit.client import ResponseRecorder
from labkit.doctor import Diagnosis, Finding
from labkit.doctor.diagnosis import with_products
from labkit.doctor.leaving import NOTICE_WITHIN_S
from labkit.doctor.pattern import BURST_GAP_S, longest_silence_s
from labkit.doctor.request import Request
from labkit.errors import counted
from labkit.faults.event_ends import EventEnds
from labkit.recording import Recording, bursts
from labkit.testing.app_server import AppServer
from labkit.wire.session import opens_stream

#: What makes of an answer something else than a stream of events that come one by one. Those of the content count where
#: no event came at all.
NO_STREAM = {
    "wrong-status", "html-page", "wrong-media-type", "unreadable-encoding", "gzip-members", "length-cuts",
    "compression-holds", "full-buffers", "held-to-the-end", "corked", "one-late", "held", "head-held", "worker-busy",
    "always-late", "replayed",
}  # fmt: skip
LUMP_S = 0.3  # an answer that took longer, and came at once, was collected somewhere
BEAT_MARGIN_S = 0.3

ENOUGH_EVENTS, ENOUGH_PIECES = 8, 4  # more say no more of how they come
PIECES_APART_S = 0.01  # pieces of one write come closer

Found = Finding | str | None


class EnoughPieces:
    """Called with a recorder after each piece; True when enough events came, in enough pieces that came apart.

    What comes at once may have been collected: then only the end says more.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self._ends, self._events, self._pieces = EventEnds(), 0, 0
        self._now_s, self._newest_s = now_s, -BURST_GAP_S

    def __call__(self, watching: ResponseRecorder) -> bool:
        apart_s, self._newest_s = self._now_s() - self._newest_s, self._now_s()
        self._pieces += apart_s > PIECES_APART_S
        self._events += len(self._ends.feed(watching.newest))
        return self._events >= ENOUGH_EVENTS and self._pieces >= ENOUGH_PIECES


def readable(recording: Recording) -> Recording:
    """The recording with its compression undone; as it is where that cannot be done."""
    try:
        return recording.decompressed
    except ValueError:
        return recording


def find_no_stream(recording: Recording, diagnosis: Diagnosis) -> Found:
    """Why this is no stream of events that come one by one; None if it is."""
    bad = [finding for finding in diagnosis.findings if finding.severity != "note"]
    if named := next((finding for finding in bad if finding.name in NO_STREAM), None):
        return named
    watched_s = recording.end_s - recording.sent_s
    if not recording.events:
        errors = [finding for finding in bad if finding.severity == "error"]
        wait = "it ended" if recording.ended else f"in {watched_s:.2g} s. Let the app send one, or give seconds="
        return errors[0] if errors else f"no event came {'before ' if recording.ended else ''}{wait}"
    at_s = [at for at, _ in recording.timed_events]
    late_s = at_s[0] - recording.sent_s
    with_the_end = recording.ended and recording.end_s - at_s[0] < BURST_GAP_S
    if len(at_s) > 1 and with_the_end and late_s > LUMP_S and len(bursts(at_s, BURST_GAP_S)) == 1:
        evidence = f"{counted(len(at_s), 'event')} came together, {late_s:.2g} s after the request, with the end"
        return _with_remedies(Finding("held-to-the-end", evidence), recording)
    return None


def find_silence(recording: Recording, diagnosis: Diagnosis, within_s: float) -> Found:
    """The silence that is longer than `within_s` seconds; None if there is none."""
    if (problem := _not_opened(recording, diagnosis)) is not None:
        return problem
    silence_s = longest_silence_s(recording)
    if silence_s <= within_s:
        return None
    found = Finding("no-heartbeat", f"no byte came for {silence_s:.2g} s, and {within_s:g} s were allowed")
    return _with_remedies(found, recording)


def find_no_end(recording: Recording, diagnosis: Diagnosis, with_event: str | None) -> Found:
    """Why the stream has not ended in good order, with that event; None if it has."""
    if (problem := _not_opened(recording, diagnosis)) is not None:
        return problem
    ends = {"broken-off", "idle-timeout", "total-timeout", "ends-inside", "llm-unfinished", "llm-error", "length-cuts"}
    if named := next((finding for finding in diagnosis.findings if finding.name in ends), None):
        return named
    last = recording.events[-1] if recording.events else None
    if not recording.ended:
        count = counted(len(recording.events), "event")
        return f"after {recording.end_s - recording.sent_s:.2g} s and {count} it is still open"
    if with_event is None or (last is not None and with_event in (last.type, last.data)):
        return None
    if last is None:
        return f"it ended without any event, and {with_event!r} should be the last"
    shown = ascii(last.data) if len(last.data) <= 40 else ascii(last.data[:40]) + "..."
    return f"its last event is {last.type!r} with the data {shown}, and not {with_event!r}"


async def leave_early(request: Request, seconds: float) -> None:
    """Opens the stream, and leaves it at its first byte, or after so many seconds.

    Raises:
        NotExamined: nothing answers.
    """
    await request.ask(seconds, stop_when=lambda watching: watching.bytes > 0)


def find_unnoticed_leaving(noticed: bool | None, server: AppServer | None) -> Found:
    """The finding that nobody noticed that the reader has left; None if it was noticed.

    Args:
        noticed: what a labkit server says of it; None: it was not asked.
        server: the server of the app, which is asked now.
    """
    if noticed is None and server is not None:
        noticed = server.open_requests.wait_until_none(NOTICE_WITHIN_S)
    if noticed:
        return None
    return Finding("leaving-unnoticed", f"{NOTICE_WITHIN_S:g} s after the reader had left, it was still answering")


def _with_remedies(finding: Finding, recording: Recording) -> Finding:
    """The finding with the remedies first that are for what seems to have answered."""
    return with_products([finding], recording)[0]


def _not_opened(recording: Recording, diagnosis: Diagnosis) -> Found:
    if opens_stream(recording.status, recording.headers.get("content-type")):
        return None
    return next((finding for finding in diagnosis.findings if finding.severity == "error"), "it did not answer")
