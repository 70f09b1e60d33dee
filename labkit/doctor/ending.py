"""How the stream ended, or that it did not, and what becomes of a client that comes back."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import pairwise

from labkit.doctor.arrival import longest_silence
from labkit.doctor.blocks import Content
from labkit.doctor.model import Finding, More
from labkit.measure import Recording

SILENCE_S = 15.0  # the standard's own advice for heartbeats
LLM_ENDS = ("[DONE]",)


def look_at_end(recording: Recording, content: Content, more: More) -> Iterator[Finding]:
    """Cuts, silences, and answers without their end mark."""
    model = is_model(content)
    if recording.broken:
        yield _broken(recording, more)
    elif recording.ended and not model and content.blocks:
        yield Finding("asks-again", f"after {recording.end_s:.2g} s the response was complete")
    elif not recording.ended and longest_silence(recording) >= SILENCE_S:
        yield Finding("no-heartbeat", f"no byte came for {longest_silence(recording):.0f} s")
    if model:
        yield from _model(recording, content)


def look_at_return(recording: Recording, content: Content, more: More, held: bool) -> Iterator[Finding]:
    """What a client gets that comes back, and what a second one gets. `held`: events are held back on the way."""
    if more.leaving_noticed is False:
        yield Finding("leaving-unnoticed", "two seconds after we had left, the server still counted us")
    again = more.resumed or more.again
    if again is not None and _is_recording(recording, again):
        took = f"what had taken {recording.end_s:.2g} s came again within {max(again.end_s, 0.001):.2g} s"
        yield Finding("replayed", took)
        return
    if more.resumed is None:
        return
    if more.resumed.status != 200:
        yield Finding(
            "resume-refused",
            f"asked with Last-Event-ID: {more.asked_id}, it answered {more.resumed.status or 'nothing'}",
        )
        return
    yield from _resumed(content, more, held)


def _resumed(content: Content, more: More, held: bool) -> Iterator[Finding]:
    assert more.resumed is not None
    ids = [block.own_id for block in content.blocks if block.own_id]
    following = ids[ids.index(more.asked_id) + 1]
    got = [event for event in more.resumed.events if event.type != "gap"]
    asked = f"asked to go on after {more.asked_id!a}"
    if len(got) < len(more.resumed.events):
        return  # the server says itself that it no longer knows: honest, and no mistake
    if not got:
        if not held:
            yield Finding("resume-ignored", f"{asked}, it sent nothing, though {following!a} was there")
    elif got[0].last_event_id != following:
        seen = "again" if got[0].last_event_id in ids[: ids.index(more.asked_id) + 1] else "next"
        yield Finding("resume-ignored", f"{asked}, it sent {got[0].last_event_id!a} {seen}, and not {following!a}")


def _is_recording(first: Recording, second: Recording) -> bool:
    """A cache's answer: from the same first byte on, and far faster than it was made."""
    body, copy = first.body, second.body
    if not copy or not body.startswith(copy[: len(body)]) or first.end_s < 0.3:
        return False
    times = [arrival.at_s for arrival in first.arrivals]
    length = 0
    for arrival in first.arrivals:  # how long the first took for as much
        length += len(arrival.data)
        if length >= len(copy):
            break
    took_s = times[-1] - times[0]
    copied_s = second.arrivals[-1].at_s - second.arrivals[0].at_s
    return len(copy) > 200 and took_s > 0.3 and copied_s < took_s / 5 and second.ended


def _broken(recording: Recording, more: More) -> Finding:
    moments = [recording.head_s, *(arrival.at_s for arrival in recording.arrivals)]
    silence_s = recording.end_s - moments[-1]
    longest_s = max((after - before for before, after in pairwise(moments)), default=0.0)
    said = f"the connection broke after {recording.end_s:.2g} s"
    other = more.resumed or more.again
    if silence_s > 0.4 and silence_s > 2 * longest_s:
        return Finding(
            "idle-timeout",
            f"{said}, {silence_s:.2g} s after the last byte; before that, no silence was longer than {longest_s:.2g} s",
        )
    if other is not None and other.broken and abs(other.end_s - recording.end_s) < 0.1 * recording.end_s:
        return Finding("total-timeout", f"{said}, and the next one after {other.end_s:.2g} s, while bytes were coming")
    return Finding("broken-off", f"{said} ({recording.broken})")


def is_model(content: Content) -> bool:
    """Whether a language model speaks: by the forms of the two dialects that stream as events."""
    for block in content.blocks[:20]:
        if block.event.data in LLM_ENDS or block.event.type in ("message_start", "content_block_delta"):
            return True
        if '"chat.completion.chunk"' in block.event.data or '"choices"' in block.event.data:
            return True
    return False


def _model(recording: Recording, content: Content) -> Iterator[Finding]:
    failed = [
        block.event.data for block in content.blocks if block.event.type == "error" or _has_error(block.event.data)
    ]
    if failed:
        yield Finding("llm-error", f"status 200, and the event {failed[0][:100]!a}")
        return
    done = any(block.event.data in LLM_ENDS or block.event.type == "message_stop" for block in content.blocks)
    if not done and (recording.ended or recording.broken):
        yield Finding(
            "llm-unfinished", f"{len(content.blocks)} events, and then the end, without [DONE] or message_stop"
        )


def _has_error(text: str) -> bool:
    if '"error"' not in text:
        return False
    try:
        value = json.loads(text)
    except ValueError:
        return False
    return isinstance(value, dict) and bool(value.get("error")) and "choices" not in value
