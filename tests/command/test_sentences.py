"""Every command ends in a sentence, whatever goes wrong in it."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from labkit.command import doctor, installation, lessons, listen, serve
from labkit.command.cli import main
from labkit.command.installation import InstallationCheck
from labkit.command.lessons import Place
from labkit.doctor.judge import judge
from labkit.errors import LabError
from labkit.recording import Arrival, Recording

URL = "http://127.0.0.1:9/events"
#: What each command calls, and how it is called itself.
COMMANDS = {
    "listen": (listen, "run_listen", ["listen", URL]),
    "doctor": (doctor, "run_doctor", ["doctor", URL]),
    "serve": (serve, "run_serve", ["serve"]),
    "reset": (lessons, "reset_lesson", ["reset", "00"]),
    "labkit": (lessons, "copy_lessons", []),
    "check": (installation, "inspect", ["--check"]),
}
PROBLEMS = {
    "memory": (MemoryError(), "there is no memory left"),
    "depth": (RecursionError("maximum recursion depth exceeded"), "nests too deeply"),
    "ours": (LabError("the lesson is on fire. Put it out"), "the lesson is on fire. Put it out"),
    "system": (OSError(28, "No space left on device"), "No space left on device"),
    "a mistake": (KeyError("x" * 5000), "a mistake in labkit itself (KeyError"),
    "a group": (ExceptionGroup("two", [ValueError("a"), ValueError("b")]), "a mistake in labkit itself"),
}


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    originals = tmp_path / "notebooks"
    originals.mkdir()
    (originals / "00_start.ipynb").write_text(json.dumps({"cells": []}))
    place = Place(originals, tmp_path / "work", tmp_path)
    monkeypatch.setattr(lessons, "find_place", lambda: place)
    monkeypatch.setattr(installation, "inspect", lambda place: [InstallationCheck(True, "fine")])
    return place


def run_failing(command: str, problem: BaseException, monkeypatch: pytest.MonkeyPatch) -> Result:
    module, name, arguments = COMMANDS[command]

    def fail(*unused: object, **options: object) -> None:
        raise problem

    monkeypatch.setattr(module, name, fail)
    return CliRunner().invoke(main, arguments)


@pytest.mark.parametrize("kind", PROBLEMS)
@pytest.mark.parametrize("command", COMMANDS)
def test_it_is_one_line_that_says_what_happened(command: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, says = PROBLEMS[kind]
    result = run_failing(command, problem, monkeypatch)
    assert result.exit_code == 2 and isinstance(result.exception, SystemExit)
    (line,) = [line for line in result.stderr.splitlines() if line]
    assert line.startswith("labkit: ") and says in line and len(line) < 400


def test_the_place_of_a_mistake_is_shown_to_whoever_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_TRACEBACK", "1")
    assert isinstance(run_failing("listen", KeyError("x"), monkeypatch).exception, KeyError)


@pytest.mark.parametrize("problem", [click.Abort(), click.UsageError("no"), click.exceptions.Exit(7)])
def test_what_click_ends_by_itself_stays_so(problem: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    result = run_failing("listen", problem, monkeypatch)
    assert "mistake" not in result.output and result.exit_code in (1, 2, 7)


@pytest.mark.parametrize("depth", [2_000, 200_000])
def test_a_lesson_that_nests_too_deeply_is_kept_and_the_original_given_back(place: Place, depth: int) -> None:
    CliRunner().invoke(main, ["reset", "00"])
    written = '{"cells": ' + "[" * depth + "]" * depth + "}"
    (place.work / "00_start.ipynb").write_text(written)
    result = CliRunner().invoke(main, ["reset", "00"])
    assert result.exit_code == 0 and "yours is kept as work/00_start.mine.ipynb" in result.stdout
    assert (place.work / "00_start.mine.ipynb").read_text() == written
    (place.work / ".originals.json").write_text("[" * depth)
    assert CliRunner().invoke(main, ["reset", "00"]).exit_code == 0


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_the_doctor_judges_data_that_nests_too_deeply(opening: str) -> None:
    body = b"".join(b"data: %s\nrest\n\n" % (opening * 2_000).encode() for _ in range(4))
    assert judge(Recording(200, {"content-type": "text/event-stream"}, (Arrival(0.1, body),), end_s=1.0)).findings
