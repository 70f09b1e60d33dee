"""What was recorded, in sentences for the report: the head, the bytes and events, and how they came."""

from __future__ import annotations

from statistics import median

from labkit.doctor.pattern import pattern_of
from labkit.errors import counted
from labkit.recording import Recording


def head_facts(recording: Recording) -> tuple[str, ...]:
    """The sentence about the head: version, status, media type, and how long after the request it came."""
    content_type = recording.headers.get("content-type", "no Content-Type")
    waited_ms = (recording.head_s - recording.sent_s) * 1000
    return (f"{recording.http_version} {recording.status} {content_type}, headers after {waited_ms:.0f} ms",)


def facts_of(recording: Recording, readable: Recording) -> tuple[str, ...]:
    """The sentences about the head, about what arrived, and about the pattern in which events came.

    Args:
        recording: the response as it arrived.
        readable: the same with its compression undone.
    """
    end = "then it ended" if recording.ended else "then it broke off" if recording.broken else "and it is open"
    size, watched_s = counted(len(recording.body), "byte"), recording.end_s - recording.sent_s
    facts = (*head_facts(recording), f"{size}, {readable.count_text} in {watched_s:.1f} s, {end}")
    pattern = pattern_of(readable)
    if not pattern.at_s:
        return facts
    shape = f"{counted(len(pattern.at_s), 'event')} in {counted(len(pattern.groups), 'burst')}"
    if pattern.sent_s is None:
        return (*facts, f"{shape}; they carry no time of the sender")
    lag_text = f"median lag {median(pattern.lags_s) * 1000:.0f} ms, longest {max(pattern.lags_s) * 1000:.0f} ms"
    clocks = "by the sender's clock" if pattern.same_clock else "by the sender's clock, later than the freshest event"
    return (*facts, f"{shape}, {clocks}: {lag_text}")
