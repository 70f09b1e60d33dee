from __future__ import annotations

import json
from pathlib import Path

import pytest

from labkit.wire.reconnecting import MEASURED_ON, MEASURED_WITH, TABLE, Situation
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
    assert len({row.situation for row in TABLE}) == len(TABLE) == 11


@pytest.mark.parametrize("browser", MEASURED_WITH)
def test_the_browsers_columns_are_what_was_recorded_and_the_version_and_date_are_its_own(browser: str) -> None:
    name = {"Chromium": "ends", "Firefox": "ends-firefox"}[browser]
    place = Path(__file__).parents[2] / "labkit" / "lab" / "recorded" / f"{name}.json"
    kept = json.loads(place.read_text("utf-8"))
    seen = {about: "stop" if one["state"] == 2 else "again" for about, one in kept["value"].items()}
    assert seen == {row.situation: getattr(row, browser.lower()) for row in TABLE}
    assert MEASURED_WITH[browser].startswith(kept["browser"]) and kept["date"] == MEASURED_ON
    measured = (Path(__file__).parents[2] / "docs" / "measured.md").read_text("utf-8")
    assert f"{' and '.join(MEASURED_WITH.values())}, on {MEASURED_ON}" in measured
