"""Lesson 12's trials count what a reader lacks, and each verdict turns when an app loses something."""

from __future__ import annotations

import asyncio

import pytest

from labkit.apps import CATALOGUE
from labkit.lab import lesson_12
from labkit.lab.lesson_12 import STORIES, TROUBLES, Staleness, Trial, lost_by, try_app
from labkit.lab.verdict import Verdict

VERDICTS = {
    "notifications": lesson_12.c55_notifications,
    "job_progress": lesson_12.c56_job_progress,
    "dashboard": lesson_12.c57_dashboards,
    "log_tail": lesson_12.c58_log_tailing,
    "ticker": lesson_12.c59_tickers,
    "graphql": lesson_12.c60_graphql_subscriptions,
}


def trials(lost: int, doubled: int = 0) -> list[Trial]:
    """All apps in all troubles: the naive ones lose three things, the whole ones so many in the last trouble."""
    naive = [Trial(app, True, trouble, 8, 3, 0) for app in STORIES for trouble in TROUBLES]
    whole = [Trial(app, False, trouble, 8, 0, 0) for app in STORIES for trouble in TROUBLES[:-1]]
    return naive + whole + [Trial(app, False, TROUBLES[-1], 8, lost, doubled) for app in STORIES]


def test_each_app_has_a_story_and_a_verdict() -> None:
    assert list(STORIES) == list(CATALOGUE) == list(VERDICTS)


@pytest.mark.parametrize("app", VERDICTS)
def test_a_verdict_turns_when_something_is_lost_or_doubled(app: str) -> None:
    def verdict(tried: list[Trial]) -> Verdict:
        return VERDICTS[app](tried)

    assert verdict(trials(lost=0)).holds
    assert verdict(trials(lost=0)).because == "it held in 4 of 4 troubles; its naive version in 0"
    assert not verdict(trials(lost=1)).holds
    assert not verdict(trials(lost=0, doubled=1)).holds
    assert not verdict([]).holds  # what was not tried did not hold


async def _both(trouble: str) -> tuple[Trial, Trial]:
    (whole,), (naive,) = await try_app("dashboard", False, [trouble]), await try_app("dashboard", True, [trouble])
    return whole, naive


@pytest.mark.live
def test_what_the_naive_version_lacks_is_counted_and_the_whole_one_lacks_nothing() -> None:
    whole, naive = asyncio.run(_both("the line is cut"))
    assert whole.held and (naive.lost, naive.doubled) == (3, 0)
    assert repr(whole) == "<dashboard, whole: the line is cut: all there>"
    assert repr(naive) == "<dashboard, naive: the line is cut: 3 of 8 things lost>"


def test_what_was_lost_stands_beside_each_other() -> None:
    lost = lost_by(trials(lost=2))
    assert list(lost) == list(STORIES) and list(lost["ticker"]) == list(TROUBLES)
    assert lost["ticker"][TROUBLES[0]] == (3, 0) and lost["ticker"][TROUBLES[-1]] == (3, 2)


def test_a_slow_readers_last_price_says_how_old_it_is() -> None:
    slow = Staleness(True, [0.1, 5.0], [0.0, 4.91])
    assert slow.last_age_s == 4.91
    assert repr(slow) == "<naive ticker: after 5 s its newest price is 4.9 s old>"
