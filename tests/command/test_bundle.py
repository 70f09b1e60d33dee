"""`labkit bundle`: what a stick holds, which machines it refuses and how, and an install with the network unplugged.

The wheels here are small ones of our own; benchmarks/bundle.py makes and installs the real ones.
"""

from __future__ import annotations

import ensurepip
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.command import bundle, wheelhouse
from labkit.command.bundled import install
from labkit.command.cli import main
from labkit.command.wheelhouse import PLATFORMS, BundleTarget, pack_installed, pinned_requirements

HERE = bundle.this_machine()
PROGRAM = "import pathlib, sys\ndef main():\n    with open('ran.txt', 'a') as file: print(*sys.argv[1:], file=file)\n    import room_dep\n"


def wheel(folder: Path, name: str, module: str, metadata: str = "", entry: str = "") -> None:
    info = f"{name}-1.0.dist-info"
    files = {
        f"{module}.py": PROGRAM if entry else "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{metadata}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": entry,
    }
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"]))


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A bundle of two small wheels, one of which is called labkit."""
    wheels = tmp_path / "usb stick" / "wheels"
    wheels.mkdir(parents=True)
    extra = "Requires-Dist: room-dep; extra == 'lab'\nProvides-Extra: lab\n"
    wheel(wheels, "labkit", "own_program", extra, "[console_scripts]\nlabkit = own_program:main\n")
    wheel(wheels, "room_dep", "room_dep")
    shutil.copy(next((Path(ensurepip.__file__).parent / "_bundled").glob("pip-*.whl")), wheels)
    bundle.describe(wheels.parent, [HERE], ["lab"])
    return wheels.parent


def without_network(*command: str | Path) -> subprocess.CompletedProcess[str]:
    unplugged = ["unshare", "--map-root-user", "--net"] if shutil.which("unshare") else []
    if not unplugged or subprocess.run([*unplugged, "true"], capture_output=True).returncode:
        pytest.skip("no namespace without a network can be made here (unshare --net)")
    environment = {
        **os.environ,
        "PIP_REQUIRE_VIRTUALENV": "1",
        "PIP_NO_INDEX": "0",
    }  # a company's settings do not count
    return subprocess.run([*unplugged, *map(str, command)], capture_output=True, text=True, env=environment)


@pytest.mark.live
def test_it_installs_with_the_network_unplugged(stick: Path, tmp_path: Path) -> None:
    # Three seconds: the only proof that what stands on the stick is enough.
    home = tmp_path / "my home"
    done = without_network(sys.executable, stick / "install.py", "--to", home)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Begin with: {home}/start" in done.stdout
    assert (home / "ran.txt").read_text() == "update-lessons\nroom-check --quick --offline\n"
    subprocess.run([home / "start", "--lesson", "01"], check=True)
    assert (home / "ran.txt").read_text().endswith("--lesson 01\n")


def test_run_again_it_renews_labkit_though_its_version_is_the_same(
    stick: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []
    monkeypatch.setattr(install.subprocess, "check_call", commands.append)
    for _ in range(2):
        install.install({"extras": ["lab"]}, str(stick), str(tmp_path / "home"))
    assert ["--force-reinstall" in command for command in commands] == [False, False, True]
    assert all("--no-index" in command and "--isolated" in command for command in commands)


def test_a_stick_that_lost_bytes_or_a_disk_without_room_installs_nothing(
    stick: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with (stick / "wheels" / "room_dep-1.0-py3-none-any.whl").open("r+b") as file:
        file.write(b"lost")
    assert install.main(["--to", str(tmp_path / "home")], str(stick)) == 1
    assert "damaged: room_dep-1.0-py3-none-any.whl. Copy it again" in capsys.readouterr().err
    bundle.describe(stick, [HERE], ["lab"])
    monkeypatch.setattr(install.shutil, "disk_usage", lambda place: type("Usage", (), {"free": 0}))
    assert install.main(["--to", str(tmp_path / "home")], str(stick)) == 1
    assert "is too full: make room for" in capsys.readouterr().err
    assert not (tmp_path / "home").exists()


def test_another_python_and_another_machine_get_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, object] = {"targets": [{"platform": "linux-x86_64", "python": "3.12"}]}
    assert install.why_not(made, (3, 12, 1), "linux-x86_64") == ""
    monkeypatch.setattr(install.shutil, "which", lambda name: None)
    wrong = install.why_not(made, (3, 9, 2), "linux-x86_64")
    assert "this is Python 3.9, and this folder is for Python 3.12." in wrong and "--python 3.9" in wrong
    monkeypatch.setattr(install.shutil, "which", lambda name: f"/usr/bin/{name}")
    assert "Say: python3.12 install.py" in install.why_not(made, (3, 9, 2), "linux-x86_64")
    assert "labkit bundle --out FOLDER --platform macos-arm64" in install.why_not(made, (3, 12), "macos-arm64")


@pytest.mark.parametrize(
    "system, machine, name",
    [
        ("Linux", "x86_64", "linux-x86_64"),
        ("Linux", "aarch64", "linux-aarch64"),
        ("Darwin", "arm64", "macos-arm64"),
        ("Windows", "AMD64", "windows-x86_64"),
        ("FreeBSD", "amd64", "freebsd-x86_64"),
    ],
)
def test_machines_have_one_name(system: str, machine: str, name: str) -> None:
    assert install.machine_name(system, machine) == name
    assert (name in PLATFORMS) == (system != "FreeBSD")


def test_what_is_needed_is_pinned_to_what_runs_here() -> None:
    lab = pinned_requirements(["lab"], HERE)
    assert f"jupyterlab=={importlib.metadata.version('jupyterlab')}" in lab and len(lab) > 80
    assert not any(line.startswith("labkit") for line in lab)
    assert set(lab) < set(pinned_requirements(["lab", "proxies"], HERE))
    windows = pinned_requirements(["lab"], BundleTarget("windows-x86_64", "3.12"))
    assert any(line.startswith("pywinpty") for line in windows)
    assert not any(line.startswith(("pywinpty", "appnope")) for line in lab if sys.platform == "linux")


def test_a_version_that_wants_a_newer_python_is_not_pinned(monkeypatch: pytest.MonkeyPatch) -> None:
    real = wheelhouse._version_for
    monkeypatch.setattr(wheelhouse, "_version_for", lambda name, on: None if name == "traitlets" else real(name, on))
    (loose,) = (line for line in pinned_requirements(["lab"], HERE) if line.startswith("traitlets"))
    assert ">=5.14" in loose and "<6" in loose and "==" not in loose  # what all who need it allow
    monkeypatch.undo()
    found = importlib.metadata.version("traitlets")
    assert (
        wheelhouse._version_for("traitlets", "3.12.0") == found and wheelhouse._version_for("traitlets", "2.7") is None
    )


def test_a_wheel_is_made_again_of_what_is_installed(tmp_path: Path) -> None:
    made = pack_installed("click", tmp_path)
    assert made.name == f"click-{importlib.metadata.version('click')}-py3-none-any.whl"
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
        record = archive.read(next(name for name in names if name.endswith("/RECORD"))).decode()
    assert "click/core.py" in names and not any(name.endswith((".pyc", "INSTALLER")) for name in names)
    assert all(name in record for name in names)


def test_the_command_says_what_it_cannot_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: str) -> str:
        done = CliRunner().invoke(main, ["bundle", "--out", str(tmp_path / "usb"), *arguments])
        assert done.exit_code == 2, done.output
        return done.stderr

    assert "one of: linux-x86_64, " in run("--platform", "amiga")
    assert "'3.9' is no Python for labkit" in run("--python", "3.9")
    monkeypatch.setattr(
        bundle, "find_pip", lambda folder: [sys.executable, "-c", "import sys; sys.exit('ERROR: no network')"]
    )
    (tmp_path / "usb" / "wheels").mkdir(parents=True)
    (tmp_path / "usb" / "wheels" / "old.whl").touch()
    assert "could not be fetched or built: ERROR: no network" in run()
    assert [path.name for path in (tmp_path / "usb").rglob("*")] == ["wheels", "old.whl"]  # the old one is left alone


def test_a_renewed_bundle_keeps_no_old_wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fetched: list[tuple[str, str]] = []
    monkeypatch.setattr(bundle, "find_pip", lambda folder: ["pip"])

    def download(needed: list[str], target: BundleTarget, folder: Path, pip: list[str]) -> None:
        fetched.append((target.platform, target.python))
        (folder / f"x-{target.platform}.whl").touch()

    monkeypatch.setattr(bundle, "download", download)
    monkeypatch.setattr(bundle, "build_own_wheel", lambda project, folder, pip: (folder / "labkit-1.whl").touch())
    usb = tmp_path / "usb"
    (usb / "wheels").mkdir(parents=True)
    (usb / "wheels" / "old.whl").touch()
    (usb / "holiday.jpg").touch()
    asked = ["--platform", "linux-x86_64", "--platform", "macos-arm64", "--python", "3.12", "--python", "3.13"]
    done = CliRunner().invoke(main, ["bundle", "--out", str(usb), *asked])
    assert done.exit_code == 0, done.output
    assert len(fetched) == 4
    assert sorted(path.name for path in usb.iterdir()) == [
        "README.txt",
        "bundle.json",
        "holiday.jpg",
        "install.py",
        "wheels",
    ]
    facts = json.loads((usb / "bundle.json").read_text())
    assert sorted(facts["files"]) == ["labkit-1.whl", "x-linux-x86_64.whl", "x-macos-arm64.whl"]
    assert {"platform": "macos-arm64", "python": "3.13"} in facts["targets"]


def test_an_old_python_can_read_the_script() -> None:
    import ast

    ast.parse(Path(install.__file__).read_text("utf-8"), feature_version=(3, 6))
