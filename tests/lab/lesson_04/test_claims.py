from __future__ import annotations

from labkit.lab.lesson_04.claims import (
    c15_reconnects,
    c16_sends_last_event_id,
    c17_server_resumes,
    c18_ignoring_the_id,
)


def test_c15() -> None:
    verdict = c15_reconnects({"a clean end": 1, "a reset": 0})
    assert verdict.holds and verdict.because == "after a clean end open again, after a reset still trying"
    assert not c15_reconnects({"a clean end": 1, "a reset": 2}).holds
    assert not c15_reconnects({}).holds


def test_c16() -> None:
    verdict = c16_sends_last_event_id(["", "3"], ["", "3"])
    assert verdict.holds
    assert verdict.because == "the client had seen nothing and sent nothing, had seen 3 and sent 3"
    assert not c16_sends_last_event_id(["", ""], ["", "3"]).holds
    assert not c16_sends_last_event_id(["", "2"], ["", "3"]).holds
    assert not c16_sends_last_event_id([""], [""]).holds


def test_c17() -> None:
    published = ["a", "b", "c"]
    assert c17_server_resumes(published, published, ["a", "c"]).holds
    assert not c17_server_resumes(published, published, published).holds  # something else replayed them
    assert not c17_server_resumes(published, ["a", "c"], ["a"]).holds


def test_c18() -> None:
    published = ["a", "b", "c"]
    assert c18_ignoring_the_id(published, ["a", "c"], ["a", "a", "b", "c"]).holds
    assert not c18_ignoring_the_id(published, published, ["a", "a", "b", "c"]).holds
    assert not c18_ignoring_the_id(published, ["a", "c"], published).holds
