from __future__ import annotations

import asyncio

import pytest

from labkit.client import RESILIENT, STANDARD
from labkit.lab.lesson_05.deploys import deploy, notices_silence

pytestmark = pytest.mark.live


def test_a_deploy_behind_a_502_ends_the_standard_and_not_the_resilient() -> None:
    assert asyncio.run(deploy(STANDARD)) == "gave up: StreamRejected"
    assert asyncio.run(deploy(RESILIENT)) == "got 'after' over its connection number 4"
    assert asyncio.run(deploy(STANDARD, (200, 200))) == "got 'after' over its connection number 2"


def test_any_statuses_that_a_reader_may_try_give_a_sentence() -> None:
    assert asyncio.run(deploy(STANDARD, (502, 200))) == "gave up: StreamRejected"
    assert asyncio.run(deploy(RESILIENT, (502, 200))) == "got 'after' over its connection number 2"
    assert asyncio.run(deploy(RESILIENT, (200, 204))) == "stopped: a 204 says that no more comes"


def test_a_watchdog_shorter_than_a_heartbeat_gives_up_before_the_silence() -> None:
    noticed = asyncio.run(notices_silence({"0.05 s": 0.05}, wait_s=0.5))
    assert noticed["0.05 s"] is not None and noticed["0.05 s"] < 0


def test_only_the_watchdog_notices_silence() -> None:
    noticed = asyncio.run(notices_silence({"none": None, "0.4 s": 0.4}, wait_s=1.5))
    assert noticed["none"] is None
    assert (
        noticed["0.4 s"] is not None and noticed["0.4 s"] > 0.2
    )  # the last heartbeat was up to 0.1 s before the silence
