"""What check says to tempting wrong answers is pinned: the table is wrong_answers.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from textwrap import indent
from typing import Any

import pytest

from labkit.check import check, solution
from labkit.check.exercises import EXERCISES
from labkit.check.limits import Limits

TABLE: dict[str, list[dict[str, str]]] = tomllib.loads(
    (Path(__file__).parent / "wrong_answers.toml").read_text("utf-8")
)
IMPORTS = """
import io, json, os, random, re, statistics, time
from collections import Counter
from urllib.parse import urlsplit
from labkit.wire import Decoder, Event
"""


def _function(exercise: str, answer: dict[str, str]) -> Callable[..., object]:
    source = solution(exercise).source
    if "whole" in answer:
        source = answer["whole"]
    elif "in_place_of" in answer:
        assert source.count(answer["in_place_of"]) >= 1, answer
        source = source.replace(answer["in_place_of"], answer["code"])
    else:
        source = f"{source.splitlines()[0]}\n{indent(answer['code'], '    ')}"
    names: dict[str, Any] = {}
    exec(compile(IMPORTS + source, "<cell>", "exec", dont_inherit=True), names)
    function: Callable[..., object] = names[exercise]
    return function


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        pytest.param(name, answer, id=f"{name}-{number}")
        for name, answers in TABLE.items()
        for number, answer in enumerate(answers)
    ],
)
def test_a_tempting_wrong_answer_is_told_what_is_wrong(
    in_this_process: Limits, exercise: str, answer: dict[str, str]
) -> None:
    message = check(exercise, _function(exercise, answer), limits=in_this_process).message
    assert answer["says"] in message
    if "came" in answer:
        assert f"\n  came      {answer['came']}\n" in message


def test_each_exercise_has_more_than_five() -> None:
    assert list(TABLE) == list(EXERCISES)
    assert min(map(len, TABLE.values())) > 5
