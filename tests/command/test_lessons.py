from __future__ import annotations

import json
from pathlib import Path

import pytest

from labkit.command import lessons
from labkit.command.lessons import Copy, Place, UnknownLesson, copy_lessons, find_lesson, find_place, reset_lesson


def notebook(*cells: str, version: str = "", result: str = "") -> str:
    """A notebook of code cells; with a result as if each had been run, and had shown it."""
    outputs = [{"output_type": "stream", "name": "stdout", "text": result}] if result else []
    made = [
        {"cell_type": "code", "source": cell, "outputs": outputs, "execution_count": 1 if result else None}
        for cell in cells
    ]
    return json.dumps({"cells": made, "metadata": {"version": version}}, indent=1) + "\n"


@pytest.fixture
def place(tmp_path: Path) -> Place:
    originals = tmp_path / "notebooks"
    originals.mkdir()
    (originals / "00_start.ipynb").write_text(notebook("start"))
    (originals / "01_wire.ipynb").write_text(notebook("wire", result="the answer"))
    (originals / "notes.ipynb").write_text("{}")
    return Place(originals, tmp_path / "work", tmp_path)


def test_the_lessons_are_the_numbered_notebooks_in_order(place: Place) -> None:
    assert place.lessons == ["00_start.ipynb", "01_wire.ipynb"]


def test_in_a_checkout_lessons_and_work_are_in_the_project(tmp_path: Path) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "pyproject.toml").touch()
    found = find_place(tmp_path / "labkit", folder=tmp_path / "elsewhere")
    assert found == Place(tmp_path / "notebooks", tmp_path / "work", tmp_path)


def test_from_a_wheel_lessons_are_in_the_package_and_work_in_the_current_folder(tmp_path: Path) -> None:
    package, here = tmp_path / "site-packages" / "labkit", tmp_path / "here"
    assert find_place(package, here) == Place(package / "notebooks", here / "labkit-work", here, package)


def test_this_checkout_has_its_lessons() -> None:
    assert find_place().lessons[0] == "00_start_here.ipynb"


@pytest.mark.parametrize("wanted", ["1", "01", "01_wire", "01_wire.ipynb", "work/01_wire.ipynb", r"work\01_wire.ipynb"])
def test_a_lesson_is_found_by_number_or_name(place: Place, wanted: str) -> None:
    assert find_lesson(place, wanted) == "01_wire.ipynb"


@pytest.mark.parametrize("wanted", ["7", "wire", "", "-1", "001", "²"])
def test_an_unknown_lesson_says_what_there_is(place: Place, wanted: str) -> None:
    with pytest.raises(UnknownLesson, match=r"there is: 00_start, 01_wire$"):
        find_lesson(place, wanted)


def test_missing_copies_are_made_and_made_once(place: Place) -> None:
    assert copy_lessons(place) == [Copy("00_start.ipynb", "copied"), Copy("01_wire.ipynb", "copied")]
    assert (place.work / "01_wire.ipynb").read_text() == notebook("wire")
    assert [copy.action for copy in copy_lessons(place)] == ["current", "current"]
    assert sorted(path.name for path in place.work.iterdir()) == [".originals.json", "00_start.ipynb", "01_wire.ipynb"]


def test_a_copy_holds_no_results_and_the_original_keeps_its_own(place: Place) -> None:
    copy_lessons(place)
    assert "the answer" not in (place.work / "01_wire.ipynb").read_text()
    assert "the answer" in (place.originals / "01_wire.ipynb").read_text()


def test_what_a_learner_ran_is_theirs_too(place: Place) -> None:
    copy_lessons(place)
    (place.work / "01_wire.ipynb").write_text(notebook("wire", result="what I measured"))
    (place.originals / "01_wire.ipynb").write_text(notebook("wire, second edition"))
    assert copy_lessons(place)[1].action == "kept"
    assert reset_lesson(place, "01_wire.ipynb").backup == "01_wire.mine.ipynb"
    assert "what I measured" in (place.work / "01_wire.mine.ipynb").read_text()


@pytest.mark.parametrize("lesson", find_place().lessons)
def test_no_lesson_gives_an_answer_away_in_its_copy(lesson: str) -> None:
    book = json.loads(lessons.without_results((find_place().originals / lesson).read_bytes()))
    assert all(cell["source"] for cell in book["cells"])
    assert "eaders without a kernel" not in json.dumps(book)
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in book["cells"])


