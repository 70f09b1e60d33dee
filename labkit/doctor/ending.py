"""Findings about the end of a stream, and about what a client gets that reconnects."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from labkit.doctor.body import Content
from labkit.doctor.diagnosis import Finding, FurtherAnswers
from labkit.doctor.head import is_cacheable
from labkit.doctor.language_models import is_model
from labkit.doctor.pattern import longest_silence_s
from labkit.recording import Recording
from labkit.wire import Event

SILENCE_S = 17.0  # the standard advises a heartbeat "every 15 seconds or so": one is missing when it is overdue
UNANSWERED_S = 0.5  # a machine that is busy answers late as well
SNAPSHOT_TIMES = 4  # a state is larger than a change to it
DELAYED_CLOSE_S = 1.0  # Envoy stops the bytes, and closes so much later. Source: its delayed_close_timeout
SAME_AGE_S = 0.05  # two connections that a timer ended are as old, but for the machine's hiccups
SURELY_IDLE_S = 5.0  # a silence this long before the cut needs no second witness


def look_at_end(recording: Recording, content: Content, further: FurtherAnswers) -> Iterator[Finding]:
    """The findings about the end: a broken connection, a complete response, or a silence without heartbeats."""
    if recording.broken:
        yield _find_break_cause(recording, further.resumed or further.second_recording)
    elif recording.ended and not is_model(recording.events) and content.blocks:
        yield Finding("asks-again", f"after {recording.end_s:.2g} s the response was complete")
    elif not recording.ended and longest_silence_s(recording) >= SILENCE_S:
        yield Finding("no-heartbeat", f"no byte came for {longest_silence_s(recording):.0f} s")


def look_at_return(recording: Recording, content: Content, further: FurtherAnswers, held: bool) -> Iterator[Finding]:
    """The findings about reconnecting: a cached answer, a refused or ignored Last-Event-ID, a reader still counted.

    `held` says that events are held back on the way: then a resumed stream without events proves nothing.
    """
    if further.leaving_noticed is False:
        yield Finding("leaving-unnoticed", "two seconds after we had left, the server still counted us")
    second_recording = further.resumed or further.second_recording
    if second_recording is not None and _is_cached(recording, second_recording):
        age = second_recording.headers.get("age", "")
        yield Finding(
            "replayed",
            f"what had taken {recording.end_s:.2g} s came again within {max(second_recording.end_s, 0.001):.2g} s"
            + (f", with Age: {age}" if age else ""),
        )
    elif second_recording is not None and _is_unanswered(recording, second_recording):
        yield from _find_unanswered(recording, second_recording, held)
    elif further.resumed is not None and further.resumed.status != 200:
        status = further.resumed.status
        yield Finding("resume-refused", f"asked with Last-Event-ID: {further.last_event_id}, it answered {status}")
    elif further.resumed is not None:
        yield from _find_resume_fault(further.resumed, content, further.last_event_id, held)


def _is_unanswered(recording: Recording, second_recording: Recording) -> bool:
    """Whether a second request got no head, or nothing but a head, and that far later than the first."""
    if not second_recording.status:
        return True
    waited_s = second_recording.head_s - second_recording.sent_s
    return not second_recording.events and waited_s > UNANSWERED_S + 4 * (recording.head_s - recording.sent_s)


def _find_unanswered(recording: Recording, second_recording: Recording, held: bool) -> Iterator[Finding]:
    """The finding about a second request without a head, or a late one, where the first one's came at once."""
    first_s = recording.head_s - recording.sent_s
    over_s = second_recording.head_s if second_recording.status else second_recording.end_s
    waited_s = over_s - second_recording.sent_s
    if not held and first_s < waited_s / 4:
        came = f"after {waited_s:.2g} s" if second_recording.status else f"not within {waited_s:.2g} s"
        yield Finding(
            "second-unanswered", f"the first head came after {first_s * 1000:.0f} ms, that of the next request {came}"
        )


def _find_resume_fault(resumed: Recording, content: Content, last_event_id: str, held: bool) -> Iterator[Finding]:
    if any(event.type == "gap" for event in resumed.events):
        return  # the server says itself that it no longer knows: honest, and no mistake
    ids = [block.own_id for block in content.blocks if block.own_id]
    following = ids[ids.index(last_event_id) + 1]
    received = [event for event in resumed.events if event.last_event_id]  # a greeting has none
    received_ids = [event.last_event_id for event in received]
    if received and _is_snapshot(content, received[0]):
        return  # whoever gets all of the state has missed nothing
    request = f"asked to go on after {last_event_id!a}"
    if not received_ids:
        if not held:
            yield Finding("resume-ignored", f"{request}, it sent nothing, though {following!a} was there")
    elif received_ids[0] != following:
        manner = "again" if received_ids[0] in ids[: ids.index(last_event_id) + 1] else "next"
        yield Finding("resume-ignored", f"{request}, it sent {received_ids[0]!a} {manner}, and not {following!a}")


