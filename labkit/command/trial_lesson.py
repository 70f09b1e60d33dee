"""A lesson that is run to its end in a folder of its own, to see that it works here and how long it takes."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from labkit.command import jupyter
from labkit.command.findings import RoomFinding
from labkit.command.lessons import Place, copy_lessons, find_lesson
from labkit.errors import LabError

LESSON = "00"
#: Lesson 00 plays words for some twenty seconds; a machine that needs three times as long is busy or weak.
SLOW_S = 60.0
CELL_TIMEOUT_S = 90
#: A kernel warns that its channels are plain TCP, as every Jupyter's are: it would stand between the findings.
QUIET = ["--IPKernelApp.log_level=40"]


def check_lesson(place: Place, say: Callable[[str], object], lesson_query: str = LESSON) -> RoomFinding:
    """Checks that a lesson runs to its end here.

    Args:
        place: where the originals are; nothing is written there.
        say: is told how far it is.
        lesson_query: which one, by number or name.
    """
    from nbconvert.preprocessors import CellExecutionError

    began_s = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="labkit-room-", ignore_cleanup_errors=True) as folder:
        try:
            lesson = find_lesson(place, lesson_query)
            own = replace(place, work=Path(folder) / "work")
            copy_lessons(own)
            _execute(own.work / lesson, say)
        except CellExecutionError as problem:
            advice = f"open it with labkit --lesson {lesson_query}, and run the cell"
            return RoomFinding(
                "trouble", f"lesson {lesson_query} fails: {problem.ename}: {problem.evalue[:200]}", advice
            )
        except (LabError, OSError, RuntimeError, TimeoutError) as problem:
            advice = "labkit --check says whether all is installed"
            return RoomFinding("trouble", f"lesson {lesson_query} cannot be run ({str(problem)[:200]})", advice)
    took_s = time.monotonic() - began_s
    said = f"lesson {lesson_query} runs, in {took_s:.0f} s"
    if took_s > SLOW_S:
        return RoomFinding(
            "note", said, "that is slow: close other programs; what measures times may be too noisy here"
        )
    return RoomFinding("ok", said)


def _execute(path: Path, say: Callable[[str], object]) -> None:
    import nbformat
    from nbconvert.preprocessors import ExecutePreprocessor

    book: Any = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    count = len(book["cells"])
    runner: Any = ExecutePreprocessor(timeout=CELL_TIMEOUT_S, kernel_name="python3", extra_arguments=QUIET)  # type: ignore[no-untyped-call]
    runner.on_cell_start = lambda cell, cell_index: say(f"{path.stem}: cell {cell_index + 1} of {count}")
    # Its kernel is this Python's, as with labkit itself; and what is only a trial is not noted as progress.
    with _environment({**jupyter.environment(), "LABKIT_NOTES": "none"}):
        runner.preprocess(book, {"metadata": {"path": str(path.parent)}})


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
