from __future__ import annotations

import pytest

from labkit.lab.lesson_03.claims import Told, c14_three_states, c19_asks_again

TOLD: list[Told] = [("start", 0), ("open", 1), ("message", 1), ("error", 0), ("open", 1), ("error", 2)]


def test_c14_tells_the_way_it_went() -> None:
    verdict = c14_three_states(TOLD)
    assert verdict.holds
    assert verdict.because == ("it went connecting → open → connecting → open → closed, and told open, message, error")


@pytest.mark.parametrize(
    "told",
    [
        [],
        TOLD[:-1],  # never closed
        [("start", 0), ("open", 0), *TOLD[1:]],  # open, but not yet open
        [("start", 0), ("open", 1), ("error", 1), ("error", 2)],  # an error in an open connection
        [*TOLD, ("close", 2)],  # an event that the standard does not have
    ],
)
def test_c14_turns(told: list[Told]) -> None:
    assert not c14_three_states(told).holds


def test_c19_tells_who_asked_how_often() -> None:
    verdict = c19_asks_again({"no end": 5, "an end event": 1, "204": 1})
    assert verdict.holds
    assert verdict.because == (
        "the page without an end asked many times, the one with an end event once, the one with 204 once"
    )


@pytest.mark.parametrize("asked", [{"no end": 1, "204": 1}, {"no end": 3, "204": 2}, {"no end": 3}, {}])
def test_c19_turns(asked: dict[str, int]) -> None:
    assert not c19_asks_again(asked).holds
