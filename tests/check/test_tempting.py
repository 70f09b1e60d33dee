"""What the checks say to wrong answers that are tempting: written as people write them, with several mistakes at once."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from labkit.check import check
from labkit.check.exercises import EXERCISES
from labkit.wire import Decoder, Event

ANSWERS = tomllib.loads((Path(__file__).parent / "tempting.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("name", "says", "answer"),
    [
        pytest.param(name, case["says"], case["answer"], id=f"{name}-{number}")
        for name, cases in ANSWERS.items()
        for number, case in enumerate(cases, start=1)
    ],
)
def test_the_mistake_is_named(name: str, says: str, answer: str) -> None:
    names: dict[str, object] = {"Decoder": Decoder, "Event": Event}
    exec(answer, names)
    result = check(name, names[name])
    assert not result.passed
    assert says in result.message


def test_each_exercise_has_five() -> None:
    assert {name for name in EXERCISES if len(ANSWERS.get(name, ())) < 5} == set()


def test_few_have_no_name() -> None:
    said = [case["says"] for cases in ANSWERS.values() for case in cases]
    assert sum("not the expected one" in says for says in said) <= 2
