from __future__ import annotations

from labkit.lab.lesson_05.claims import c20_status_decides, c30_only_a_watchdog_tells, c62_jitter_spreads


def test_c20() -> None:
    verdict = c20_status_decides({"204": 2, "500": 2, "no server": 0})
    assert verdict.holds and verdict.because == "stopped for good: 204, 500; goes on trying: no server"
    assert not c20_status_decides({"204": 1, "500": 2, "no server": 0}).holds
    assert not c20_status_decides({"204": 2, "500": 2}).holds


def test_c20_says_where_no_server_answers() -> None:
    nobody = c20_status_decides({"204": 0, "502": 0, "no server": 0})
    assert nobody.holds is None and "launches the server" in nobody.because


def test_c30() -> None:
    noticed: dict[str, float | None] = {"without a watchdog": None, "with a watchdog": 0.3}
    assert c30_only_a_watchdog_tells(noticed, 1.5).holds
    assert not c30_only_a_watchdog_tells({**noticed, "without a watchdog": 0.1}, 1.5).holds
    assert not c30_only_a_watchdog_tells({**noticed, "with a watchdog": None}, 1.5).holds
    early = c30_only_a_watchdog_tells({**noticed, "with a watchdog": -0.2}, 1.5)
    assert not early.holds and "shorter than a heartbeat" in early.because


def test_c62() -> None:
    assert c62_jitter_spreads({"fixed": 500, "jitter": 100}).holds
    assert not c62_jitter_spreads({"fixed": 499, "jitter": 100}).holds
    assert not c62_jitter_spreads({"fixed": 499, "jitter": 0}).holds
