"""`labkit progress`: what is passed and what is left, lesson by lesson."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from labkit.check import LearnerProgress
from labkit.check.progress import ExerciseState
from labkit.command.course import LessonContent, read_course
from labkit.command.lessons import Place
from labkit.errors import counted


def show_progress(place: Place, done: LearnerProgress, console: Console) -> None:
    """Prints a row for each lesson, what is next, and a bar."""
    states = {state.name: state for state in done.exercises}
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("lesson", "exercises", "guesses", "claims"):
        table.add_column(heading)
    course = read_course(place)
    for lesson in course:
        table.add_row(lesson.title, _exercises(lesson, states), *_counts(lesson, done))
    console.print(table)
    console.print(f"\n{done.bar} {done.sentence}.")
    if home := next((lesson for lesson in course if done.next_exercise in lesson.exercises), None):
        console.print(f"Next: {done.next_exercise}. labkit --lesson {home.file[:2]} opens it")


def _exercises(lesson: LessonContent, states: dict[str, ExerciseState]) -> Text:
    found = Text()
    for name in lesson.exercises:
        state = states.get(name)
        if state is None:
            continue
        if found:
            found.append("  ")
        if state.passed_at:
            found.append(f"✓ {name}", "green")
        else:
            found.append(f"· {name}" + (f" ({state.level} of {counted(state.levels, 'level')})" if state.level else ""))
    return found


def _counts(lesson: LessonContent, done: LearnerProgress) -> list[str]:
    guessed = sum(bool(done.guesses.get(question, {}).get("guess")) for question in lesson.questions)
    settled = sum(claim in done.claims for claim in lesson.claims)
    shares = ((guessed, len(lesson.questions)), (settled, len(lesson.claims)))
    return [f"{got} of {total}" if total else "" for got, total in shares]


def as_facts(done: LearnerProgress) -> dict[str, object]:
    """The same for a program: plain values that JSON can hold."""
    return {
        "exercises": {
            state.name: {"level": state.level, "levels": state.levels, "passed_at": state.passed_at or None}
            for state in done.exercises
        },
        "guesses": {question: dict(note) for question, note in done.guesses.items()},
        "claims": {claim: dict(note) for claim, note in done.claims.items()},
    }
