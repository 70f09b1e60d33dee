from __future__ import annotations

from labkit.lab.lesson_04.claims import (
    c15_reconnects,
    c16_sends_last_event_id,
    c17_server_resumes,
    c18_ignoring_the_id,
    c20_status_decides,
    c30_only_a_watchdog_tells,
    c62_jitter_spreads,
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


def test_c20() -> None:
    verdict = c20_status_decides({"204": 2, "500": 2, "no server": 0})
    assert verdict.holds and verdict.because == "stopped for good: 204, 500; goes on trying: no server"
    assert not c20_status_decides({"204": 1, "500": 2, "no server": 0}).holds
    assert not c20_status_decides({"204": 2, "500": 2}).holds


def test_c30() -> None:
    noticed: dict[str, float | None] = {"without a watchdog": None, "with a watchdog": 0.3}
    assert c30_only_a_watchdog_tells(noticed, 1.5).holds
    assert not c30_only_a_watchdog_tells({**noticed, "without a watchdog": 0.1}, 1.5).holds
    assert not c30_only_a_watchdog_tells({**noticed, "with a watchdog": None}, 1.5).holds


def test_c62() -> None:
    assert c62_jitter_spreads({"fixed": 500, "jitter": 100}).holds
    assert not c62_jitter_spreads({"fixed": 499, "jitter": 100}).holds
    assert not c62_jitter_spreads({"fixed": 499, "jitter": 0}).holds
