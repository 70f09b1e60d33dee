"""The wheel in an empty environment: the commands run without JupyterLab, and say how to get it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
#: labkit, and what its core brings with it. JupyterLab alone brings a hundred.
FEW = 20

# Some ten seconds: the only proof that what is declared is enough to run.
pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(240)]


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, env=environment)


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the programs of an environment that has the wheel and nothing else."""
    home = tmp_path_factory.mktemp("wheel")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", home, ROOT)
    assert built.returncode == 0, built.stderr
    wheel = next(home.glob("*.whl"))
    uv = shutil.which("uv")
    venv.create(home / "env", with_pip=uv is None)
    scripts = home / "env" / ("Scripts" if os.name == "nt" else "bin")
    python = scripts / ("python.exe" if os.name == "nt" else "python")
    installer = [uv, "pip", "install", "--python", python] if uv else [python, "-m", "pip", "install"]
    installed = run(*installer, wheel)
    assert installed.returncode == 0, installed.stderr
    return scripts


@pytest.fixture
def served(scripts: Path) -> Iterator[str]:
    process = subprocess.Popen([scripts / "labkit", "serve", "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    url = re.search(r"http://localhost:\d+", process.stdout.readline())
    assert url
    yield url[0]
    process.terminate()
    process.wait(10)
    process.stdout.close()


def test_the_doctor_examines_what_serve_serves(scripts: Path, served: str) -> None:
    found = run(scripts / "labkit", "doctor", f"{served}/events", "--seconds", "1", "--yes")
    assert found.returncode == 0, found.stdout + found.stderr
    heard = run(scripts / "labkit", "listen", f"{served}/events", "--count", "2")
    assert heard.returncode == 0 and len(heard.stdout.splitlines()) >= 2, heard.stderr


def test_it_brings_few_packages_and_no_jupyter(scripts: Path) -> None:
    installed = [path.name for path in scripts.parent.rglob("*.dist-info")]
    assert len(installed) <= FEW, installed
    assert not any("jupyter" in name or "matplotlib" in name for name in installed)


def test_a_server_with_a_channel_needs_no_more(scripts: Path) -> None:
    code = "from labkit.server import Channel, launch; s = launch({'/a': Channel()}); print(s.url); s.stop()"
    shown = run(scripts / "python", "-c", code)
    assert shown.stdout.startswith("http://127.0.0.1:"), shown.stderr


def test_without_jupyterlab_the_lessons_say_what_to_install(scripts: Path, tmp_path: Path) -> None:
    found = run(scripts / "labkit", "--check")
    assert found.returncode == 1
    assert "jupyterlab is not installed" in found.stdout and 'labkit[lab]"' in found.stdout, found.stdout
    assert "Traceback" not in found.stderr
