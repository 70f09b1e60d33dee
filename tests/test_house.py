"""The house is in order: both ways to install name the same things, and the README's commands are what CI runs."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
README = (ROOT / "README.md").read_text("utf-8")


def names_and_minors(requirements: list[str]) -> dict[str, str]:
    """Name -> the first version that is allowed, cut to what the conda file pins."""
    found = (re.match(r"([a-z0-9-]+)\s*[>=]=?\s*([\d.]+)", requirement) for requirement in requirements)
    return {match[1]: match[2] for match in found if match}


def test_conda_and_pyproject_name_the_same_dependencies() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    pinned = names_and_minors([entry for entry in conda if isinstance(entry, str) and entry not in ("pip", "nginx")])
    wanted = names_and_minors(PROJECT["project"]["dependencies"])
    assert set(pinned) - {"python"} == set(wanted)
    for name, version in wanted.items():
        assert version.startswith(pinned[name]), f"{name}: pyproject allows {version}, conda pins {pinned[name]}"
    assert pinned["python"] == PROJECT["project"]["requires-python"].removeprefix(">=")
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
