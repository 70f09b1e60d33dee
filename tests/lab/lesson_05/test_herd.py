from __future__ import annotations

import asyncio

import pytest

from labkit.client import RESILIENT, STANDARD
from labkit.lab.lesson_05 import herd, herd_on_sockets, per_tenth
from labkit.wire.session import Policy

BACKOFF = Policy("backoff without jitter", cap_s=30.0)


def test_a_fixed_wait_keeps_the_crowd_together() -> None:
    attempts = herd(100, STANDARD, outage_s=7.0)
    assert attempts == [3.0] * 100 + [6.0] * 100 + [9.0] * 100
    assert {place: count for place, count in enumerate(per_tenth(attempts)) if count} == {30: 100, 60: 100, 90: 100}


def test_jitter_spreads_it_and_everybody_comes_back() -> None:
    attempts = herd(100, RESILIENT, outage_s=7.0)
    assert sum(at_s >= 7.0 for at_s in attempts) == 100
    assert max(per_tenth(attempts)) < 20
    assert attempts == herd(100, RESILIENT, outage_s=7.0) != herd(100, RESILIENT, outage_s=7.0, seed=1)


def test_backoff_without_jitter_stays_together() -> None:
    attempts = herd(50, Policy("backoff", cap_s=30.0, jitter=False), outage_s=7.0)
    assert attempts == [3.0] * 50 + [9.0] * 50


def test_who_may_fail_only_so_often_stops() -> None:
    assert herd(5, Policy("twice", max_failures=2), outage_s=60.0) == [3.0] * 5


def test_nobody_is_no_crowd() -> None:
    assert herd(0, STANDARD, 1.0) == [] and per_tenth([]) == []


@pytest.mark.live
def test_two_hundred_real_clients_come_back_together_or_spread() -> None:
    async def main() -> None:
        fixed = await herd_on_sockets(200, STANDARD, retry_ms=1000)
        spread = await herd_on_sockets(200, RESILIENT, retry_ms=1000)
        assert len(fixed) == len(spread) == 200
        # The earliest tenth: nobody comes before the wait is over, unless jitter lets them.
        assert fixed[20] >= 0.99 > spread[20]

    asyncio.run(main())
