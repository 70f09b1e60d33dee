"""The checklist against status pages that are right, in four frameworks, and against many that are wrong in one thing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from labkit.capstone import CapstoneResult, check
from labkit.capstone.lines import CHECKLIST

from . import servers

pytestmark = pytest.mark.live


WORKERS = 8
QUICK = replace(servers.SETTINGS, cuts=())
DEAR = {"slow", "leaves"}  # lines with a job of their own


def checked(make: Any, line: str = "") -> CapstoneResult:
    """The whole checklist of a right one; of a wrong one all that is not dear, unless it is its line."""
    if not line:
        return check(make(), settings=servers.SETTINGS, show=lambda result: None)
    names = [entry.name for entry in CHECKLIST if entry.name not in DEAR - {line}]
    settings = servers.SETTINGS if line == "resumes" else QUICK
    return check(make(), settings=settings, only=names, show=lambda result: None)


@pytest.fixture(scope="module")
def results() -> Iterator[dict[str, Future[CapstoneResult]]]:
    """Every server is checked once, several at a time: each waits for its job most of the time."""
    makers = [(name, make, "") for name, make in servers.RIGHT.items()]
    makers += [(name, make, line) for name, (make, line, _) in servers.WRONG.items()]
    with ThreadPoolExecutor(WORKERS) as pool:
        yield {name: pool.submit(checked, make, line) for name, make, line in makers}


def red(result: CapstoneResult) -> list[str]:
    return [name for name, state in result.states.items() if state == "red"]


def result_of(results: dict[str, Future[CapstoneResult]], name: str, make: Any, line: str = "") -> CapstoneResult:
    """What came of it. A machine that stands still for a second cuts streams and delays events, for a learner as well:
    what is not as expected is checked once more, alone, and that counts."""
    result = results[name].result()
    return result if red(result) == [line] * bool(line) else checked(make, line)


@pytest.mark.parametrize("name", servers.RIGHT)
def test_a_right_one_is_all_green(results: dict[str, Future[CapstoneResult]], name: str) -> None:
    result = result_of(results, name, servers.RIGHT[name])
    assert set(result.states.values()) == {"green"}, result.text
    assert result.passed


@pytest.mark.parametrize("name", servers.WRONG)
def test_a_wrong_one_fails_the_line_that_it_should(results: dict[str, Future[CapstoneResult]], name: str) -> None:
    make, line, words = servers.WRONG[name]
    result = result_of(results, name, make, line)
    assert red(result) == [line], result.text
    assert words in result.text
    assert not result.passed


#: What a learner changes in the file to begin with, one after the other, as the red line advises.
FIRST_STEPS = [
    ("stream", "", ""),
    ("streams", "        async for", '        self.set_header("Content-Type", "text/event-stream")\n        async for'),
    ("says", '{state}\\n\\n")', '{state}\\n\\n")\n            await self.flush()'),
    ("once", "{state}", "{__import__('json').dumps(state)}"),
]


def test_the_starter_turns_green_line_by_line(tmp_path: Path) -> None:
    """Two seconds: each piece of advice, followed to the letter, leads to the next line."""
    text = files("labkit.capstone").joinpath("starter.py").read_text("utf-8")
    places = []
    for line, old, new in FIRST_STEPS:
        assert old in text
        text = text.replace(old, new, 1) if old else text
        places.append(tmp_path / f"before_{line}.py")
        places[-1].write_text(text.replace("flaky_job()", "flaky_job(every_s=0.05, pause_s=0.2)"), "utf-8")
    with ThreadPoolExecutor(len(places)) as pool:
        checks = pool.map(lambda place: check(place, only="once", settings=QUICK, show=lambda result: None), places)
        assert [next(iter(red(result)), "") for result in checks] == [line for line, _, _ in FIRST_STEPS]
