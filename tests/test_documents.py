"""What README and CONTRIBUTING show as code runs, and prints what stands below it."""

from __future__ import annotations

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


@pytest.mark.parametrize("command", re.findall(r"^\| `labkit ?([a-z]*)", (ROOT / "README.md").read_text("utf-8"), re.M))
def test_each_command_of_the_readme_is_one(command: str) -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "labkit.command.cli", *filter(None, [command]), "--help"], capture_output=True, text=True
    )
    assert shown.returncode == 0 and shown.stdout.startswith("Usage: "), shown.stderr


def test_the_readme_counts_the_doctors_causes() -> None:
    assert f"names [{len(causes())} causes](docs/doctor.md)" in (ROOT / "README.md").read_text("utf-8")
