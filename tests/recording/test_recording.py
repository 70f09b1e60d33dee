from __future__ import annotations

from labkit.recording import Arrival, Recording, Verdict
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


def test_a_verdict_reads_as_a_sentence() -> None:
    assert [repr(Verdict("C01", holds, "seen")) for holds in (True, False, None)] == [
        "C01 holds: seen",
        "C01 does not hold here: seen",
        "C01 cannot be told: seen",
    ]
