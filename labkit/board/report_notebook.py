"""The notebook of a class's report, which reads the CSV files beside it. It is stored executed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from labkit.errors import LabError

TIMEOUT_S = 60
_FORMAT: Any = nbformat  # it has no types of its own
_V4: Any = nbformat.v4

READ = """
import csv
from collections import defaultdict
from statistics import median
import matplotlib.pyplot as plt

def rows(name):
    with open(f"{name}.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))

exercises, mistakes, guesses, results = map(rows, ("exercises", "mistakes", "guesses", "results"))
print(len(exercises), "exercises tried,", len(guesses), "guesses,", len(results), "rows of results")
"""
TIMES = """
took = defaultdict(list)
for row in exercises:
    if row["minutes"]:
        took[row["exercise"]].append(float(row["minutes"]))
order = sorted(took, key=lambda name: median(took[name]))
if order:
    figure, axes = plt.subplots(figsize=(9, 1 + 0.4 * len(order)), layout="constrained")
    for place, name in enumerate(order):
        axes.plot(took[name], [place] * len(took[name]), "o", color="#0072B2", alpha=0.5)
        axes.plot(median(took[name]), place, "|", color="#D55E00", markersize=22, markeredgewidth=3)
    axes.set_yticks(range(len(order)), order)
    axes.margins(y=0.15)
    axes.set_xlabel("minutes from the first check to the one that passed; the line is the median")
    axes.set_title(f"{order[-1]} took longest: {median(took[order[-1]]):.0f} minutes in the median")
for name in sorted({row["exercise"] for row in exercises}):
    those = [row for row in exercises if row["exercise"] == name]
    passed = sum(row["passed"] == "True" for row in those)
    time = f", median {median(took[name]):.0f} min" if took[name] else ""
    print(f"{name}: {passed} of {len(those)} passed{time}, {sum(int(row['tries']) for row in those)} checks")
"""
MISTAKES = """
if mistakes:
    most = mistakes[:12][::-1]
    figure, axes = plt.subplots(figsize=(9, 1 + 0.4 * len(most)), layout="constrained")
    names = [f"{row['exercise']}: {row['mistake']}" for row in most]
    axes.barh(names, [int(row["learners"]) for row in most], color="#D55E00")
    axes.set_xlabel("learners")
    top = max(mistakes, key=lambda row: int(row["learners"]))
    axes.set_title(f"Most frequent: {top['mistake']} in {top['exercise']}")
for row in mistakes:
    print(f"{row['exercise']}: {row['mistake']}, {row['times']} checks of {row['learners']} learners")
"""
GUESSES = """
asked = defaultdict(list)
for row in guesses:
    asked[row["lesson"], row["question"]].append(row)
right = {}
for (lesson, question), those in asked.items():
    counts = defaultdict(int)
    for row in those:
        counts[row["guess"] or "(no guess)"] += 1
    said = ", ".join(f"{count} x {guess}" for guess, count in sorted(counts.items(), key=lambda item: -item[1]))
    measured = sorted({row["measured"] for row in those} - {""})
    print(f"{lesson} {question}\\n    guessed: {said}\\n    measured: {', '.join(measured) or 'not yet'}")
    judged = [row["right"] == "True" for row in those if row["right"]]
    if judged:
        right[f"{lesson} {question}"[:70]] = sum(judged) / len(judged)
if right:
    order = sorted(right, key=right.get)
    figure, axes = plt.subplots(figsize=(9, 1 + 0.35 * len(order)), layout="constrained")
    axes.barh(order, [100 * right[name] for name in order], color="#009E73")
    axes.set_xlim(0, 100)
    axes.set_xlabel("of those who guessed, so many per cent were right")
    wrong = sum(share < 0.5 for share in right.values())
    axes.set_title(f"{wrong} of {len(right)} measurements surprised most of the room")
"""
RESULTS = """
measured = defaultdict(list)
for row in results:
    measured[row["question"], row["subject"], row["unit"]].append(float(row["median"]))
for (question, subject, unit), medians in measured.items():
    span = f"{min(medians):.3g} to {max(medians):.3g}"
    print(f"{question} {subject}: {median(medians):.3g} {unit} in the median of {len(medians)}, {span}")
"""
PARTS = (
    ("", READ),
    ("## Which exercise took how long?\n\nA point is one learner who has passed.", TIMES),
    ("## Which wrong answers were frequent?\n\nBy the names of the mistakes that `check` knows. Stubs are not counted.",
     MISTAKES),
    ("## What had the room guessed, and what was measured?", GUESSES),
    ("## What did the machines of the room measure?", RESULTS),
)  # fmt: skip


def write_notebook(folder: Path, learners: str, date: str) -> None:
    """Writes report.ipynb beside the CSV files, executed.

    Raises:
        LabError: it could not be run; the CSV files are there all the same.
    """
    cells = [_V4.new_markdown_cell(f"# A class of {date}\n\n{learners}. The numbers are in the CSV files beside this.")]
    for text, code in PARTS:
        cells += [_V4.new_markdown_cell(text)] if text else []
        cells.append(_V4.new_code_cell(code.strip()))
    book = _V4.new_notebook(cells=cells)
    book.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
    client = NotebookClient(
        book,
        timeout=TIMEOUT_S,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    except (CellExecutionError, OSError, RuntimeError) as problem:
        last = str(problem).strip().splitlines()[-1]
        raise LabError(f"the CSV files are in {folder}/, and the notebook could not be run: {last}") from None
    finally:
        _FORMAT.write(book, folder / "report.ipynb")
