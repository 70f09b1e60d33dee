from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.system.child import Child

from ..helpers import eventually

pytestmark = pytest.mark.live

SLEEPER = [sys.executable, "-c", "import os, sys, time; print(os.getpid(), flush=True); time.sleep(3600)"]
STUBBORN = [
    sys.executable,
    "-c",
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(os.getpid(), flush=True); time.sleep(3600)",
]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"


def pid_in(log: Path) -> int:
    eventually(lambda: log.read_text().strip())
    return int(log.read_text())


@pytest.mark.parametrize("command", [SLEEPER, STUBBORN], ids=["gentle", "stubborn"])
def test_it_ends_when_told(command: list[str], tmp_path: Path) -> None:
    with (tmp_path / "log").open("wb") as log, Child(command, log=log, patience_s=0.5) as child:
        pid = pid_in(tmp_path / "log")
        assert child.running and alive(pid)
        assert repr(child).endswith("runs>")
    eventually(lambda: not alive(pid))
    assert not child.running


GOODBYE = [
    sys.executable,
    "-c",
    "import os, signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(print('goodbye', flush=True)));"
    "print(os.getpid(), flush=True); time.sleep(3600)",
]


def test_who_is_killed_says_no_goodbye(tmp_path: Path) -> None:
    for end, said in ((Child.stop, ["goodbye"]), (Child.kill, [])):
        path = tmp_path / end.__name__
        with path.open("wb") as log:
            child = Child(GOODBYE, log=log)
            pid = pid_in(path)
            end(child)
            assert not child.running and not alive(pid)
            child.kill()  # once more does nothing
        assert path.read_text().splitlines()[1:] == said


def test_it_ends_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = f"""
import sys, time
from labkit.system.child import Child
Child({SLEEPER!r}, log=open({str(tmp_path / "log")!r}, "wb"))
time.sleep(3600)
"""
    parent = subprocess.Popen([sys.executable, "-c", code])
    eventually((tmp_path / "log").exists)
    pid = pid_in(tmp_path / "log")
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    eventually(lambda: not alive(pid))


def test_a_program_that_ends_by_itself_is_noticed() -> None:
    child = Child([sys.executable, "-c", "pass"])
    eventually(lambda: not child.running)
    child.stop()


def test_a_program_gets_no_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "LABKIT_UPSTREAM_KEY",
        "OPENAI_API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "JUPYTERHUB_API_TOKEN",
        "DATABASE_URL",
    ):
        monkeypatch.setenv(name, "a secret")
    program = [sys.executable, "-c", "import os; print(dict(os.environ))"]
    with (tmp_path / "log").open("wb") as log, Child(program, environment={"GIVEN": "by name"}, log=log) as child:
        eventually(lambda: not child.running)
    said = (tmp_path / "log").read_text()
    assert "a secret" not in said and "'GIVEN': 'by name'" in said and "'PATH'" in said
