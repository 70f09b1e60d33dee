"""The report of a class: which exercise took how long, which mistakes were frequent, and what the room had guessed."""

from __future__ import annotations

import csv
import datetime
import importlib.util
import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from labkit.board.folder import open_moments
from labkit.board.replay import FORMAT
from labkit.board.state import ClassState, Learner, VotedQuestion
from labkit.board.view import vote_counts
from labkit.errors import LabError, counted

Rows = list[dict[str, object]]
#: A spreadsheet takes a cell that begins so for a formula. Source: OWASP, "CSV Injection".
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_report(folder: Path, out: Path) -> list[str]:
    """Writes the report of the class in `folder` into `out`: CSV files, votes.json and a notebook. Returns what to say.

    Raises:
        LabError: there is no class in that folder, or nothing can be written in the other.
    """
    moments = open_moments(folder)
    if not moments:
        raise LabError(f"nobody has joined the class in {folder} yet: there is nothing to report")
    state = ClassState(moments)
    learners = present(state)
    tables = {
        "exercises": exercise_rows(learners),
        "mistakes": mistake_rows(learners),
        "guesses": guess_rows(state),
        "results": result_rows(learners),
    }
    date = datetime.date.fromtimestamp(moments[0].at_s).isoformat()
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, rows in tables.items():
            _write_csv(out / f"{name}.csv", rows, COLUMNS[name])
        (out / "votes.json").write_text(json.dumps(votes(state, date), indent=1), "utf-8")
    except OSError as problem:
        raise LabError(f"the report cannot be written to {out}: {problem.strerror or problem}") from None
    count = counted(len(learners), "learner")
    said = [f"{count}: {', '.join(f'{name}.csv' for name in tables)} and votes.json are in {out}/"]
    if importlib.util.find_spec("nbclient") is None:
        return [*said, "The notebook needs JupyterLab's packages: pip install 'labkit[lab]', and ask again"]
    from labkit.board.report_notebook import write_notebook

    write_notebook(out, count, date)
    return [*said, f"The figures are in {out / 'report.ipynb'}"]


COLUMNS = {
    "exercises": ("exercise", "learner", "minutes", "tries", "passed", "level", "levels"),
    "mistakes": ("exercise", "mistake", "times", "learners"),
    "guesses": ("lesson", "question", "unit", "learner", "guess", "measured", "right"),
    "results": ("question", "learner", "subject", "median", "low", "high", "n", "unit"),
}


def present(state: ClassState) -> list[Learner]:
    """The learners of a class, who may have left; none whom the instructor has removed."""
    return [learner for learner in state.learners.values() if not learner.removed]


def exercise_rows(learners: Iterable[Learner]) -> Rows:
    """One row for each learner and exercise. Minutes are from the first check to the one that passed; none before."""
    rows: Rows = []
    for learner in learners:
        for name, attempt in learner.exercises.items():
            minutes = "" if attempt.passed_s is None else round((attempt.passed_s - attempt.since_s) / 60, 1)
            passed = attempt.passed_s is not None
            values = (name, learner.name, minutes, attempt.tries, passed, attempt.level, attempt.levels)
            rows.append(dict(zip(COLUMNS["exercises"], values, strict=True)))
    return sorted(rows, key=lambda row: (str(row["exercise"]), str(row["learner"])))


def mistake_rows(learners: Iterable[Learner]) -> Rows:
    """One row for each mistake, the most frequent first: how often it was checked, and by how many learners."""
    times: dict[tuple[str, str], int] = defaultdict(int)
    whose: dict[tuple[str, str], set[str]] = defaultdict(set)
    for learner in learners:
        for name, attempt in learner.exercises.items():
            for mistake in attempt.mistakes:
                times[name, mistake] += 1
                whose[name, mistake].add(learner.id)
    rows: Rows = [
        {"exercise": name, "mistake": mistake, "times": count, "learners": len(whose[name, mistake])}
        for (name, mistake), count in sorted(times.items(), key=lambda item: (-item[1], item[0]))
    ]
    return rows


def guess_rows(state: ClassState) -> Rows:
    """One row for each guess, beside what that learner has measured."""
    rows: Rows = []
    for question in sorted(state.questions.values(), key=lambda one: (one.lesson, one.asked_s)):
        for id in {**question.votes, **question.measured}:
            guess, measured = question.votes.get(id, ""), question.measured.get(id, "")
            right = _is_right(question, guess, measured) if guess and measured else ""
            name = state.learners[id].name
            values = (question.lesson, question.question, question.unit, name, guess, measured, right)
            rows.append(dict(zip(COLUMNS["guesses"], values, strict=True)))
    return rows


def _is_right(question: VotedQuestion, guess: str, measured: str) -> object:
    """Whether the guess was right: a number within a fifth, as predict() says. "" for what is no number."""
    if question.choices:
        return guess == measured
    try:
        number = float(guess.removesuffix(question.unit).strip().replace(",", "."))
        low, high = sorted((number, float(measured.split()[0].replace(",", ""))))
    except (ValueError, IndexError):
        return ""
    return low == high or (low > 0 and high / low <= 1.2)


def result_rows(learners: Iterable[Learner]) -> Rows:
    """One row for each learner, measurement and subject."""
    rows: Rows = []
    for learner in learners:
        for result in learner.results:
            for subject, (median, low, high, n) in result["medians"].items():
                values = (result["question"], learner.name, subject, median, low, high, n, result["unit"])
                rows.append(dict(zip(COLUMNS["results"], values, strict=True)))
    return rows


def votes(state: ClassState, date: str) -> dict[str, object]:
    """The votes of the room, without names: what `board(replay="votes.json")` plays."""
    questions = sorted(state.questions.values(), key=lambda one: (one.lesson, one.asked_s))
    return {"format": FORMAT, "date": date, "questions": [
        {"key": one.key, "lesson": one.lesson, "question": one.question, "votes": vote_counts(one)}
        for one in questions if one.votes
    ]}  # fmt: skip


def _write_csv(path: Path, rows: Rows, columns: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(columns))
        writer.writeheader()
        for row in rows:
            writer.writerow({name: _safe(value) for name, value in row.items()})


def _safe(value: object) -> object:
    """The value for a spreadsheet: a text that would be taken for a formula gets an apostrophe in front."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
