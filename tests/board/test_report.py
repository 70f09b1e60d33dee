"""The report of a class, and the command: `labkit board`."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import nbformat
import pytest
from click.testing import CliRunner

from labkit.board import ClassBoard
from labkit.board.moments import question_key
from labkit.board.replay import StoredVotes
from labkit.command.board import board_environment, board_lines, lesson_titles
from labkit.command.cli import main
from labkit.command.terminal import Failure
from labkit.system.observers import BOARD_VARIABLE, CONSENT_VARIABLE

from ..helpers import LABKIT
from .conftest import QUESTION, Person

pytestmark = pytest.mark.live


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow  # 3 s: that the notebook is run, and says what the files hold
def test_the_report_has_times_mistakes_and_guesses_against_measurements(
    board: ClassBoard, person: Callable[[str], Person], tmp_path: Path
) -> None:
    fox, evil = person("fox"), person("=HYPERLINK()")
    wrong = {"exercise": "carry", "level": 1, "levels": 3, "passed": False, "mistake": "no JSON"}
    for one, ago_s in ((fox, 600), (evil, 300)):
        one.say("check", **wrong, ago_s=ago_s)
        one.say("guess", **QUESTION, guess="2", lesson="04")
        one.say("measured", **QUESTION, measured="1", guess="2", lesson="04")
    fox.say("check", **wrong | {"passed": True, "level": 3, "mistake": ""})
    for guess in ("1,1 s", "3", "soon"):
        fox.say("measured", question=f"How long, {guess}?", choices=[], unit="s", guess=guess, measured="1.2 s")
        fox.say("guess", question=f"How long, {guess}?", choices=[], unit="s", guess=guess)
    fox.say("result", question="How late?", unit="ms", medians={"SSE": [0.8, 0.7, 0.9, 20]})
    out = tmp_path / "report"
    asked = CliRunner().invoke(main, ["board", "--folder", str(board.folder.path), "--report", str(out)])
    assert asked.exit_code == 0, asked.output
    assert [(row["learner"], row["minutes"], row["tries"]) for row in rows(out / "exercises.csv")] == [
        ("'=HYPERLINK()", "", "1"),
        ("fox", "10.0", "2"),
    ]
    assert rows(out / "mistakes.csv") == [{"exercise": "carry", "mistake": "no JSON", "times": "2", "learners": "2"}]
    guesses = [(row["guess"], row["measured"], row["right"]) for row in rows(out / "guesses.csv")]
    assert guesses[:3] == [("1,1 s", "1.2 s", "True"), ("3", "1.2 s", "False"), ("soon", "1.2 s", "")]
    assert guesses[3:] == [("2", "1", "False")] * 2
    assert [(row["subject"], row["median"], row["n"]) for row in rows(out / "results.csv")] == [("SSE", "0.8", "20")]
    assert (
        StoredVotes.load(out / "votes.json").line(question_key("How many?", ["1", "2"], "")) == "the room of 2: 2 × 2"
    )
    assert "fox" not in (out / "votes.json").read_text("utf-8")
    book = nbformat.read(out / "report.ipynb", as_version=4)
    nbformat.validate(book)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    text = json.dumps([cell.outputs for cell in code])
    assert all(cell.execution_count for cell in code) and "image/png" in text
    assert "carry: 1 of 2 passed, median 10 min" in text and "carry: no JSON, 2 checks of 2 learners" in text
    assert "guessed: 2 x 2" in text


def test_an_empty_folder_has_no_report(tmp_path: Path) -> None:
    asked = CliRunner().invoke(main, ["board", "--folder", str(tmp_path / "none"), "--report", str(tmp_path / "out")])
    assert asked.exit_code == 2 and "has no class in it" in asked.output and not (tmp_path / "out").exists()
    assert not (tmp_path / "none").exists()


def test_the_command_says_where_and_goes_on_after_ctrl_c(tmp_path: Path) -> None:
    def start() -> tuple[subprocess.Popen[str], dict[str, str]]:
        command = [sys.executable, "-c", LABKIT, "board", "--port", "0", "--folder", str(tmp_path / "class")]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(7)]
        found = re.search(r"(http://localhost:\d+/)#(\w{6})", lines[0])
        secret = re.search(r"secret:\s+(\S+)", lines[3])
        assert found and secret and "labkit board --host 0.0.0.0" in lines[5], lines
        return process, {"url": found[1], "code": found[2], "secret": secret[1]}

    process, first = start()
    head = {"Authorization": f"Bearer {first['secret']}"}
    told = httpx.post(
        first["url"] + "commands", json={"kind": "notice", "id": "1", "text": "hello"}, headers=head, trust_env=False
    )
    assert told.json() == {"done": True}
    process.send_signal(signal.SIGINT)
    rest, complaints = process.communicate(timeout=10)
    assert (process.returncode, complaints) == (0, "") and "--report" in rest
    process, second = start()
    state: dict[str, Any] = httpx.get(
        second["url"] + "state", headers={"Labkit-Code": first["code"]}, trust_env=False
    ).json()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert {**second, "url": ""} == {**first, "url": ""} and state["notice"][0]["text"] == "hello"
    assert len(state["lessons"]) >= 12


def test_the_boards_own_machine_needs_no_jupyterlab() -> None:
    missing = [
        "anywidget",
        "ipywidgets",
        "IPython",
        "numpy",
        "matplotlib",
        "nbformat",
        "nbclient",
        "redis",
        "traitlets",
        "jupyter_core",
    ]
    code = f"import sys; sys.modules.update(dict.fromkeys({missing})); import labkit.board.serving, labkit.board.report"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stderr == ""


def test_letting_the_room_in_is_said_clearly(board: ClassBoard) -> None:
    assert any("Only this machine" in line for line in board_lines(board, "127.0.0.1"))
    lines = board_lines(board, "0.0.0.0")
    assert any(line.startswith("Warning: on 0.0.0.0") and "not encrypted" in line for line in lines)
    assert lesson_titles()[4] == "04 what happens when it breaks"


def test_the_lab_hands_the_board_to_its_kernels(tmp_path: Path) -> None:
    with board_environment("10.0.0.5:8090/kmpr7t") as variables:
        assert variables[BOARD_VARIABLE] == "http://10.0.0.5:8090/KMPR7T"
        assert Path(variables[CONSENT_VARIABLE]).parent.is_dir()
    assert not Path(variables[CONSENT_VARIABLE]).parent.exists()
    with board_environment(None) as variables:
        assert variables == {}
    with pytest.raises(Failure, match="not the address of a class board"), board_environment("http://"):
        pass


def test_a_port_in_use_is_a_sentence(board: ClassBoard, tmp_path: Path) -> None:
    asked = CliRunner().invoke(main, ["board", "--port", str(board.server.port), "--folder", str(tmp_path / "other")])
    assert asked.exit_code == 2 and "is taken by another program" in asked.output
    asked = CliRunner().invoke(main, ["board", "--port", "0", "--folder", str(tmp_path / "other"), "--origin", "hub"])
    assert asked.exit_code == 2 and "is no origin" in asked.output
