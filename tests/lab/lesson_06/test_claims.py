"""Each verdict of lesson 06 turns when somebody does the opposite."""

from __future__ import annotations

from labkit.lab.lesson_06.claims import (
    c26_proxies_buffer,
    c27_cured,
    c28_compression_holds,
    c29_timers,
    c31_survives,
    c54_typewriter_becomes_a_lump,
    is_held,
)
from labkit.lab.lesson_06.timers import Ends
from labkit.recording import Lags

SENT = tuple(0.1 * n for n in range(20))
LIVE = Lags(SENT, tuple(at + 0.001 for at in SENT))
LUMP = Lags(SENT, (2.0,) * 20)
NOTHING = Lags((), ())


def test_what_is_held() -> None:
    assert is_held(LUMP) and not is_held(LIVE) and not is_held(NOTHING)
    corked = Lags(SENT, tuple(at + 0.2 for at in SENT))
    assert is_held(corked)  # one by one, and visibly late


def test_c26() -> None:
    held = c26_proxies_buffer(LIVE, {"nginx": LUMP, "another": LIVE})
    assert held.holds and held.because == "held by nginx; passed on at once by another"
    assert not c26_proxies_buffer(LIVE, {"nginx": LIVE}).holds
    assert not c26_proxies_buffer(LUMP, {"nginx": LUMP}).holds  # the server itself made the lump


def test_c27() -> None:
    assert c27_cured(LUMP, {"off": LIVE, "header": LIVE}).holds
    assert not c27_cured(LUMP, {"off": LIVE, "header": LUMP}).holds
    assert not c27_cured(LIVE, {"off": LIVE}).holds  # there was nothing to cure
    assert not c27_cured(LUMP, {}).holds


def test_c28() -> None:
    assert c28_compression_holds(LUMP, LIVE).holds
    assert not c28_compression_holds(LIVE, LIVE).holds
    assert not c28_compression_holds(LUMP, LUMP).holds


def test_c29() -> None:
    plan = Ends(["1", "2"], 2, 1)
    counts = {"idle": (5, 10), "total": (5, 5)}
    verdict = c29_timers(counts, 10, plan, 2)
    assert verdict.holds and "cured 1 of 2 timers, not total" in verdict.because
    assert not c29_timers({"idle": (5, 5)}, 10, plan, 2).holds
    assert not c29_timers(counts, 10, Ends(["1"], 2, 0), 2).holds


def test_c31() -> None:
    assert c31_survives("refused: HTTP 400: Bad Request", "3 events").holds
    assert not c31_survives("3 messages", "3 events").holds
    assert not c31_survives("refused: HTTP 400", "0 events").holds
    assert c31_survives("0 messages", "1 event").holds
    assert not c31_survives("1 message", "1 event").holds


def test_c54() -> None:
    assert c54_typewriter_becomes_a_lump(LIVE, LUMP).holds
    assert not c54_typewriter_becomes_a_lump(LIVE, LIVE).holds
