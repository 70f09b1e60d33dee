"""With labkit from a wheel: the lessons' links and pictures lead to files that are there."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import labkit
from labkit.command import lessons
from labkit.command.cli import main
from labkit.command.documents import linked_to_copies
from labkit.command.lessons import Place, copy_lessons

PROJECT = Path(labkit.__file__).parent.parent


@pytest.fixture
def installed(tmp_path: Path) -> Place:
    """A package as a wheel lays it out, and an empty folder for its lessons."""
    package = tmp_path / "site-packages" / "labkit"
    package.mkdir(parents=True)
    for path in (PROJECT / "labkit").iterdir():
        (package / path.name).symlink_to(path)
    (package / "docs").symlink_to(PROJECT / "docs")
    (package / "notebooks").symlink_to(PROJECT / "notebooks")
    here = tmp_path / "here"
    here.mkdir()
    return Place(package / "notebooks", here / "labkit-work", here, package)


def links(path: Path) -> list[str]:
    text = path.read_text("utf-8")
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return re.findall(r"\]\((?!https?:|attachment:|#)([^)#\s]+)", text)


def test_every_link_of_lessons_and_pages_leads_to_a_file(installed: Place) -> None:
    copy_lessons(installed)
    pages = [*installed.work.glob("*.ipynb"), *installed.work.rglob("*.md")]
    found = [(page, link) for page in pages for link in links(page)]
    assert len(found) > 50
    assert [(page.name, link) for page, link in found if not (page.parent / link).is_file()] == []
    assert (installed.work / "docs" / "images" / "eventstream.png").is_file()
    assert not (installed.work / "docs" / "instructors").exists()  # the solutions are not handed out


def test_the_next_start_writes_nothing_and_mends_what_is_missing(installed: Place) -> None:
    copy_lessons(installed)
    glossary = installed.work / "docs" / "glossary.md"
    before = glossary.stat().st_mtime_ns
    assert {copy.action for copy in copy_lessons(installed)} == {"current"}
    assert glossary.stat().st_mtime_ns == before
    glossary.write_text("old")
    copy_lessons(installed)
    assert glossary.read_text("utf-8") != "old"


def test_a_link_to_what_is_not_handed_out_becomes_its_text(installed: Place) -> None:
    assert installed.package is not None
    text = (
        '"see [the tests](../tests/a.py), ![a figure](../docs/no.png), [up](../docs/../../etc/passwd), [w](../docs/glossary.md#x), '
        'calls[0](event), [this](https://example.org), [main](../labkit/command/cli.py)"'
    )
    shown = '"see the tests, a figure, up, [w](docs/glossary.md#x), calls[0](event), [this](https://example.org), [main](docs/code/command/cli.py)"'
    assert linked_to_copies(text, "notebooks/00_start_here.ipynb", installed.package) == shown


def test_update_lessons_says_what_it_did_and_keeps_what_was_written(
    installed: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    originals = tmp_path / "originals"
    originals.mkdir()
    for name in ("00_start", "01_wire"):
        (originals / f"{name}.ipynb").write_text(json.dumps({"cells": [{"cell_type": "markdown", "source": name}]}))
    place = Place(originals, tmp_path / "work", tmp_path)
    monkeypatch.setattr(lessons, "find_place", lambda: place)

    def updated(*arguments: str) -> str:
        done = CliRunner().invoke(main, ["update-lessons", *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    assert "2 lessons copied to" in updated()
    assert updated() == f"2 lessons of 2 in {place.work} up to date already\n"
    (place.work / "01_wire.ipynb").write_text('{"cells": ["mine"]}')
    for name in ("00_start", "01_wire"):
        (originals / f"{name}.ipynb").write_text('{"cells": []}')
    said = updated()
    assert "1 lesson refreshed" in said and "you wrote in yours: left alone. labkit reset 01" in said
    assert "mine" in (place.work / "01_wire.ipynb").read_text()
    updated("--to", str(tmp_path / "usb" / "lessons"))
    assert (tmp_path / "usb" / "lessons" / "01_wire.ipynb").is_file()
    (tmp_path / "file").touch()
    refused = CliRunner().invoke(main, ["update-lessons", "--to", str(tmp_path / "file" / "below")])
    assert refused.exit_code == 2 and "Say --to FOLDER" in refused.output