def _is_snapshot(content: Content, event: Event) -> bool:
    """Whether this is the whole state, with which such a server begins every answer, before the changes to it.

    The first event of the first answer was of the same type, and no later one was; or it is far larger than the others.
    """
    first, *others = content.blocks
    if not others or event.type != first.event.type:
        return False
    if all(block.event.type != first.event.type for block in others):
        return True
    usual = SNAPSHOT_TIMES * median(len(block.event.data) for block in others)
    return len(first.event.data) > usual and len(event.data) > usual


def _is_cached(first: Recording, second: Recording) -> bool:
    """Whether the second response comes from a cache: one that may have it, or one that says how old its copy is.

    Source: RFC 9111, 5.1 (Age).
    """
    age = second.headers.get("age", "")
    is_aged = age.isdecimal() and int(age) > 0
    return (is_aged or is_cacheable(first)) and _is_cached_copy(first, second)


def _is_cached_copy(first: Recording, second: Recording) -> bool:
    """Whether the second response is a cached copy of the first: the same bytes, complete, and five times faster."""
    copy = second.body
    if len(copy) < 200 or not second.ended or not first.body.startswith(copy[: len(first.body)]):
        return False
    took_s = first.arrivals[-1].at_s - first.arrivals[0].at_s
    copied_s = second.arrivals[-1].at_s - second.arrivals[0].at_s
    return took_s > 0.3 and copied_s < took_s / 5


def _find_break_cause(recording: Recording, second_recording: Recording | None) -> Finding:
    sentence = f"the connection broke after {recording.end_s:.2g} s"
    silence_s, longest_before_s = _silence_before_end(recording)
    witness = second_recording is not None and bool(second_recording.broken) and second_recording.body != recording.body
    if second_recording is not None and len(second_recording.body) == len(recording.body):
        witness = witness and recording.body.endswith((b"\n", b"\r"))  # the same byte inside a line: no timer does that
    same_age = second_recording is None or abs(second_recording.end_s - recording.end_s) < 0.1 * recording.end_s
    if same_age and _is_delayed_close(recording, silence_s, longest_before_s, second_recording if witness else None):
        stopped_s = recording.end_s - recording.sent_s - DELAYED_CLOSE_S
        return Finding("total-timeout", f"bytes came for {stopped_s:.2g} s, and a second later the connection was cut")
    if silence_s > 2 * longest_before_s and silence_s > 0.4:
        idle_sentence = (
            f"{sentence}, {silence_s:.2g} s after the last byte; "
            f"before that, no silence was longer than {longest_before_s:.2g} s"
        )
        if silence_s > SURELY_IDLE_S:
            return Finding("idle-timeout", idle_sentence)
        if (
            witness
            and second_recording is not None
            and abs(_silence_before_end(second_recording)[0] - silence_s) < max(0.35, silence_s / 3)
        ):
            return Finding("idle-timeout", f"{idle_sentence}; the next connection ended in the same way")
    elif (
        witness
        and second_recording is not None
        and abs(second_recording.end_s - recording.end_s) < 0.1 * recording.end_s
    ):
        return Finding(
            "total-timeout",
            f"{sentence}, and the next one after {second_recording.end_s:.2g} s, while bytes were coming",
        )
    if second_recording is not None and second_recording.broken and second_recording.body == recording.body:
        sentence += ", and the next one after the same bytes"
    return Finding("broken-off", f"{sentence} ({recording.broken})")


def _is_delayed_close(
    recording: Recording, silence_s: float, longest_before_s: float, witness: Recording | None
) -> bool:
    """Whether the bytes stopped at some age, and the connection closed a second later.

    The age is a round one, or the `witness`, a second connection that brought other bytes, lived for just as long.
    """
    age_s = recording.end_s - recording.sent_s
    stopped_s = age_s - DELAYED_CLOSE_S
    is_round = stopped_s > 0.9 and abs(stopped_s - round(stopped_s)) < 0.06
    is_same = witness is not None and abs(witness.end_s - witness.sent_s - age_s) < SAME_AGE_S
    closed_late = -0.02 <= silence_s - DELAYED_CLOSE_S < 1.2 * longest_before_s + 0.05 < DELAYED_CLOSE_S
    return (is_round or is_same) and closed_late


def _silence_before_end(recording: Recording) -> tuple[float, float]:
    """The silence before the end, and the longest one before that, in seconds."""
    moments = [recording.head_s, *(arrival.at_s for arrival in recording.arrivals)]
    return recording.end_s - moments[-1], max((after - before for before, after in pairwise(moments)), default=0.0)
