"""The lessons: where the originals are, and the copies that a learner writes in."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import labkit
from labkit.command.documents import copy_documents, linked_to_copies
from labkit.errors import NOT_JSON, LabError, counted
from labkit.system.progress import LEDGER

#: "kept": the original is new, and the copy was written in. "current": there is nothing to do.
CopyAction = Literal["copied", "refreshed", "kept", "current"]

#: The tag of cells that say what people without a kernel do not see.
READERS_ONLY = "readers-only"


@dataclass(frozen=True, slots=True)
class Place:
    """The folders of the lessons: `originals`, `work` for the copies, and the `root` that JupyterLab shows.

    `package` is the package's own folder where docs/ lies in it, and not beside `work`: as it comes from a wheel.
    """

    originals: Path
    work: Path
    root: Path
    package: Path | None = None

    @property
    def lessons(self) -> list[str]:
        """The file names of the lessons, in order."""
        return sorted(path.name for path in self.originals.glob("[0-9][0-9]_*.ipynb"))


@dataclass(frozen=True, slots=True)
class Copy:
    """What was done with the copy of one lesson. `backup` is the file that keeps the learner's version, or ""."""

    lesson: str
    action: CopyAction
    backup: str = ""


class UnknownLesson(LabError):
    """No lesson has that number or name."""

    def __init__(self, query: str, lessons: list[str]) -> None:
        self.query, self.lessons = query, lessons
        known_lessons = ", ".join(Path(lesson).stem for lesson in lessons) or "none at all"
        super().__init__(f"there is no lesson {query!r}; there is: {known_lessons}")


def find_place(package: Path | None = None, folder: Path | None = None) -> Place:
    """The folders of the lessons: those of the checkout with work/, or those of the package with labkit-work/.

    Args:
        package: the folder of the package labkit.
        folder: where labkit-work/ goes; by default the current folder.
    """
    package = package or Path(labkit.__file__).parent
    project = package.parent
    if (project / "pyproject.toml").is_file() and (project / "notebooks").is_dir():
        return Place(project / "notebooks", project / "work", project)
    folder = folder or Path.cwd()
    return Place(package / "notebooks", folder / "labkit-work", folder, package)


def find_lesson(place: Place, query: str) -> str:
    """The file name of the lesson with that number ("1" or "01") or name, with or without folder and ending.

    Raises:
        UnknownLesson: there is none.
    """
    name = re.split(r"[/\\]", query.strip())[-1].removesuffix(".ipynb")
    for lesson in place.lessons:
        stem = Path(lesson).stem
        if name == stem or (re.fullmatch(r"[0-9]{1,2}", name) and int(name) == int(stem[:2])):
            return lesson
    raise UnknownLesson(query, place.lessons)


def copy_lessons(place: Place) -> list[Copy]:
    """Copies the lessons to `place.work`, and returns what was done with each, in order.

    An untouched copy is replaced if its original has changed; a copy that a learner has edited is kept. What
    the lessons link to comes along, where it is not there already.
    """
    place.work.mkdir(parents=True, exist_ok=True)
    if place.package is not None:
        copy_documents([place.originals / lesson for lesson in place.lessons], place.package, place.work)
    return [Copy(lesson, _bring_up_to_date(place, lesson)) for lesson in place.lessons]


def copy_lines(place: Place, copies: list[Copy]) -> list[str]:
    """What was done with the copies, in lines for people. Of those that were up to date it says nothing."""
    lines = []
    for action, verb in (("copied", "copied to"), ("refreshed", "refreshed in")):
        names = [copy.lesson for copy in copies if copy.action == action]
        if names:
            lines.append(f"{counted(len(names), 'lesson')} {verb} {place.work}: {', '.join(names)}")
    return lines + [
        f"{copy.lesson} has a new original, and you wrote in yours: left alone. labkit reset {copy.lesson[:2]} gives it"
        for copy in copies
        if copy.action == "kept"
    ]


