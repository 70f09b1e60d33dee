"""The promise, kept: every byte, every kind of cut."""

from __future__ import annotations

import asyncio
from itertools import product

import pytest

from labkit.lab.lesson_04.every_cut import (
    HOWS,
    REFERENCE,
    SHORT,
    Tally,
    body,
    cut_in_memory,
    cut_on_sockets,
    events_of,
    labkit_client,
    places,
    response,
    survived_cuts,
)
from labkit.lab.lesson_04.hasty_client import hasty_client
from labkit.wire import Event

from ...helpers import THOROUGH


@pytest.mark.parametrize("how", HOWS)
def test_cut_after_every_byte_of_the_wire(how: str) -> None:
    cuts = [(count,) for count in places(REFERENCE, how)]  # type: ignore[arg-type]
    tally = asyncio.run(cut_in_memory(REFERENCE, cuts, how))  # type: ignore[arg-type]
    assert len(REFERENCE) >= 20 and tally.cases == len(cuts) > (700 if how == "clean" else 1000)
    assert tally.flawless, tally


@pytest.mark.slow
@pytest.mark.timeout(400)  # a thorough run is a minute of pure computing
def test_pairs_of_cuts() -> None:
    """Each place with each sixth of the others by turns, FIN and RST by turns; a thorough run takes each pair once."""
    step = 1 if THOROUGH else 6  # no divisor of either length: each second place has its turn
    pairs = list(product(places(SHORT, "fin"), repeat=2))[::step]
    tallies = [asyncio.run(cut_in_memory(SHORT, pairs[turn::2], how)) for turn, how in enumerate(("fin", "rst"))]
    clean_pairs = list(product(places(SHORT, "clean"), repeat=2))[::step]
    tallies.append(asyncio.run(cut_in_memory(SHORT, clean_pairs, "clean")))
    tally = sum(tallies, Tally())
    assert tally.cases > 20_000 / step
    assert {second for _, second in pairs} == set(places(SHORT, "fin"))
    assert tally.flawless, tally


@pytest.mark.live
@pytest.mark.slow
@pytest.mark.parametrize("how", HOWS)
def test_on_real_sockets_cut_after_every_byte(how: str) -> None:
    # By turns: each byte in one of the three ways. A thorough run takes each byte in each way.
    first, step = (0, 1) if THOROUGH else (HOWS.index(how), len(HOWS))  # type: ignore[arg-type]
    tally = asyncio.run(cut_on_sockets(REFERENCE, how, first, step))  # type: ignore[arg-type]
    assert tally.cases > 700 // step
    assert tally.flawless, tally


A, B, C = (Event(text, "message", text) for text in "abc")


@pytest.mark.parametrize(
    ("got", "counted"),
    [
        ([A, B, C], (0, 0, 0)),
        ([A, C], (1, 0, 0)),
        ([A, B, B, C], (0, 1, 0)),
        ([A, C, B], (0, 0, 1)),
        ([], (3, 0, 0)),
        ([A, Event("x", "message", "b"), C], (1, 0, 1)),
    ],
)
def test_the_tally_sees_what_is_wrong(got: list[Event], counted: tuple[int, int, int]) -> None:
    tally = Tally()
    tally.count(got, [A, B, C])
    assert (tally.lost, tally.doubled, tally.disordered) == counted
    assert tally.flawless == (got == [A, B, C])


def test_a_server_that_ignores_the_id_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "labkit.lab.lesson_04.every_cut.frames_after", lambda frames, id: [] if id == frames[-1].id else frames
    )
    tally = asyncio.run(cut_in_memory(SHORT, [(count,) for count in range(len(response(SHORT)))], "fin"))
    assert tally.doubled > 0 and not tally.flawless


def test_the_reference_has_what_can_go_wrong() -> None:
    texts = [event.data for event in events_of(REFERENCE)]
    assert any("\n" in text for text in texts) and any("🎈" in text for text in texts) and "" in texts


def test_a_clean_end_is_one_and_the_bytes_before_it_arrive() -> None:
    for count in places(SHORT, "clean"):
        raw = response(SHORT, body_bytes=count)
        assert raw.endswith(b"0\r\n\r\n") and raw != response(SHORT)
    assert response(SHORT, body_bytes=10_000) == response(SHORT)
    assert response(SHORT, body_bytes=0).count(b"\r\n\r\n") == 2


def test_a_client_of_an_hour_fails_inside_events_and_labkits_nowhere() -> None:
    hasty, ours = (asyncio.run(survived_cuts(SHORT, client)) for client in (hasty_client, labkit_client))
    assert len(ours) == len(body(SHORT)) - 1 and all(ours)
    # Between two events it resumes well; behind an id line, and inside a line, it does not.
    first = len(b"retry: 0\n\n")
    assert all(hasty[: first - 1]) and not hasty[first + len(b"id: 1\n") - 1]
    assert 10 < hasty.count(False) < 40
