"""The verdicts of lesson 12: an app is one if nothing is lost in any trouble, and its naive version is not."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.errors import counted
from labkit.lab.lesson_12.trials import Trial
from labkit.lab.verdict import Verdict


def c55_notifications(trials: Sequence[Trial]) -> Verdict:
    """Notifications are a small app: whether it held in every trouble that was tried."""
    return _app_holds("C55", "notifications", trials)


def c56_job_progress(trials: Sequence[Trial]) -> Verdict:
    """Job progress is a small app: whether it held in every trouble that was tried."""
    return _app_holds("C56", "job_progress", trials)


def c57_dashboards(trials: Sequence[Trial]) -> Verdict:
    """A dashboard is a small app: whether it held in every trouble that was tried."""
    return _app_holds("C57", "dashboard", trials)


def c58_log_tailing(trials: Sequence[Trial]) -> Verdict:
    """Log tailing is a small app: whether it held in every trouble that was tried."""
    return _app_holds("C58", "log_tail", trials)


def c59_tickers(trials: Sequence[Trial]) -> Verdict:
    """A ticker is a small app: whether it held in every trouble that was tried."""
    return _app_holds("C59", "ticker", trials)


def c60_graphql_subscriptions(trials: Sequence[Trial]) -> Verdict:
    """GraphQL subscriptions over SSE are a small app: whether it held in every trouble that was tried."""
    return _app_holds("C60", "graphql", trials)


def _app_holds(claim: str, app: str, trials: Sequence[Trial]) -> Verdict:
    whole = [trial for trial in trials if trial.app == app and not trial.naive]
    naive = [trial for trial in trials if trial.app == app and trial.naive]
    held = sum(trial.held for trial in whole)
    why = f"it held in {held} of {counted(len(whole), 'trouble')}; its naive version in {sum(t.held for t in naive)}"
    return Verdict(claim, bool(whole) and held == len(whole), why)
