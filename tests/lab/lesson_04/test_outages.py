from __future__ import annotations

import asyncio

import pytest

from labkit.lab.lesson_04.outages import ForgetfulLog, from_the_start, through_a_cut
from labkit.log import MemoryLog

pytestmark = pytest.mark.live

TEXTS = [f"word {number}" for number in range(12)]


def test_a_log_resumes_a_forgetful_one_loses_and_a_new_beginning_doubles() -> None:
    assert asyncio.run(through_a_cut(MemoryLog(), TEXTS)) == TEXTS
    forgotten = asyncio.run(through_a_cut(ForgetfulLog(), TEXTS))
    assert forgotten[:3] == TEXTS[:3] and forgotten[-1] == TEXTS[-1] and len(forgotten) < len(TEXTS)
    assert asyncio.run(from_the_start(TEXTS)) == TEXTS[:3] + TEXTS
    assert asyncio.run(from_the_start(TEXTS, deduplicate=True)) == TEXTS
