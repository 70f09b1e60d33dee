"""`labkit compare FOLDER`: the saved results of a class, as one table and one figure."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from labkit.bench.class_results import ClassQuestion, ClassResults, load_class
from labkit.bench.result import Result
from labkit.errors import counted


def run_compare(folder: Path, figure: Path, console: Console) -> int:
    """Prints a table for each question, and draws one figure with all of them. Returns the exit code.

    Raises:
        LabError: there is no such folder, or no result in it.
    """
    found = load_class(folder)
    for question in found.questions:
        console.print(_table(question))
        for sentence in question.agreement():
            console.print(sentence)
        console.print()
    for name, why in found.left_out.items():
        console.print(f"left out: {name} ({why})")
    _draw(found, figure)
    console.print(f"The figure is in {figure}")
    return 0


def _estimate(result: Result, subject: str) -> tuple[float, float, float]:
    return (result.median(subject), *result.interval(subject))


def _table(question: ClassQuestion) -> Table:
    table = Table(title=f"{question.question} ({counted(len(question.results), 'result')}, in {question.unit})")
    for heading in ("who", *question.subjects, "machine", "date"):
        table.add_column(heading)
    for name, result in question.results.items():
        cells = []
        for subject in question.subjects:
            if subject in result.subjects:
                middle, low, high = _estimate(result, subject)
                cells.append(f"{middle:.3g} ({low:.3g} to {high:.3g})")
            else:
                cells.append(result.missing.get(subject, "not measured"))
        noisy = ", busy" if result.noisy else ""
        table.add_row(name, *cells, result.machine + noisy, result.at)
    return table


def _draw(found: ClassResults, figure: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    from labkit.plots.class_results import class_medians

    rows = [len(question.results) + 4 for question in found.questions]
    page, places = plt.subplots(
        len(rows), 1, figsize=(9, 0.5 * sum(rows)), squeeze=False, height_ratios=rows, layout="constrained"
    )
    for axes, question in zip(places[:, 0], found.questions, strict=True):
        people = {
            name: {subject: _estimate(result, subject) for subject in result.subjects if subject in question.subjects}
            for name, result in question.results.items()
        }
        agreement = question.agreement()
        title = " ".join([question.question, *agreement[:1]])
        class_medians(people, question.subjects, question.unit, title, axes)
    page.savefig(figure, dpi=150)
    plt.close(page)
