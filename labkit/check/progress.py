"""How far a learner has come: the exercises that are passed, from what was noted beside the lessons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

from labkit.check.exercises import EXERCISES
from labkit.errors import counted
from labkit.system.progress import read_notes

_BAR_CELLS = 20


@dataclass(frozen=True, slots=True)
class ExerciseState:
    """How far one exercise is. `passed_at` is when it was passed first, in UTC, or "".

    Args:
        name: the exercise.
        level: the most levels that were passed at once.
        levels: how many there are.
        passed_at: ISO 8601.
        after_solution: the solution was looked at before.
    """

    name: str
    level: int = 0
    levels: int = 0
    passed_at: str = ""
    after_solution: bool = False


@dataclass(frozen=True, repr=False)
class LearnerProgress:
    """What is passed and what is left.

    Args:
        exercises: every exercise of the course, in the order of the lessons.
        guesses: question -> the newest note about it: `guess`, `measured`, `verdict`, `at`.
        claims: claim -> the newest note about it: `holds`, `because`, `at`.
        recorded: the questions whose answer came from another machine, where this one has no browser.
    """

    exercises: tuple[ExerciseState, ...]
    guesses: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    claims: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    recorded: tuple[str, ...] = ()

    @property
    def passed(self) -> list[ExerciseState]:
        """The exercises that are passed."""
        return [state for state in self.exercises if state.passed_at]

    @property
    def next_exercise(self) -> str | None:
        """The first exercise that is left; None when all are passed."""
        return next((state.name for state in self.exercises if not state.passed_at), None)

    @property
    def bar(self) -> str:
        """A bar of text."""
        full = len(self.passed) * _BAR_CELLS // max(1, len(self.exercises))
        return "█" * full + "░" * (_BAR_CELLS - full)

    @property
    def sentence(self) -> str:
        """How much is done, in a sentence."""
        guessed = sum(bool(note.get("guess")) for note in self.guesses.values())
        done = f"{len(self.passed)} of {counted(len(self.exercises), 'exercise')} passed"
        guesses = f"{guessed} {'guess' if guessed == 1 else 'guesses'} compared"
        return f"{done}, {guesses}, {counted(len(self.claims), 'claim')} measured"

    def __repr__(self) -> str:
        left = f"Next: {self.next_exercise}" if self.next_exercise else "Nothing is left."
        return f"{self.bar} {self.sentence}. {left}"

    def _repr_html_(self) -> str:
        boxes = "".join(_box(state) for state in self.exercises)
        style = "display:flex;gap:2px;margin:4px 0;max-width:40em"
        left = f"Next: <code>{escape(self.next_exercise)}</code>" if self.next_exercise else "Nothing is left."
        words = f"{escape(self.sentence)}. {left}"
        return f'<div><div role="img" aria-label="{escape(self.sentence)}" style="{style}">{boxes}</div>{words}</div>'


def _box(state: ExerciseState) -> str:
    # Full, half or empty: height tells it, not colour alone.
    share = 1.0 if state.passed_at else 0.5 if state.level else 0.0
    label = f"{state.name}: {'passed' if state.passed_at else f'level {state.level}' if state.level else 'not yet'}"
    fill = f'<div style="height:{share:.0%};background:var(--jp-success-color1, #388e3c)"></div>'
    style = "flex:1;height:1.2em;border:1px solid var(--jp-border-color1, #999);display:flex;flex-direction:column"
    return f'<div title="{escape(label)}" style="{style};justify-content:flex-end">{fill}</div>'


def my_progress(folder: Path | str = ".") -> LearnerProgress:
    """What is passed and what is left, in this folder of lessons. Of what others did nothing is known here."""
    return learner_progress(read_notes(Path(folder)))


def learner_progress(notes: Iterable[Mapping[str, object]]) -> LearnerProgress:
    """The progress that these notes tell, the oldest first. What is no note of ours is left out.

    A `check` of the solution itself passes nothing.
    """
    states = {name: ExerciseState(name, levels=len(exercise.levels)) for name, exercise in EXERCISES.items()}
    looked: set[str] = set()
    guesses: dict[str, Mapping[str, object]] = {}
    claims: dict[str, Mapping[str, object]] = {}
    recorded: dict[str, None] = {}
    for note in notes:
        name = str(note.get("name", ""))
        match note["kind"]:
            case "solution":
                looked.add(name)
            case "check" if name in states and note.get("own") is True:
                states[name] = _after(states[name], note, name in looked)
            case "guess" if name and (note.get("guess") or name not in guesses):
                guesses[name] = note
            case "claim" if name:
                claims[name] = note
            case "recorded" if name:
                recorded[name] = None
    return LearnerProgress(tuple(states.values()), guesses, claims, tuple(recorded))


def _after(state: ExerciseState, note: Mapping[str, object], looked: bool) -> ExerciseState:
    level = note.get("level")
    reached = min(level, state.levels) if isinstance(level, int) and not isinstance(level, bool) else 0
    if state.passed_at:
        return state
    passed = reached == state.levels
    at = str(note["at"]) if passed else ""
    return ExerciseState(state.name, max(state.level, reached), state.levels, at, passed and looked)
