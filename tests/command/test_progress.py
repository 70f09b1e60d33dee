"""`labkit progress`: a row for each lesson, and a page without a seal, in which all that was noted is text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.check.exercises import EXERCISES
from labkit.command import lessons
from labkit.command.cli import main
from labkit.command.course import read_course
from labkit.command.lessons import Place, find_place
from labkit.lab.verdict import sentences

NOTES = [
    {"kind": "solution", "name": "since"},
    {"kind": "check", "name": "missing_and_doubled", "level": 3, "own": True},
    {"kind": "check", "name": "since", "level": 9, "own": True},
    {"kind": "check", "name": "held", "level": 1, "own": True},
    {"kind": "guess", "name": "Who `<wins>`?", "guess": "<script>", "measured": "2", "verdict": "✗"},
    {"kind": "claim", "name": "C01", "holds": False, "because": "<b>it ended"},
    {"kind": "recorded", "name": "endings"},
]


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / ".labkit").mkdir()
    lines = [json.dumps({"at": f"2026-11-28T09:0{n}:00+00:00", **note}) for n, note in enumerate(NOTES)]
    (tmp_path / ".labkit" / "progress.jsonl").write_text("\n".join(lines))
    return tmp_path


def run(*arguments: str | Path, code: int = 0) -> str:
    done = CliRunner().invoke(main, ["progress", *map(str, arguments)], env={"COLUMNS": "160"})
    assert done.exit_code == code, done.output
    return done.output


def test_each_exercise_guess_and_claim_belongs_to_a_lesson() -> None:
    course = read_course(find_place())
    assert [name for lesson in course for name in lesson.exercises] == [
        name for name in EXERCISES if any(name in lesson.exercises for lesson in course)
    ]  # so `next` is next there too
    assert all(lesson.questions for lesson in course)
    settled = {claim for lesson in course for claim in lesson.claims}
    assert settled <= set(sentences()) and len(settled) > 50


def test_the_table_says_what_is_passed_and_what_is_next(work: Path) -> None:
    said = run("--folder", work)
    assert "✓ missing_and_doubled" in said and "· held (1 of " in said
    assert f"2 of {len(EXERCISES)} exercises passed, 1 guess compared, 1 claim measured" in said
    assert "Next: split_lines. labkit --lesson 01 opens it" in said


def test_nothing_noted_yet_is_no_error(tmp_path: Path) -> None:
    assert f"0 of {len(EXERCISES)} exercises passed" in run("--folder", tmp_path)
    page = tmp_path / "page.html"
    run("--folder", tmp_path, "--certificate", page)
    assert page.read_text("utf-8").count("None yet.") == 3


def test_json_for_programs(work: Path) -> None:
    facts = json.loads(run("--folder", work, "--json"))
    assert facts["exercises"]["since"]["passed_at"] == "2026-11-28T09:02:00+00:00"
    assert facts["exercises"]["held"]["passed_at"] is None


def test_the_page_is_honest_and_what_was_noted_is_text(work: Path) -> None:
    page = work / "out.html"
    run("--folder", work, "--certificate", page, "--name", "<i>Fox")
    text = page.read_text("utf-8")
    for harmful in ("<script>", "<b>", "<i>", "http:", "https:", "src="):
        assert harmful not in text
    assert "&lt;i&gt;Fox" in text and "guessed &lt;script&gt;; measured 2" in text
    assert "the solution was looked at first" in text and "2026-11-28" in text
    assert "not true here: &lt;b&gt;it ended" in text
    assert "Not measured here: 1 answer of a browser" in text
    assert "nobody has signed it" in text


def test_a_page_that_cannot_be_written_says_so(work: Path) -> None:
    assert "cannot be written" in run("--folder", work, "--certificate", work / "no" / "out.html", code=2)


def test_a_notebook_that_is_none_asks_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "00_start_here.ipynb").write_text('{"cells": [{"cell_type": "code", "source": "%magic"}]}')
    (tmp_path / "01_odd.ipynb").write_text("[")
    place = Place(tmp_path, tmp_path / "work", tmp_path)
    monkeypatch.setattr(lessons, "find_place", lambda: place)
    assert [lesson.title for lesson in read_course(place)] == ["00 Start here", "01 Odd"]
    assert f"0 of {len(EXERCISES)}" in run()
