"""`labkit progress --certificate`: a page of what one person measured and passed on one machine. No seal of anybody."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from html import escape

import labkit
from labkit.check import LearnerProgress
from labkit.command.course import LessonContent
from labkit.errors import counted
from labkit.lab.verdict import WORDS, sentences

_STYLE = """
body { font: 17px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; color: #1a1a1a; }
h1 { font-size: 1.9rem; margin-bottom: .2rem; } h2 { font-size: 1.2rem; margin: 2rem 0 .4rem; }
table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #ddd; }
td:last-child, th:last-child { white-space: nowrap; text-align: right; padding-right: 0; }
.small { font-size: .88rem; color: #555; } code { font-size: .95em; }
@media (prefers-color-scheme: dark) { body { background: #16181c; color: #e8e8e8; } td, th { border-color: #3a3d44; }
.small { color: #aab; } }
@media print { body { margin: 0 auto; font-size: 11pt; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
"""
_HONEST = (
    "This page was made by labkit from notes in a file on one machine, which its owner can change. Nobody watched, "
    "nobody has signed it, and it proves nothing to others. It says what was done here, so that it can be done again."
)


def machine_line() -> str:
    """The machine in a line: system, processors, Python, labkit. No name of the machine or its user."""
    system = f"{platform.system()} {platform.machine()}"
    return (
        f"{system}, {os.cpu_count() or '?'} processors, Python {platform.python_version()}, labkit {labkit.__version__}"
    )


def certificate(done: LearnerProgress, course: Iterable[LessonContent], name: str, today: str, machine: str) -> str:
    """The page, as HTML that needs no other file.

    Args:
        done: what was noted.
        course: the lessons.
        name: whose page it is; "" leaves it out.
        today: the date on it.
        machine: where it was measured.
    """
    lessons = list(course)
    parts = [
        "<!doctype html>", '<html lang="en"><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width">', "<title>What I measured and passed</title>",
        f"<style>{_STYLE}</style>",
        "<h1>Server-sent events, by experiment</h1>",
        f"<p>{escape(name)}{': ' if name else ''}{escape(done.sentence)}.</p>",
        f'<p class="small">{escape(today)}. {escape(machine)}.</p>',
        *_table("Exercises passed", ("exercise", "what it was", "passed on"), _passed(done, lessons)),
        *_table("Claims measured", ("claim", "verdict here, and why", "on"), _claims(done)),
        *_table("Guesses and measurements", ("question", "guess, and what was measured", "on"), _guesses(done)),
    ]  # fmt: skip
    if done.recorded:
        count = counted(len(done.recorded), "answer")
        parts.append(
            f'<p class="small">Not measured here: {count} of a browser. None was found, and a recording of another '
            "machine was shown.</p>"
        )
    return "\n".join([*parts, f'<p class="small">{_HONEST}</p>', "</html>", ""])


def _table(title: str, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    if not rows:
        return [f"<h2>{title}</h2>", "<p>None yet.</p>"]
    lines = ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    heading = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    return [f"<h2>{title}: {len(rows)}</h2>", f"<table><thead><tr>{heading}</tr></thead>", *lines, "</table>"]


def _passed(done: LearnerProgress, lessons: list[LessonContent]) -> list[tuple[str, ...]]:
    homes = {name: lesson.title for lesson in lessons for name in lesson.exercises}
    return [
        (
            state.name,
            f"{counted(state.levels, 'level')}, lesson {homes.get(state.name, '')}".removesuffix(", lesson ")
            + ("; the solution was looked at first" if state.after_solution else ""),
            state.passed_at[:10],
        )
        for state in done.passed
    ]


def _claims(done: LearnerProgress) -> list[tuple[str, ...]]:
    said = sentences()
    rows: list[tuple[str, ...]] = []
    for claim, note in sorted(done.claims.items()):
        holds = note.get("holds")
        verdict = WORDS[holds if isinstance(holds, bool) else None]
        rows.append(
            (f"{claim}: {said.get(claim, '')}", f"{verdict}: {note.get('because', '')}", str(note.get("at"))[:10])
        )
    return rows


def _guesses(done: LearnerProgress) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for question, note in done.guesses.items():
        if guess := note.get("guess"):
            told = f"guessed {guess}; measured {note.get('measured', '')}. {note.get('verdict') or ''}"
            rows.append((question.replace("`", ""), told.replace("`", "").strip(), str(note.get("at"))[:10]))
    return rows
