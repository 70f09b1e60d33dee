"""`labkit compare`: results of several people, a file that is none, and folders that hold nothing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.bench.class_results import load_class
from labkit.bench.result import Result
from labkit.command.cli import main


def measured(seed: int, sse_ms: float, polling_ms: float, question: str = "How late is an event?") -> Result:
    rng = random.Random(seed)
    rounds = {
        name: [[middle + rng.random() for _ in range(20)] for _ in range(5)]
        for name, middle in (("SSE", sse_ms), ("polling", polling_ms))
    }
    return Result(question, "ms", rounds, machine=f"machine {seed}", at="2026-11-28")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "room"
    (place / "row 2").mkdir(parents=True)
    measured(1, 1, 500).save(place / "fox.json")
    measured(2, 2, 400).save(place / "heron.json")
    measured(3, 9, 1).save(place / "row 2" / "[b]maple.json")
    measured(4, 1, 3, "How many bytes?").save(place / "fox-bytes.json")
    (place / "shopping.json").write_text('{"milk": 2}')
    (place / "broken.json").write_bytes(b"\xff{")
    return place


def test_the_room_is_counted_and_drawn(folder: Path, tmp_path: Path) -> None:
    figure = tmp_path / "figure.png"
    done = CliRunner().invoke(main, ["compare", str(folder), "--figure", str(figure)], env={"COLUMNS": "200"})
    assert done.exit_code == 0, done.output
    assert "SSE and polling: of 3, 2 found SSE lower, 1 polling, 0 could not tell" in done.output
    assert "How late is an event? (3 results, in ms)" in done.output and "[b]maple" in done.output
    assert "left out: shopping.json" in done.output and "left out: broken.json" in done.output
    assert figure.read_bytes().startswith(b"\x89PNG")


def test_subjects_that_only_some_measured_are_said(tmp_path: Path) -> None:
    measured(1, 1, 5).save(tmp_path / "fox.json")
    Result(
        "How late is an event?", "ms", {"SSE": [[1.0], [2.0]], "polling": [[]]}, missing={"polling": "no time"}
    ).save(tmp_path / "heron.json")
    (question,) = load_class(tmp_path).questions
    assert question.agreement() == ["SSE and polling: of 1, 1 found SSE lower, 0 polling, 0 could not tell"]
    done = CliRunner().invoke(
        main, ["compare", str(tmp_path), "--figure", str(tmp_path / "a.png")], env={"COLUMNS": "200"}
    )
    assert "no time" in done.output


@pytest.mark.parametrize(("name", "said"), [("nowhere", "there is no folder"), ("empty", "holds no saved result")])
def test_what_cannot_be_compared_is_said(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "empty").mkdir()
    done = CliRunner().invoke(main, ["compare", str(tmp_path / name)])
    assert done.exit_code == 2 and said in done.output


def test_a_figure_that_cannot_be_written_is_said(folder: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["compare", str(folder), "--figure", str(tmp_path / "no" / "a.png")])
    assert done.exit_code == 2 and "cannot be written" in done.output
