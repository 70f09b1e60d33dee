from __future__ import annotations

import asyncio

import pytest

from labkit.client import RESILIENT, STANDARD
from labkit.lab.lesson_04.outages import ForgetfulLog, deploy, from_the_start, notices_silence, through_a_cut
from labkit.log import MemoryLog

pytestmark = pytest.mark.live

TEXTS = [f"word {number}" for number in range(12)]


def test_a_log_resumes_a_forgetful_one_loses_and_a_new_beginning_doubles() -> None:
    assert asyncio.run(through_a_cut(MemoryLog(), TEXTS)) == TEXTS
    forgotten = asyncio.run(through_a_cut(ForgetfulLog(), TEXTS))
    assert forgotten[:3] == TEXTS[:3] and forgotten[-1] == TEXTS[-1] and len(forgotten) < len(TEXTS)
    assert asyncio.run(from_the_start(TEXTS)) == TEXTS[:3] + TEXTS
    assert asyncio.run(from_the_start(TEXTS, deduplicate=True)) == TEXTS


def test_a_deploy_behind_a_502_ends_the_standard_and_not_the_resilient() -> None:
    assert asyncio.run(deploy(STANDARD)) == "gave up: StreamRejected"
    assert asyncio.run(deploy(RESILIENT)) == "got 'after' over its connection number 4"
    assert asyncio.run(deploy(STANDARD, (200, 200))) == "got 'after' over its connection number 2"


def test_only_the_watchdog_notices_silence() -> None:
    noticed = asyncio.run(notices_silence({"none": None, "0.4 s": 0.4}, wait_s=1.5))
    assert noticed["none"] is None
    assert (
        noticed["0.4 s"] is not None and noticed["0.4 s"] > 0.2
    )  # the last heartbeat was up to 0.1 s before the silence
