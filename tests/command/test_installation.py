from __future__ import annotations

import importlib.metadata
import io
import json
import sys
from pathlib import Path

import pytest
from rich.console import Console

from labkit.command import installation
from labkit.command.installation import (
    InstallationCheck,
    check_dependencies,
    check_kernel,
    check_python,
    check_writable,
    show_checks,
)
from labkit.command.lessons import Place, find_place


def test_this_installation_is_in_order_and_nothing_is_changed(tmp_path: Path) -> None:
    here = find_place()
    findings = list(installation.inspect(Place(here.originals, tmp_path / "work", tmp_path)))
    assert [finding for finding in findings if not finding.ok] == []
    assert list(tmp_path.iterdir()) == []


def test_python_must_be_new_enough() -> None:
    assert check_python((3, 11)).ok and check_python((3, 14, 1)).ok
    old = check_python((3, 10, 9))
    assert (old.ok, old.description) == (False, "Python 3.10.9 is older than 3.11")
    assert "3.11" in old.advice


def test_each_run_time_dependency_is_looked_at_and_no_other() -> None:
    named = [finding.description.split()[0] for finding in check_dependencies()]
    assert {"click", "httpx", "jupyterlab", "tornado", "packaging"} <= set(named)
    assert "pytest" not in named


def test_a_version_out_of_range_is_named_with_the_range() -> None:
    (found,) = check_dependencies(["click>=99,<100"])
    version = importlib.metadata.version("click")
    assert (found.ok, found.description) == (False, f"click {version} is not within <100,>=99")
    assert 'pip install "click<100,>=99"' in found.advice


def test_what_is_not_installed_or_only_for_others_is_told_apart() -> None:
    found = list(
        check_dependencies(["no-such-package>=1", 'no-such-extra; extra == "dev"', 'no-such; python_version < "3"'])
    )
    assert [(finding.ok, finding.description) for finding in found] == [(False, "no-such-package is not installed")]


def test_a_package_that_breaks_when_imported_is_no_tick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_pkg.py").write_text("raise OSError('a library is missing')")
    info = tmp_path / "broken_pkg-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken-pkg\nVersion: 1.0\n")
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = check_dependencies(["broken-pkg"])
    assert (found.ok, found.description) == (False, "broken-pkg 1.0 cannot be imported (OSError: a library is missing)")


def kernel_folder(tmp_path: Path, *argv: str) -> list[str]:
    spec = tmp_path / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps({"argv": argv, "display_name": "x", "language": "python"}))
    return [str(tmp_path / "kernels")]


@pytest.mark.parametrize("program", ["python", "python3", sys.executable])
def test_a_kernel_that_is_this_python_is_fine(tmp_path: Path, program: str) -> None:
    assert check_kernel(kernel_folder(tmp_path, program, "-m", "ipykernel_launcher")).ok


@pytest.mark.parametrize("program", ["/opt/other/bin/python", "python2", "pypy3"])
def test_a_kernel_that_is_another_python_is_not(tmp_path: Path, program: str) -> None:
    found = check_kernel(kernel_folder(tmp_path, program, "-m", "ipykernel_launcher"))
    assert (found.ok, found.description) == (False, f"the Jupyter kernel python3 is another Python: {program}")
    assert "ipykernel install --sys-prefix" in found.advice


def test_lessons_that_are_missing_are_a_cross(tmp_path: Path) -> None:
    assert not installation.check_lessons(Place(tmp_path, tmp_path, tmp_path)).ok


def test_a_folder_that_cannot_be_made_or_written_in_is_a_cross(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert not check_writable(tmp_path / "file").ok
    assert not check_writable(tmp_path / "file" / "work").ok
    assert check_writable(tmp_path / "work").ok and check_writable(tmp_path).ok


def test_marks_and_words_tell_without_colour() -> None:
    out = io.StringIO()
    console = Console(file=out, highlight=False, width=20)
    assert not show_checks(
        [InstallationCheck(True, "click [8]"), InstallationCheck(False, "rich is gone", "run: x")], console
    )
    assert out.getvalue() == "✓ ok     click [8]\n✗ NOT OK rich is gone\n         → run: x\n"
    assert show_checks([InstallationCheck(True, "click")], console)
