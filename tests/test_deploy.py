"""What deploy/ says agrees with the rest, as far as that can be told without Docker."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from labkit.command.jupyter import command
from labkit.command.lessons import Place

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "deploy"


def test_a_hub_asks_nobody_about_news_just_as_the_launcher() -> None:
    settings = json.loads((DEPLOY / "hub/jupyter_lab_config.json").read_text())
    launched = dict(
        part.removeprefix("--LabApp.").split("=", 1) for part in command(Place(ROOT, ROOT, ROOT), "") if "=" in part
    )
    for name, value in settings["LabApp"].items():
        assert launched[name] == str(value)


def test_every_extra_that_is_installed_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    places = [DEPLOY / "Dockerfile", DEPLOY / "README.md", ROOT / ".binder/requirements.txt"]
    for place in places:
        (named,) = re.findall(r"(?:labkit|^\.)\[([a-z,]+)\]", place.read_text())
        assert set(named.split(",")) <= set(extras), place


def test_the_files_can_be_read_and_name_files_that_are_there() -> None:
    values = yaml.safe_load((DEPLOY / "hub/values.yaml").read_text())
    assert values["singleuser"]["extraEnv"]["LABKIT_ORIGINS"].startswith("https://")
    assert json.loads((ROOT / ".devcontainer/devcontainer.json").read_text())["forwardPorts"] == [8888]
    for text in (
        (DEPLOY / "Dockerfile").read_text(),
        (DEPLOY / "README.md").read_text(),
        (ROOT / ".binder/postBuild").read_text(),
    ):
        for path in re.findall(r"(?:/opt/labkit/|\s)(deploy/[\w/.]+)", text):
            assert (ROOT / path).is_file(), path


def test_each_way_says_whether_it_was_ever_run() -> None:
    rows = [line for line in (DEPLOY / "README.md").read_text().splitlines() if line.startswith("| ")][1:]
    assert len(rows) == 9 and all(re.search(r"\| (\*\*never |yes)", row) for row in rows)
    for never in ("Dockerfile", "hub/values.yaml"):
        assert "Never" in (DEPLOY / never).read_text()


@pytest.mark.skipif(sys.platform == "win32", reason="a script of the shell")
def test_lessons_are_handed_out_and_nobodys_work_is_written_over(tmp_path: Path) -> None:
    given, home = tmp_path / "given", tmp_path / "home of ann"
    for name in ("notebooks/00.ipynb", "notebooks/a b.txt", "docs/images/x.png", "notebooks/.ipynb_checkpoints/old"):
        (given / name).parent.mkdir(parents=True, exist_ok=True)
        (given / name).write_text("theirs")
    (home / "labkit/notebooks").mkdir(parents=True)
    (home / "labkit/notebooks/00.ipynb").write_text("mine")
    for _ in range(2):
        environment = {**os.environ, "HOME": str(home), "LABKIT_FOLDER": str(given)}
        subprocess.run(["sh", DEPLOY / "hub/copy_lessons.sh"], env=environment, check=True)
    there = {str(path.relative_to(home / "labkit")): path.read_text() for path in home.rglob("*") if path.is_file()}
    assert there == {"notebooks/00.ipynb": "mine", "notebooks/a b.txt": "theirs", "docs/images/x.png": "theirs"}