def reset_lesson(place: Place, lesson: str) -> Copy:
    """Makes the copy the original again, and returns what was done; `backup` keeps what the learner wrote."""
    place.work.mkdir(parents=True, exist_ok=True)
    copy = place.work / lesson
    action = _bring_up_to_date(place, lesson)
    if action in ("copied", "refreshed") or _hash(copy) == _read_ledger(place).get(lesson):
        return Copy(lesson, action)
    backup = next(path for path in _backup_paths(copy) if not path.exists())
    copy.rename(backup)
    _take_original(place, lesson)
    return Copy(lesson, "copied", backup.name)


def _bring_up_to_date(place: Place, lesson: str) -> CopyAction:
    copy = place.work / lesson
    original_hash = fingerprint(_for_learners(place, lesson))
    if not copy.exists():
        _take_original(place, lesson)
        return "copied"
    ledger = _read_ledger(place)
    copy_hash, known_hash = _hash(copy), ledger.get(lesson)
    if copy_hash == original_hash:
        if known_hash != original_hash:
            _write_ledger(place, ledger | {lesson: original_hash})
        return "current"
    if copy_hash == known_hash:
        _take_original(place, lesson)
        return "refreshed"
    return "current" if known_hash == original_hash else "kept"


def _take_original(place: Place, lesson: str) -> None:
    original = _for_learners(place, lesson)
    _replace(place.work / lesson, original)  # not shutil.copy: an original may be read-only, and its copy must not be
    _write_ledger(place, _read_ledger(place) | {lesson: fingerprint(original)})


def _for_learners(place: Place, lesson: str) -> bytes:
    """The lesson as it is handed out."""
    copy = without_results((place.originals / lesson).read_bytes())
    if place.package is None:
        return copy
    text = copy.decode("utf-8", "surrogateescape")
    return linked_to_copies(text, f"notebooks/{lesson}", place.package).encode("utf-8", "surrogateescape")


def _backup_paths(copy: Path) -> Iterator[Path]:
    yield copy.with_name(f"{copy.stem}.mine.ipynb")
    number = 2
    while True:
        yield copy.with_name(f"{copy.stem}.mine-{number}.ipynb")
        number += 1


def without_results(notebook: bytes) -> bytes:
    """The notebook as if it had never been run: no outputs, no numbers beside the cells.

    The originals keep their results, for people who read on the web. Under a prediction they would give the answer
    away. Cells that are for these readers alone are left out. What is no notebook stays as it is.
    """
    try:
        book = json.loads(notebook)
        book["cells"] = [cell for cell in book["cells"] if READERS_ONLY not in cell.get("metadata", {}).get("tags", [])]
        for cell in book["cells"]:
            if cell["cell_type"] == "code":
                cell["outputs"], cell["execution_count"] = [], None
        return (json.dumps(book, indent=1, ensure_ascii=False) + "\n").encode()
    except (*NOT_JSON, KeyError, TypeError, AttributeError):
        return notebook


def fingerprint(notebook: bytes) -> str:
    """The sha256 of a notebook's cells, in hex. Not of the file: JupyterLab rewrites its metadata when it is opened."""
    try:
        cells = json.dumps(json.loads(notebook)["cells"], sort_keys=True).encode()
    except (*NOT_JSON, KeyError, TypeError):  # no notebook any more; it is the learner's all the same
        cells = notebook
    return hashlib.sha256(cells).hexdigest()


def _hash(path: Path) -> str:
    return fingerprint(path.read_bytes())


def _read_ledger(place: Place) -> dict[str, str]:
    """Lesson -> fingerprint of its original when copied. Empty if unreadable: then every copy counts as written in."""
    try:
        ledger = json.loads((place.work / LEDGER).read_text("utf-8"))
    except (OSError, *NOT_JSON):
        return {}
    return ledger if isinstance(ledger, dict) else {}


def _write_ledger(place: Place, ledger: dict[str, str]) -> None:
    _replace(place.work / LEDGER, (json.dumps(ledger, indent=1, sort_keys=True) + "\n").encode())


def _replace(path: Path, content: bytes) -> None:
    """Writes the file whole or not at all."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    draft.write_bytes(content)
    draft.replace(path)
