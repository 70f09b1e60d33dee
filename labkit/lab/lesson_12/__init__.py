"""Lesson 12: what can I build?"""

from labkit.lab.lesson_12.claims import (
    c55_notifications,
    c56_job_progress,
    c57_dashboards,
    c58_log_tailing,
    c59_tickers,
    c60_graphql_subscriptions,
)
from labkit.lab.lesson_12.slow_reader import Staleness, read_slowly
from labkit.lab.lesson_12.stories import STORIES, Story
from labkit.lab.lesson_12.trials import TROUBLES, Trial, lost_by, try_all, try_app

__all__ = [
    "STORIES", "TROUBLES", "Staleness", "Story", "Trial", "c55_notifications", "c56_job_progress", "c57_dashboards",
    "c58_log_tailing", "c59_tickers", "c60_graphql_subscriptions", "lost_by", "read_slowly", "try_all", "try_app",
]  # fmt: skip
