"""Writes two pages for instructors from the lessons and the exercises. A test fails when they differ."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from labkit.check.exercises import EXERCISES

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "instructors"
#: What somebody needs who reads English as a second language, aloud or to himself.
WORDS_A_MINUTE = 130
#: For a cell: to run it, and to look at what comes.
CELL_MINUTES = 0.4
#: For a guess, with a show of hands and a word about it.
GUESS_MINUTES = 1.5
#: For each level of an exercise, in a room where half of them have never done such a thing.
LEVEL_MINUTES = 3.5

MINUTES_HEAD = """\
# How long each part takes

Reckoned from the lessons by `tools/instructors_pages.py`: 130 words a minute, 0.4 minutes for each cell,
1.5 for each guess with a show of hands, 3.5 for each level of an exercise. It is for a room; a reader alone, who
guesses in silence, is faster.
"""
SOLUTIONS_HEAD = """\
# Solutions

What `solution(...)` prints, for those who teach. For each exercise also what people try:
the sentence that `check` says to it is its best explanation. Written by `tools/instructors_pages.py` from
`labkit/check/exercises`.
"""
SHOWN_TRAPS = 6


@dataclass
class Part:
    """A part of a lesson, from one heading to the next, and what is in it."""

    title: str
    words: int = 0
    cells: int = 0
    guesses: int = 0
    exercises: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> int:
        """How long it takes, in whole minutes, one at least."""
        levels = sum(len(EXERCISES[name].levels) for name in self.exercises)
        reckoned = self.words / WORDS_A_MINUTE + self.cells * CELL_MINUTES + self.guesses * GUESS_MINUTES
        return max(1, round(reckoned + levels * LEVEL_MINUTES))


def parts(lesson: Path) -> list[Part]:
    """The parts of a lesson, in order."""
    found: list[Part] = []
    for cell in nbformat.read(lesson, as_version=4)["cells"]:  # type: ignore[no-untyped-call]
        source = cell["source"]
        if cell["cell_type"] == "markdown":
            for line in source.splitlines():
                heading = re.match(r"##? (.+)", line)
                if heading:
                    found.append(Part(heading[1].strip()))
                found[-1].words += len(line.split())
        else:
            found[-1].cells += 1
            found[-1].guesses += len(re.findall(r"\bpredict\(", source))
            found[-1].exercises += [name for name in re.findall(r'\bcheck\("(\w+)"', source) if name in EXERCISES]
    return found


def minutes_page() -> str:
    """The text of minutes.md."""
    lines = [MINUTES_HEAD]
    for lesson in sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")):
        all_parts = parts(lesson)
        title = all_parts[0].title
        lines += [f"## {lesson.name[:2]} {title}: {sum(part.minutes for part in all_parts)} minutes", ""]
        lines += ["| part | minutes | guesses | exercises |", "|---|---|---|---|"]
        for part in all_parts:
            names = ", ".join(f"`{name}`" for name in part.exercises)
            shown = "the question" if part is all_parts[0] else part.title
            lines.append(f"| {shown} | {part.minutes} | {part.guesses or ''} | {names} |")
        lines.append("")
    return "\n".join(lines)


def solutions_page() -> str:
    """The text of solutions.md."""
    lines = [SOLUTIONS_HEAD]
    for name, exercise in EXERCISES.items():
        lines += [f"## {name}", "", "```python", inspect.getsource(exercise.solution).strip(), "```", ""]
        lines += [f"{number}. {hint}" for number, hint in enumerate(exercise.hints, 1)]
        lines += ["", "What people try, and what `check` says:", ""]
        lines += [f"- *{trap.name}*: {trap.sentence}" for trap in exercise.traps[:SHOWN_TRAPS]]
        lines.append("")
    return "\n".join(lines)


#: The pages, and what writes each of them.
PAGES = {FOLDER / "minutes.md": minutes_page, FOLDER / "solutions.md": solutions_page}

if __name__ == "__main__":
    for page, write in PAGES.items():
        page.write_text(write(), "utf-8")
