from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import labkit
from labkit.command import installation, jupyter, lessons
from labkit.command.cli import main
from labkit.command.installation import InstallationCheck
from labkit.command.lessons import Place


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    """A project of its own, and an installation in order."""
    originals = tmp_path / "notebooks"
    originals.mkdir()
    for name in ("00_start", "01_wire"):
        (originals / f"{name}.ipynb").write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": name}]}))
    place = Place(originals, tmp_path / "work", tmp_path)
    monkeypatch.setattr(lessons, "find_place", lambda: place)
    monkeypatch.setattr(installation, "inspect", lambda place: [InstallationCheck(True, "fine")])
    return place


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands that would have started JupyterLab, which then ends with code 7."""
    commands: list[list[str]] = []

    def run(command: list[str], environment: dict[str, str]) -> int:
        commands.append(command)
        return 7

    monkeypatch.setattr(jupyter, "run_jupyter", run)
    return commands


def test_help_and_version_import_nothing_heavy() -> None:
    code = (
        "import sys\nfrom labkit.command.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'rich', 'httpx', 'tornado', 'jupyterlab', 'matplotlib', 'asyncio'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert f"labkit, version {labkit.__version__}" in run("--version").output


def test_labkit_checks_copies_and_opens_the_first_lesson(place: Place, started: list[list[str]]) -> None:
    result = run()
    assert result.exit_code == 7  # JupyterLab's own
    assert "✓ ok     fine" in result.output and "2 lessons copied to" in result.output
    (command,) = started
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={place.root}" in command
    assert "--LabApp.default_url=/lab/tree/work/00_start.ipynb" in command
    assert (place.work / "01_wire.ipynb").exists()


def test_options_and_what_follows_two_dashes_reach_jupyterlab(place: Place, started: list[list[str]]) -> None:
    run("--no-browser", "--port", "8899", "--lesson", "1", "--", "--ServerApp.ip=0.0.0.0", "reset")
    (command,) = started
    assert "--no-browser" in command and "--ServerApp.port=8899" in command
    assert "--LabApp.default_url=/lab/tree/work/01_wire.ipynb" in command
    assert command[-2:] == ["--ServerApp.ip=0.0.0.0", "reset"]


def test_root_is_told_that_allow_root_is_added(
    place: Place, started: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    for uid in (0, 1000):
        monkeypatch.setattr(os, "geteuid", lambda uid=uid: uid, raising=False)
        output = run().output
        assert ("--allow-root" in output) == ("--allow-root" in started[-1]) == (uid == 0)


def test_a_cross_stops_everything(place: Place, started: list[list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation, "inspect", lambda place: [InstallationCheck(False, "click is gone", "run: x")])
    for arguments in ([], ["--check"]):
        result = run(*arguments)
        assert result.exit_code == 1
        assert "✗ NOT OK click is gone" in result.output and "run: x" in result.output
    assert started == [] and not place.work.exists()


def test_check_only_checks(place: Place, started: list[list[str]]) -> None:
    result = run("--check")
    assert (result.exit_code, started, place.work.exists()) == (0, [], False)


def test_an_unknown_lesson_lists_what_there_is(place: Place, started: list[list[str]]) -> None:
    for arguments in (["--lesson", "9"], ["reset", "9"], ["reset", "01", "9"]):
        result = run(*arguments)
        assert (result.exit_code, started) == (2, [])
        assert result.stderr == "labkit: there is no lesson '9'; there is: 00_start, 01_wire\n"
    assert not place.work.exists()


def test_options_before_a_command_are_refused(place: Place) -> None:
    result = run("--port", "9000", "serve")
    assert result.exit_code == 2 and "labkit serve --option" in result.stderr


def test_a_copy_that_stays_behind_its_original_gets_one_line(place: Place, started: list[list[str]]) -> None:
    run()
    (place.work / "01_wire.ipynb").write_text('{"cells": ["mine"]}')
    assert "01_wire" not in run().output
    (place.originals / "01_wire.ipynb").write_text('{"cells": ["new"]}')
    assert [line for line in run().output.splitlines() if "01_wire" in line] == [
        "01_wire.ipynb has a new original, and you wrote in yours: left alone. labkit reset 01 gives it"
    ]


def test_reset_says_where_the_learners_version_went(place: Place) -> None:
    assert run("reset", "01").output == "work/01_wire.ipynb was missing, and is there again\n"
    assert run("reset", "01").output == "work/01_wire.ipynb is the original already\n"
    (place.work / "01_wire.ipynb").write_text('{"cells": ["mine"]}')
    kept = "work/01_wire.ipynb is the original again; yours is kept as work/01_wire.mine.ipynb\n"
    assert run("reset", "01_wire").output == kept
    (place.originals / "01_wire.ipynb").write_text('{"cells": ["new"]}')
    untouched = "work/01_wire.ipynb was untouched, and is the newest original now"
    assert run("reset", "--all").output.splitlines()[1] == untouched


def test_reset_without_a_lesson_asks_which(place: Place) -> None:
    result = run("reset")
    assert result.exit_code == 2 and "labkit reset 01" in result.stderr and "01_wire" in result.stderr


def test_work_that_cannot_be_written_in_is_one_sentence(place: Place, started: list[list[str]]) -> None:
    place.work.touch()
    for arguments in ([], ["reset", "01"]):
        result = run(*arguments)
        assert (result.exit_code, started) == (2, [])
        assert result.stderr.startswith("labkit: ") and result.stderr.count("\n") == 1


def test_this_environments_kernel_comes_first_and_no_question_pops_up() -> None:
    found = jupyter.environment({"JUPYTER_PATH": "/theirs", "HOME": "/home"})
    assert found["JUPYTER_PATH"] == os.pathsep.join([str(Path(sys.prefix) / "share/jupyter"), "/theirs"])
    settings = Path(found["JUPYTER_CONFIG_PATH"]) / "labconfig" / "default_setting_overrides.json"
    assert '"fetchNews": "false"' in settings.read_text()
    assert found["HOME"] == "/home"


def test_the_options_mean_something_to_this_jupyterlab(place: Place) -> None:
    """An option that JupyterLab cannot read is only a warning there, and all options beside it are lost."""
    from jupyterlab.labapp import LabApp

    app = LabApp()
    options = [part for part in jupyter.command(place, "01_wire.ipynb") if part.startswith("--LabApp")]
    app.parse_command_line(options)
    app.update_config(app.config)
    assert app.news_url is None
    assert app.check_for_updates_class.__name__ == "NeverCheckForUpdate"
    assert app.default_url == "/lab/tree/work/01_wire.ipynb"


CHILD = """
import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(5))
signal.signal(signal.SIGTERM, lambda *_: sys.exit(6))
print("ready", flush=True)
time.sleep(60)
"""


@pytest.mark.live
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 5), (signal.SIGTERM, 6)])
def test_a_signal_reaches_the_child_once_and_its_exit_code_comes_back(number: int, code: int) -> None:
    parent = f"import os, sys\nfrom labkit.command.jupyter import run_jupyter\nsys.exit(run_jupyter([sys.executable, '-c', {CHILD!r}], os.environ))"
    process = subprocess.Popen(
        [sys.executable, "-c", parent], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    time.sleep(0.1)
    process.send_signal(number)
    assert process.wait(10) == code


def test_a_child_that_was_killed_has_the_shells_exit_code() -> None:
    suicide = [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"]
    assert jupyter.run_jupyter(suicide, os.environ) == 137


def test_ctrl_c_during_the_start_is_one_word(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> Place:
        raise KeyboardInterrupt

    monkeypatch.setattr(lessons, "find_place", interrupted)
    result = run("--check")
    assert (result.exit_code, result.output.strip()) == (130, "labkit: stopped")
