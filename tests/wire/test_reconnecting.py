from __future__ import annotations

import pytest

from labkit.wire.reconnecting import TABLE, Situation
from labkit.wire.session import STANDARD, Session, Stop, Wait


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.situation)
def test_the_standard_policy_does_what_the_standard_says(row: Situation) -> None:
    session = Session("7", 3000)
    if row.after_open:
        session = session.with_open_stream()
    _, step = session.next_step(row.outcome, STANDARD, 0.5)
    assert isinstance(step, Wait if row.standard == "again" else Stop)
    if isinstance(step, Wait):
        assert step.seconds == 3.0


def test_each_situation_stands_there_once() -> None:
    assert len({row.situation for row in TABLE}) == len(TABLE) == 10
