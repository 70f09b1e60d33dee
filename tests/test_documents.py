"""What README and CONTRIBUTING show as code runs, and prints what stands below it."""

from __future__ import annotations

import importlib.util
import itertools
import re
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.doctor import causes

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "docs" / "architecture.md")
#: A block of Python, and the block of plain text that follows it, if one does: what it prints.
BLOCK = re.compile(r"^```python\n(.*?)^```\n(?:\n[^`\n]*:\n\n```\n(.*?)^```\n)?", re.M | re.S)
SCRIPTS = [
    pytest.param(code, printed, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, (code, printed) in enumerate(BLOCK.findall(page.read_text("utf-8")), start=1)
]


def test_there_are_scripts() -> None:
    assert len(SCRIPTS) >= 2


@pytest.mark.live
@pytest.mark.parametrize(("code", "printed"), SCRIPTS)
def test_a_script_runs_as_it_stands(code: str, printed: str) -> None:
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    assert printed and shown.stdout == printed


@pytest.mark.parametrize(
    "command", re.findall(r"^\| `labkit ?([a-z-]*)", (ROOT / "README.md").read_text("utf-8"), re.M)
)
def test_each_command_of_the_readme_is_one(command: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "labkit.command.cli", *filter(None, [command]), "--help"], capture_output=True, text=True
    )
    assert shown.returncode == 0 and shown.stdout.startswith("Usage: "), shown.stderr


def test_the_readme_counts_the_doctors_causes() -> None:
    assert f"names [{len(causes())} causes](docs/doctor.md)" in (ROOT / "README.md").read_text("utf-8")


def test_the_instructors_pages_are_those_of_today() -> None:
    spec = importlib.util.spec_from_file_location("instructors_pages", ROOT / "tools" / "instructors_pages.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look it up
    spec.loader.exec_module(module)
    for page, write in module.PAGES.items():
        assert page.read_text("utf-8") == write(), "run: uv run python tools/instructors_pages.py"


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "instructors").glob("*.md")), ids=lambda page: page.stem)
def test_a_day_s_clock_adds_up(page: Path) -> None:
    rows = re.findall(r"^\| (\d+):(\d+) \| (\d*) \|", page.read_text("utf-8"), re.M)
    for (hour, minute, lasts), (next_hour, next_minute, _) in itertools.pairwise(rows):
        begin, end = int(hour) * 60 + int(minute), int(next_hour) * 60 + int(next_minute)
        assert begin + int(lasts) == end, f"after {hour}:{minute}"
