"""What a notebook says to a board, and what it never says."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit.bench import Result, load
from labkit.board import ClassBoard, joining, membership
from labkit.board import board as board_line
from labkit.board.consent import ask_about
from labkit.board.folder import open_moments
from labkit.board.moments import public_number, question_key
from labkit.board.replay import StoredVotes
from labkit.check import check, solution
from labkit.errors import LabError
from labkit.system import observers
from labkit.system.observers import BOARD_VARIABLE, CONSENT_VARIABLE, observe, tell
from labkit.widgets import predict
from labkit.widgets.boardline import BoardLine

from ..helpers import eventually

pytestmark = pytest.mark.live
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def _nobody_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setattr(joining, "_boards", {})
    monkeypatch.setattr(observers, "_observers", [])
    monkeypatch.setattr(observers, "_asked", [])
    monkeypatch.setattr(membership, "TYPING_S", 0.0)
    monkeypatch.setattr(membership, "RESULT_S", 0.0)
    yield
    for one in joining._boards.values():
        one.member._end()


def line_at(board: ClassBoard, name: str = "fox") -> BoardLine:
    line = board_line(board.url + board.folder.code, name)
    assert isinstance(line, BoardLine)
    return line


def kinds(board: ClassBoard) -> list[str]:
    return [moment.kind for moment in open_moments(board.folder.path)]


def carry(token: str) -> str:
    return f"data: {token}\n\n"


def test_nothing_is_sent_before_yes_and_nothing_after_leaving(
    board: ClassBoard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "work/07_how_do_models_stream.ipynb")
    before = predict("Before?", ["a", "b"])
    line = line_at(board)
    before.value = "a"
    assert kinds(board) == [] and line.shown["stage"] == "asking"
    line.join()
    line.join()  # pressed twice
    eventually(lambda: line.shown["stage"] == "joined", "joined")
    guess = predict("Within?", ["a", "b"])
    guess.value = "b"
    guess.compare("a")
    check("carry", carry)
    check("carry", solution("carry"))
    Result("How late?", "ms", {"SSE": [[1.0, 2.0], [2.0, 3.0], [1.0, 2.0]]})
    number = predict("How many?", unit="s")
    for typed in ("1", "12", "120"):
        number.value = typed
    line.leave()
    assert line.shown["stage"] == "left"
    predict("After?", ["a"]).value = "a"
    check("carry", carry)
    (fox,) = board.desk.state.learners.values()
    assert (fox.name, fox.lesson, fox.left) == ("fox", "07", True)
    assert {one.question: list(one.votes.values()) for one in board.desk.state.questions.values()} == {
        "Within?": ["b"],
        "How many?": ["120"],
    }
    assert fox.exercises["carry"].mistakes == ["no JSON"] and fox.exercises["carry"].passed_s
    assert fox.results == [{"question": "How late?", "unit": "ms", "medians": {"SSE": [2.0, 1.5, 2.5, 6]}}]
    assert kinds(board)[-1] == "leave" and kinds(board).count("join") == 1
    log = "".join(moment.text() for moment in open_moments(board.folder.path))
    assert "def carry" not in log and "Before?" not in log and "After?" not in log and str(Path.cwd()) not in log


def test_code_goes_out_when_show_my_answer_is_pressed_and_only_then(board: ClassBoard) -> None:
    line = line_at(board)
    line.join()
    check("carry", carry)
    assert line.shown["exercise"] == "carry"
    eventually(lambda: "check" in kinds(board))
    assert board.desk.state.answers == {}
    line._hear(line, {"ask": "show"}, None)
    eventually(lambda: board.desk.state.answers, "the answer is there")
    assert (
        next(iter(board.desk.state.answers.values())).code
        == 'def carry(token: str) -> str:\n    return f"data: {token}\\n\\n"\n'
    )


def test_what_the_lesson_gives_is_no_mistake_of_the_learner(board: ClassBoard, tmp_path: Path) -> None:
    book = json.loads((ROOT / "notebooks" / "07_how_do_models_stream.ipynb").read_text("utf-8"))
    cell = next("".join(cell["source"]) for cell in book["cells"] if "def carry" in "".join(cell["source"]))
    source = tmp_path / "given.py"
    source.write_text(cell.partition("check(")[0])
    names: dict[str, Any] = {}
    exec(compile(source.read_text(), str(source), "exec"), names)
    line = line_at(board)
    line.join()
    assert check("carry", names["carry"]).mistake == "no JSON"
    line.leave()
    (fox,) = board.desk.state.learners.values()
    assert fox.exercises["carry"].tries == 1 and fox.exercises["carry"].mistakes == []


def test_a_wrong_code_is_said_in_the_line_and_can_be_typed_again(board: ClassBoard) -> None:
    line = board_line(board.url, "fox")
    assert isinstance(line, BoardLine)
    line._hear(line, {"ask": "join", "name": "heron", "code": "CCCCCC"}, None)
    eventually(lambda: line.shown["stage"] == "refused")
    assert "not the code" in line.shown["why"]
    line._hear(line, {"ask": "join", "name": "heron", "code": board.folder.code.lower()}, None)
    eventually(lambda: line.shown["stage"] == "joined")
    assert line.shown["name"] == "heron"


def test_the_other_notebooks_of_one_jupyterlab_are_not_asked_again(
    board: ClassBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(CONSENT_VARIABLE, str(tmp_path / "consent.json"))
    monkeypatch.setenv(BOARD_VARIABLE, board.url + board.folder.code)
    predict("First?", ["a"])  # shows the line, and says nothing
    (first,) = joining._boards.values()
    assert first.member.stage == "asking" and "The class board" in capsys.readouterr().out and kinds(board) == []
    first.member.join("heron")
    eventually(lambda: (tmp_path / "consent.json").exists() and first.member.stage == "joined")
    assert os.name == "nt" or (tmp_path / "consent.json").stat().st_mode & 0o077 == 0
    monkeypatch.setattr(joining, "_boards", {})  # another kernel
    second = ask_about(board.url + board.folder.code)
    eventually(lambda: second.shown["stage"] == "joined")
    assert [learner.name for learner in board.desk.state.learners.values()] == ["heron"]
    first.member.leave()
    assert json.loads((tmp_path / "consent.json").read_text())["joined"] == "no"
    monkeypatch.setattr(joining, "_boards", {})
    assert ask_about(board.url + board.folder.code).shown["stage"] == "asking"
    second.member.leave()


def test_a_kernel_that_starts_again_is_the_same_learner_and_is_asked_again(
    board: ClassBoard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runtime").mkdir()
    old = tmp_path / "runtime" / "labkit-board-0.json"
    old.write_text("{}")
    os.utime(old, (0, 0))
    line_at(board, "fox").join()
    eventually(lambda: "join" in kinds(board) and not old.exists() and joining.recall(board.url + board.folder.code))
    monkeypatch.setattr(joining, "_boards", {})  # another kernel
    again = line_at(board, "")
    assert again.shown["stage"] == "asking" and again.shown["name"] == "fox"
    again.join()
    eventually(lambda: again.shown["stage"] == "joined")
    assert [learner.name for learner in board.desk.state.learners.values()] == ["fox"]
    again.leave()
    assert joining.recall(board.url + board.folder.code) == {"joined": "no"}  # who left is somebody else next time


def test_to_leave_in_one_notebook_is_to_leave_in_all(board: ClassBoard, monkeypatch: pytest.MonkeyPatch) -> None:
    first = line_at(board)
    first.join()
    eventually(lambda: first.shown["stage"] == "joined")
    monkeypatch.setattr(joining, "_boards", {})  # another kernel, of the same learner
    second = line_at(board)
    second.join()
    eventually(lambda: second.shown["stage"] == "joined" and board.desk.notices.clients == 2)
    first.leave()
    eventually(lambda: second.shown["stage"] == "refused")
    assert "in another notebook" in second.shown["why"]
    predict("Within?", ["a"]).value = "a"
    assert first.shown["stage"] == "left" and "asked" not in kinds(board)
    second.join()
    eventually(lambda: second.shown["stage"] == "joined")
    assert [learner.name for learner in board.desk.state.present] == ["fox"]
    second.leave()


def test_a_result_of_somebody_else_is_not_sent(tmp_path: Path) -> None:
    heard: list[str] = []
    end = observe(lambda kind, facts: heard.append(kind))
    Result("How late?", "ms", {"SSE": [[1.0]]}).save(tmp_path / "mine.json")
    load(tmp_path / "mine.json")
    end()
    assert heard == ["result"]


def test_who_joined_no_board_loads_none() -> None:
    code = (
        "import sys; from labkit.check import check, solution; check('carry', solution('carry')); "
        "print([name for name in sys.modules if name.startswith(('labkit.board', 'httpx', 'labkit.widgets'))])"
    )
    clean = {name: value for name, value in os.environ.items() if name != BOARD_VARIABLE}
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=clean).stdout
    assert shown.strip() == "[]"


def test_an_observer_that_fails_fails_for_itself() -> None:
    heard: list[str] = []

    def fails(kind: str, facts: dict[str, Any]) -> None:
        raise RuntimeError(kind)

    ends = [observe(fails), observe(lambda kind, facts: heard.append(kind))]
    tell("asked")
    for end in (*ends, *ends):  # twice is once
        end()
    tell("asked")
    assert heard == ["asked"]


def test_a_classs_votes_are_played_at_home(tmp_path: Path) -> None:
    file = tmp_path / "votes.json"
    key = question_key("How many?", ["1", "2"], "")
    file.write_text(json.dumps({"format": "labkit votes 1", "date": "2026-11-28", "questions": [
        {"key": key, "lesson": "01", "question": "How many?", "votes": {"1": 12, "2": 5}}]}))  # fmt: skip
    votes = board_line(replay=file)
    assert isinstance(votes, StoredVotes) and "the room of 17: 12 × 1, 5 × 2" in repr(votes)
    guess = predict("How many?", ["1", "2"])
    guess.value = "1"
    assert repr(guess.compare("2")).splitlines()[-1] == "the room of 17: 12 × 1, 5 × 2"
    assert repr(predict("Not asked?", ["1"]).compare("1")).count("\n") == 0
    order = votes.shuffled("How many?", ["1", "2"], seed=3)
    assert order == votes.shuffled("How many?", ["1", "2"], seed=3) != votes.shuffled("How many?", ["1", "2"], seed=4)
    assert sorted(order) == ["1"] * 12 + ["2"] * 5
    votes.stop()
    assert repr(guess.compare("2")).count("\n") == 0


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "labkit votes 1", "date": "", "questions": [1]}'])
def test_what_holds_no_votes_is_a_sentence(tmp_path: Path, text: str) -> None:
    (tmp_path / "votes.json").write_text(text)
    with pytest.raises(LabError, match=r"holds no votes.*--report"):
        board_line(replay=tmp_path / "votes.json")


def test_a_secret_is_not_its_public_number() -> None:
    assert public_number("x" * 20) != "x" * 20 and len(public_number("x" * 20)) == 12
    with pytest.raises(LabError, match="which board"):
        board_line()
