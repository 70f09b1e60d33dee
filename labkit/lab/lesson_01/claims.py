"""The verdicts of lesson 01: each is computed from what was recorded, and turns when the server does the opposite."""

from __future__ import annotations

import base64
from collections.abc import Sequence

from labkit.errors import counted
from labkit.lab.verdict import Verdict
from labkit.recording import Recording
from labkit.wire import Comment, Event, Ignored, Retry, explain


def c01_ordinary_response(recording: Recording) -> Verdict:
    """An event stream is an ordinary HTTP response that does not end."""
    media_type = recording.headers.get("content-type", "none")
    unbounded = "content-length" not in recording.headers and not recording.ended
    holds = (
        recording.status == 200 and media_type.startswith("text/event-stream") and unbounded and bool(recording.events)
    )
    end = "it ended" if recording.ended else "it was still open when we left"
    return Verdict(
        "C01",
        holds,
        f"status {recording.status}, Content-Type {media_type}, {counted(len(recording.events), 'event')}, and {end}",
    )


def c03_blank_line_dispatches(recording: Recording) -> Verdict:
    """A message is one or more data lines and a blank line."""
    steps = explain(recording.body)
    data_lines = sum(step.role == "data" for step in steps)
    finished = sum(step.role == "blank" and isinstance(step.signal, Event) for step in steps)
    unfinished = sum(step.role == "unfinished" for step in steps)
    holds = finished == len(recording.events) > 0 and unfinished > 0
    blocks, events = counted(finished, "blank line"), counted(len(recording.events), "event")
    because = f"{counted(data_lines, 'data line')}; {blocks} gave {events}"
    lost = "what had no blank line was never delivered" if unfinished else "no block was left without one"
    return Verdict("C03", holds, f"{because}; {lost}")


def c04_lines_are_joined(recording: Recording) -> Verdict:
    """Several data lines in one message are joined by a line feed."""
    sent = [step.line.partition(": ")[2] for step in explain(recording.body) if step.role == "data"]
    texts = [event.data for event in recording.events]
    holds = len(sent) > 1 and texts == ["\n".join(sent)]
    return Verdict(
        "C04", holds, f"{counted(len(sent), 'data line')} arrived as {counted(len(texts), 'event')}: {texts}"
    )


def c05_type_selects_listener(heard: dict[str, list[str]], type: str) -> Verdict:
    """`event:` names a type; its listener gets the event, the default listener does not."""
    named, default = heard.get(type, []), heard.get("message", [])
    holds = bool(named) and not set(named) & set(default)
    return Verdict("C05", holds, f"the listener for {type!r} heard {named}, the default listener heard {default}")


def listeners(events: Sequence[Event], *types: str) -> dict[str, list[str]]:
    """What the listener for each type hears, as addEventListener would have it; others hear nothing."""
    return {type: [event.data for event in events if event.type == type] for type in types}


def c06_id_stays_in_force(recording: Recording) -> Verdict:
    """`id:` stays in force for later messages that carry none."""
    id_lines = sum(step.role == "id" for step in explain(recording.body))
    ids = [event.last_event_id for event in recording.events]
    holds = 0 < id_lines < len(ids) and all(ids)
    lines, events = counted(id_lines, "id line"), counted(len(ids), "event")
    return Verdict("C06", holds, f"{lines}, {events}, and their last event IDs are {ids}")


def c07_retry_sets_the_wait(recording: Recording, waited_s: Sequence[float]) -> Verdict:
    """`retry:` sets the reconnection time, in milliseconds."""
    retry_lines = [step.line for step in explain(recording.body) if step.line.startswith("retry")]
    retry_ms = [signal.ms for signal in recording.signals if isinstance(signal, Retry)]
    holds = bool(retry_ms) and bool(waited_s) and all(wait == retry_ms[-1] / 1000 for wait in waited_s)
    return Verdict(
        "C07", holds, f"the server wrote {retry_lines}, and the client waited {[f'{wait:g} s' for wait in waited_s]}"
    )


def c08_comment_is_a_heartbeat(recording: Recording) -> Verdict:
    """A line that starts with a colon is a comment: bytes arrive, and no listener hears of it."""
    comments = sum(isinstance(signal, Comment) for signal in recording.signals)
    holds = comments > 0 and not recording.events
    return Verdict(
        "C08",
        holds,
        f"{counted(len(recording.body), 'byte')} arrived: {counted(comments, 'comment')}, "
        f"{counted(len(recording.events), 'event')}",
    )


def c09_text_only(blob: bytes, as_it_is: Recording, in_base64: Recording) -> Verdict:
    """SSE carries UTF-8 text only; binary in base64 costs a third more."""
    raw = "\n".join(event.data for event in as_it_is.events).encode()
    text = "".join(event.data for event in in_base64.events)
    survived = raw == blob, base64.b64decode(text) == blob
    words = ["changed", "intact"]
    because = (
        f"{len(blob)} bytes sent as they are arrived {words[survived[0]]}; in base64 they arrived "
        f"{words[survived[1]]}, as {len(text)} characters, {len(text) / len(blob):.2f} times as many"
    )
    return Verdict("C09", survived == (False, True), because)


def c12_readable_by_eye(printed: str, recording: Recording) -> Verdict:
    """The stream can be debugged with curl and read by eye."""
    readable = all(character.isprintable() or character in "\n\r" for character in printed)
    same = [event.data for event in recording.events] == [
        step.signal.data for step in explain(printed.encode()) if isinstance(step.signal, Event)
    ]
    text = "all of them text" if readable else "not all of them text"
    because = f"curl printed {counted(len(printed.splitlines()), 'line')}, {text}"
    return Verdict("C12", bool(recording.events) and readable and same, because)


def c13_cut_anywhere(whole: Recording, pieces: Recording) -> Verdict:
    """Events may arrive cut anywhere, in the middle of a UTF-8 character too."""
    body = pieces.body
    inside = sum(cut < len(body) and body[cut] & 0xC0 == 0x80 for cut in pieces.cuts)
    same = pieces.signals == whole.signals and not any(isinstance(signal, Ignored) for signal in pieces.signals)
    because = (
        f"{len(body)} bytes came in {counted(len(pieces.arrivals), 'piece')}, {inside} of the cuts inside a character, "
        f"and the events are {'the same' if same else 'not the same'}"
    )
    return Verdict("C13", same and inside > 0, because)
