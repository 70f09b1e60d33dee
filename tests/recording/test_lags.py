"""Arrival times and the sender's clock."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from labkit.recording import Arrival, Lags, Recording, Repeated, bursts, lags, sender_times

NOW_S = 1_790_000_000.0


def stream(sent_s: list[float], at_s: list[float], headers: dict[str, str] | None = None) -> Recording:
    """Events that were sent and that arrived so many seconds after the request."""
    arrivals = [
        Arrival(at, f"data: {json.dumps({'n': n, 'sent': NOW_S + sent})}\n\n".encode())
        for n, (sent, at) in enumerate(zip(sent_s, at_s, strict=True))
    ]
    return Recording(200, headers or {}, tuple(arrivals), began_epoch_s=NOW_S)


def test_lags_are_told_by_the_senders_clock() -> None:
    seen = lags(stream([0, 1, 2, 3], [3, 3.001, 3.002, 3.003]))
    assert [round(lag, 3) for lag in seen.lags_s] == [3, 2.001, 1.002, 0.003]
    assert seen.median_s == pytest.approx(1.5015) and round(seen.longest_s, 3) == 3
    assert seen.bursts == [4]
    assert repr(seen) == "<Lags of 4 events: median 1502 ms, longest 3000 ms, 1 burst>"


def test_nothing_arrived_and_nobody_said_when() -> None:
    assert repr(lags(Recording(200))) == "<Lags: no event arrived>" and lags(Recording(200)).median_s == 0
    with pytest.raises(ValueError, match="no time of the sender"):
        lags(Recording(200, {}, (Arrival(0, b"data: a\n\ndata: b\n\n"),)))


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (['{"ts": 1790000000}', '{"ts": 1790000001.5}'], [0, 1.5]),
        (["at 1790000000123 ms", "at 1790000001000 ms"], [0.123, 1]),
        (["1790000000000000", "1790000002000000"], [0, 2]),
        (["1790000000000000000", "1790000003000000000"], [0, 3]),
        (["2026-09-21T14:13:20Z", "2026-09-21T14:13:22.500Z"], [0, 2.5]),
        (["2026-09-21T16:13:20+02:00", "2026-09-21T16:13:21+02:00"], [0, 1]),
        (["2026-09-21T14:13:20", "2026-09-21T14:13:21"], [0, 1]),  # no zone: UTC
        (["trade 1789999990, sent 1790000000", "trade 1789999991, sent 1790000001"], [0, 1]),
        (["n=1", "n=2"], None),
        (["1790000000", "no time"], None),
        ([*(f"{1790000000 + n}" for n in range(10)), "[DONE]"], [*range(10), None]),
        (["1790000001", "1790000000"], None),  # it runs backwards
        (["1790000000", "1790000000"], None),  # it stands still
        (["order 1200000000", "order 1200000001"], None),  # of another year
        (["+1790000000-5", "id-1790000001x"], None),
        (["2026-13-41T99:99:99Z", "2026-13-41T99:99:99Z"], None),
        ([], None),
    ],
)
def test_where_a_sender_says_the_time(texts: list[str], expected: list[float | None] | None) -> None:
    found = sender_times(texts, NOW_S)
    assert found == (
        None
        if expected is None
        else [None if second is None else pytest.approx(NOW_S + second, abs=1e-3) for second in expected]
    )


def test_bursts_are_apart() -> None:
    assert bursts([]) == []
    assert bursts([1.0]) == [[0]]
    assert bursts([0, 0.03, 0.061, 0.2], apart_s=0.03) == [[0, 1], [2], [3]]


@pytest.mark.parametrize("bites", [False, True], ids=["whole pieces", "byte by byte"])
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate"])
def test_compressed_pieces_are_read_as_they_come(encoding: str, bites: bool) -> None:
    machine = zlib.compressobj(wbits={"gzip": 31, "deflate": 15, "raw deflate": -15}[encoding])
    first = machine.compress(b"data: a\n\n") + machine.flush(zlib.Z_SYNC_FLUSH)
    held = machine.compress(b"data: b\n\n")
    rest = machine.flush()
    headers = {"content-encoding": encoding.removeprefix("raw ")}
    pieces = [(1, first), (2, held), (3, rest)]
    if bites:
        pieces = [(at_s, piece[place : place + 1]) for at_s, piece in pieces for place in range(len(piece))]
    raw = Recording(200, headers, tuple(Arrival(at_s, piece) for at_s, piece in pieces))
    plain = raw.decompressed
    assert [(at_s, event.data) for at_s, event in plain.timed_events] == [(1, "a"), (3, "b")]
    assert "content-encoding" not in plain.headers and plain.decompressed == plain


def test_what_is_not_what_it_says_is_told() -> None:
    with pytest.raises(ValueError, match="says it is gzip, and is not"):
        _ = Recording(200, {"content-encoding": "gzip"}, (Arrival(0, b"data: a\n\n"),)).decompressed
    with pytest.raises(ValueError, match="came as 'dcb', and only gzip"):
        _ = Recording(200, {"content-encoding": "dcb"}, (Arrival(0, gzip.compress(b"")),)).decompressed


def test_repetitions_that_disagree_are_noise() -> None:
    assert not Repeated((0.001, 0.015)).noisy  # 14 ms apart: less than a machine's own tremor
    assert not Repeated((0.4, 0.41, 0.5)).noisy
    assert Repeated((0.1, 0.3, 0.12)).noisy
    assert repr(Repeated((0.1, 0.3, 0.12))) == "<120 ms, median of 3, too noisy to tell>"
    assert repr(Repeated(())) == "<nothing measured>"
    assert Lags((0.0,), (0.5,)).median_s == 0.5


def test_a_few_bytes_that_hold_gigabytes_are_read_to_a_limit() -> None:
    machine = zlib.compressobj(9, wbits=31)
    bomb = b"".join(machine.compress(b"data: a\n\n" * 100_000) for _ in range(40))
    raw = Recording(
        200,
        {"content-encoding": "gzip"},
        tuple(Arrival(0, bomb[place : place + 999]) for place in range(0, len(bomb), 999)),
    )
    assert len(raw.decompressed.body) <= 8 * 1024 * 1024
    with pytest.raises(ValueError, match="says it is deflate"):
        _ = Recording(200, {"content-encoding": "deflate"}, (Arrival(0, b"hello world garbage"),)).decompressed
