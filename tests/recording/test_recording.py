from __future__ import annotations

from labkit.recording import Arrival, Recording
from labkit.wire import Event, Ignored


def test_a_signal_gets_the_time_of_its_last_byte() -> None:
    seen = Recording(
        200, {}, (Arrival(1.0, b"data: a\n"), Arrival(2.0, b"\ndata: b"), Arrival(3.0, b"\n\ndata: c")), True
    )
    assert seen.timed_signals == [
        (2.0, Event("a")),
        (3.0, Event("b")),
        (3.0, Ignored("data: c", "the stream ended before this line did")),
    ]
    assert seen.events == [Event("a"), Event("b")]


def test_an_empty_recording_has_nothing_in_it() -> None:
    empty = Recording(503)
    assert (empty.body, empty.cuts, empty.signals) == (b"", [], [])
    assert repr(empty) == "<Recording 503 no Content-Type: 0 bytes, 0 events, still open>"