def test_a_copy_of_a_read_only_original_can_be_written_in(place: Place) -> None:
    (place.originals / "01_wire.ipynb").chmod(0o444)
    copy_lessons(place)
    assert (place.work / "01_wire.ipynb").stat().st_mode & 0o200


def test_an_untouched_copy_follows_its_original(place: Place) -> None:
    copy_lessons(place)
    (place.originals / "01_wire.ipynb").write_text(notebook("wire, second edition"))
    assert copy_lessons(place)[1] == Copy("01_wire.ipynb", "refreshed")
    assert "second edition" in (place.work / "01_wire.ipynb").read_text()


def test_what_a_learner_wrote_is_never_overwritten(place: Place) -> None:
    copy_lessons(place)
    (place.work / "01_wire.ipynb").write_text(notebook("mine"))
    assert copy_lessons(place)[1].action == "current"  # the original is still the one that was copied: nothing to say
    (place.originals / "01_wire.ipynb").write_text(notebook("wire, second edition"))
    for _ in range(2):
        assert copy_lessons(place)[1].action == "kept"
        assert (place.work / "01_wire.ipynb").read_text() == notebook("mine")


def test_a_lesson_that_was_only_opened_is_untouched(place: Place) -> None:
    copy_lessons(place)
    (place.work / "01_wire.ipynb").write_text(notebook("wire", version="3.11.7"))  # as JupyterLab saves it
    (place.originals / "01_wire.ipynb").write_text(notebook("wire, second edition"))
    assert copy_lessons(place)[1].action == "refreshed"


@pytest.mark.parametrize("ledger", ["", "[]", "{broken", '{"01_wire.ipynb": 7}'])
def test_without_a_readable_ledger_every_difference_is_the_learners(place: Place, ledger: str) -> None:
    copy_lessons(place)
    (place.work / lessons.LEDGER).write_text(ledger)
    (place.originals / "01_wire.ipynb").write_text(notebook("wire, second edition"))
    assert copy_lessons(place)[1].action == "kept"
    assert (place.work / "01_wire.ipynb").read_text() == notebook("wire")


def test_a_copy_that_is_no_notebook_any_more_is_kept(place: Place) -> None:
    copy_lessons(place)
    (place.work / "01_wire.ipynb").write_bytes(b"\xff half a file")
    (place.originals / "01_wire.ipynb").write_text(notebook("wire, second edition"))
    assert copy_lessons(place)[1].action == "kept"


def test_reset_keeps_each_version_of_the_learner_beside_the_original(place: Place) -> None:
    copy_lessons(place)
    for text, mine in (
        ("one", "01_wire.mine.ipynb"),
        ("two", "01_wire.mine-2.ipynb"),
        ("three", "01_wire.mine-3.ipynb"),
    ):
        (place.work / "01_wire.ipynb").write_text(notebook(text))
        assert reset_lesson(place, "01_wire.ipynb") == Copy("01_wire.ipynb", "copied", mine)
        assert (place.work / mine).read_text() == notebook(text)
        assert (place.work / "01_wire.ipynb").read_text() == notebook("wire")


def test_reset_of_an_untouched_copy_keeps_nothing_aside(place: Place) -> None:
    assert reset_lesson(place, "01_wire.ipynb") == Copy("01_wire.ipynb", "copied")
    assert reset_lesson(place, "01_wire.ipynb") == Copy("01_wire.ipynb", "current")
    (place.originals / "01_wire.ipynb").write_text(notebook("wire, second edition"))
    assert reset_lesson(place, "01_wire.ipynb") == Copy("01_wire.ipynb", "refreshed")
    assert not list(place.work.glob("*.mine*"))


def test_after_a_reset_the_copy_counts_as_untouched(place: Place) -> None:
    copy_lessons(place)
    (place.work / "01_wire.ipynb").write_text(notebook("mine"))
    reset_lesson(place, "01_wire.ipynb")
    (place.originals / "01_wire.ipynb").write_text(notebook("wire, second edition"))
    assert copy_lessons(place)[1].action == "refreshed"
