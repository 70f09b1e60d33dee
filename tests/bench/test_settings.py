"""How many rounds a measurement takes."""

from __future__ import annotations

import pytest

from labkit.bench.settings import ROUNDS_VARIABLE, allowed_rounds
from labkit.errors import LabError


@pytest.mark.parametrize(("limit", "rounds"), [("", 5), ("2", 2), ("9", 5)])
def test_the_environment_can_ask_for_fewer_rounds(monkeypatch: pytest.MonkeyPatch, limit: str, rounds: int) -> None:
    monkeypatch.setenv(ROUNDS_VARIABLE, limit)
    assert allowed_rounds(5) == rounds


@pytest.mark.parametrize("limit", ["0", "-1", "two", "1.5", "²"])
def test_what_is_no_number_of_rounds_is_said(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setenv(ROUNDS_VARIABLE, limit)
    with pytest.raises(LabError, match=f"{ROUNDS_VARIABLE}='{limit}'"):
        allowed_rounds(5)
