"""What a learner passed is noted beside their lessons, and nowhere else; nothing there can spoil a check."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from labkit.check import check, my_progress, solution
from labkit.check.exercises import EXERCISES
from labkit.check.progress import learner_progress
from labkit.lab.verdict import Verdict
from labkit.system.progress import FILE, LEDGER, note, read_notes
from labkit.widgets import predict


@pytest.fixture
def lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that labkit has handed lessons out to, where the notebook runs."""
    (tmp_path / LEDGER).write_text("{}")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def mine(ids: list[int]) -> object:
    return solution("missing_and_doubled").function(ids)


def test_a_stub_a_part_and_a_pass(lessons: Path) -> None:
    check("missing_and_doubled", lambda ids: None)
    assert [state.name for state in my_progress().passed] == []
    function = solution("doubled_events").function
    check("doubled_events", lambda *given: function(*given))
    (state,) = my_progress().passed
    assert state.name == "doubled_events" and state.after_solution and state.level == state.levels
    assert my_progress().next_exercise == "missing_and_doubled"
    assert f"1 of {len(EXERCISES)} exercises passed, 0 guesses compared" in repr(my_progress())
    assert 'title="doubled_events: passed"' in my_progress()._repr_html_()


def test_the_solution_itself_passes_nothing(lessons: Path) -> None:
    assert check("missing_and_doubled", solution("missing_and_doubled")).passed
    assert my_progress().passed == []


def test_guesses_claims_and_their_newest_word(lessons: Path) -> None:
    guess = predict("How many?", unit="bytes")
    guess.compare(3)
    guess.value = "2"
    guess.compare(3)
    Verdict("C01", None, "too noisy")
    Verdict("C01", True, "it did not end")
    done = my_progress()
    assert done.guesses["How many?"]["guess"] == "2 bytes" and done.guesses["How many?"]["measured"] == "3 bytes"
    assert done.claims["C01"]["holds"] is True
    assert done.sentence.endswith("1 guess compared, 1 claim measured")


def test_the_same_is_noted_once(lessons: Path) -> None:
    for _ in range(50):
        note("claim", name="C02", holds=True, because="x" * 1000)
    (only,) = read_notes(lessons)
    assert len(str(only["because"])) == 300


def test_elsewhere_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    note("claim", name="C03")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / LEDGER).touch()
    monkeypatch.setenv("LABKIT_NOTES", "none")
    note("claim", name="C03")
    assert [path.name for path in tmp_path.iterdir()] == [LEDGER]


def test_a_file_that_cannot_be_written_spoils_no_check(lessons: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (lessons / ".labkit").touch()  # a file stands where the folder should
    assert check("missing_and_doubled", mine).passed
    assert my_progress().passed == []
    monkeypatch.setattr(os, "getcwd", lambda: 1 / 0)
    assert check("missing_and_doubled", mine).passed


def test_torn_and_foreign_lines_are_left_out(lessons: Path) -> None:
    (lessons / ".labkit").mkdir()
    whole = {"at": "2026-11-28T09:00:00+00:00", "kind": "check", "name": "since", "level": 99, "own": True}
    lines = [b'{"at": "2026', b"\xff\xfe", b"[" * 100_000, b"[]", b'{"kind": 7, "at": "x"}', b'{"at":"x","kind":"odd"}']
    lines += [json.dumps({**whole, "level": "9"}).encode(), json.dumps({**whole, "name": "none such"}).encode()]
    (lessons / FILE).write_bytes(b"\n".join([*lines, json.dumps(whole).encode()])[:-3])
    note("check", name="held", level=2, own=True)  # its line begins on a new line, whatever stands before it
    done = my_progress()
    assert done.passed == []
    assert {state.name: state.level for state in done.exercises}["held"] == 2


def test_the_first_pass_counts(lessons: Path) -> None:
    notes = [
        {"at": "1", "kind": "check", "name": "since", "level": 99, "own": True},
        {"at": "2", "kind": "solution", "name": "since"},
        {"at": "3", "kind": "check", "name": "since", "level": 0, "own": True},
    ]
    (state,) = learner_progress(notes).passed
    assert (state.passed_at, state.after_solution) == ("1", False)
