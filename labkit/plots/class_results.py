"""The figure of a class: the same question, measured on many machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from labkit.plots.compare import LOOKS
from labkit.plots.style import INK, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKS = ("o", "s", "^", "D", "v", "P")
#: Median, and the interval in which it may lie.
Estimate = tuple[float, float, float]


def class_medians(
    people: Mapping[str, Mapping[str, Estimate]],
    subjects: Sequence[str],
    unit: str,
    title: str,
    axes: Axes | None = None,
) -> Axes:
    """A row for each person, with the median of each subject and its interval, on a logarithmic scale."""
    with drawing(8, 0.45 * len(people) + 1.6, axes, layout="constrained") as axes:
        for place, ((colour, _), mark, subject) in enumerate(
            zip(cycle(LOOKS[1:]), cycle(MARKS), subjects, strict=False)
        ):
            rows = [(row, people[name][subject]) for row, name in enumerate(people) if subject in people[name]]
            if not rows:
                continue
            shift = (place - (len(subjects) - 1) / 2) * 0.3 / max(len(subjects), 1)
            heights = [row + shift for row, _ in rows]
            middles, lows, highs = (
                [max(value, 1e-3) for value in values] for values in zip(*(e for _, e in rows), strict=True)
            )
            axes.hlines(heights, lows, highs, color=colour, linewidth=2)
            axes.plot(middles, heights, mark, color=colour, label=subject)
        axes.set_xscale("log")
        axes.set_yticks(range(len(people)), list(people))
        axes.invert_yaxis()
        axes.set_xlabel(f"{unit}, logarithmic: median, and where it may lie", color=INK)
        axes.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
        axes.set_title(title)
    return axes
