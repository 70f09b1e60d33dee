"""Checks of functions that are known to end, without a process for each."""

from __future__ import annotations

import pytest

from labkit.check.limits import Limits


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Limits:
    """The calls of a check are made here, and no step is counted: hundreds of traps need no process each.

    That a child gives the same is tested with one trap of each exercise in test_feedback.py.
    """
    monkeypatch.setattr("labkit.check.forked.can_fork", lambda: False)
    monkeypatch.setattr("labkit.check.engine.can_fork", lambda: False)
    return Limits(steps=0, call_s=0)
