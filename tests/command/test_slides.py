"""`labkit slides`: a lesson in one file that fetches nothing, with guesses apart from what they are compared with."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from labkit.command import slides
from labkit.command.cli import main


def test_the_slides_are_whole_and_fetch_nothing(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["slides", "5", "--out", str(tmp_path), "--dark"])
    assert done.exit_code == 0, done.output
    page = (tmp_path / "05_who_comes_back_and_when.slides.html").read_text("utf-8")
    assert not re.search(r"<(script|link|img)[^>]*(src|href)=.https?:", page)
    assert "Reveal.initialize" in page and 'data-jp-theme-light="false"' in page
    assert page.count("data:image/png;base64,") >= 2
    assert "widget-view" not in page and "Your guess: " in page
    sections = page.split("<section")[1:]
    assert len(sections) >= 25
    assert [section for section in sections if "Your guess: " in section and "You guessed" in section] == []


def test_an_unknown_lesson_and_a_place_that_cannot_be_written_are_said(tmp_path: Path) -> None:
    assert "99" in CliRunner().invoke(main, ["slides", "99"]).output
    (tmp_path / "file").touch()
    done = CliRunner().invoke(main, ["slides", "05", "--out", str(tmp_path / "file" / "deck.html")])
    assert done.exit_code == 2 and "cannot be written" in done.output


def test_live_opens_the_lesson_alone_in_large_type(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started = []

    def run(command: list[str], environment: dict[str, str]) -> int:
        settings = Path(environment["JUPYTERLAB_SETTINGS_DIR"])
        started.append((command, (settings / "@jupyterlab/apputils-extension/themes.jupyterlab-settings").read_text()))
        return 0

    monkeypatch.setattr("labkit.command.jupyter.run_jupyter", run)
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["slides", "05", "--live", "--no-browser"])
    assert done.exit_code == 0, done.output
    ((command, settings),) = started
    assert command[-1].endswith("05_who_comes_back_and_when.ipynb") and "/doc/tree/" in command[-1]
    assert "20px" in settings


def test_what_others_wrote_is_as_they_wrote_it() -> None:
    vendor = slides.TEMPLATE / "vendor"
    table = dict(re.findall(r"^\| `(\S+)` \| `([0-9a-f]{64})` \|$", (vendor / "README.md").read_text("utf-8"), re.M))
    files = {path.name for path in vendor.iterdir()} - {"README.md"}
    assert files == set(table)
    for name, digest in table.items():
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest
