"""Each verdict turns when somebody does the opposite."""

from __future__ import annotations

from labkit.lab.lesson_11 import (
    CrowdTally,
    c61_a_shared_log,
    c65_sticky_sessions,
    c66_pub_sub,
    c67_a_deploy_needs_the_clients,
)
from labkit.lab.lesson_11.crowd import Collected, tally

EXACT = CrowdTally(12, 60, 0, 0, 0, 0)
WORSE = CrowdTally(12, 60, 340, 25, 0, 12)
UNFINISHED = CrowdTally(12, 60, 0, 0, 0, 0, unfinished=1)


def test_the_verdicts_turn() -> None:
    assert c61_a_shared_log(WORSE, EXACT).holds
    assert not c61_a_shared_log(EXACT, EXACT).holds
    assert not c61_a_shared_log(WORSE, UNFINISHED).holds
    assert c65_sticky_sessions(EXACT).holds and not c65_sticky_sessions(WORSE).holds
    assert c66_pub_sub(EXACT).holds and not c66_pub_sub(WORSE).holds
    assert c67_a_deploy_needs_the_clients(EXACT, WORSE).holds
    assert not c67_a_deploy_needs_the_clients(EXACT, EXACT).holds
    assert "340 lost, 25 doubled" in c66_pub_sub(WORSE).because


def test_what_is_counted() -> None:
    readers = [Collected([0, 1, 2], finished=True), Collected([0, 2, 1, 1], gaps=1), Collected([])]
    assert tally(readers, 3) == CrowdTally(3, 3, lost=3, doubled=1, disordered=1, gaps=1, unfinished=2)
