"""Held or live, in a grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labkit.plots.style import INK, PROXY, as_grid, drawing
from labkit.recording import Repeated

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LATE_S = 0.1  # from here on a cell is dark: a reader sees it


def heat(cells: Mapping[str, Mapping[str, Repeated]], title: str) -> Axes:
    """The Axes of a grid with a row for each name in `cells` and a column for each of its keys, from median lags.

    A cell says "held" and is filled where events come late, "live" where they do not, "noisy" where the runs disagree.
    """
    rows = list(cells)
    columns = list(next(iter(cells.values())))
    with drawing(8.5, 0.42 * len(rows) + 1.1) as axes:
        for y, row in enumerate(rows):
            for x, column in enumerate(columns):
                value = cells[row][column]
                late = value.median_s >= LATE_S
                axes.bar(x, 0.88, 0.94, y - 0.44, color=PROXY, alpha=0.85 if late else 0.08)
                text = "noisy" if value.noisy else "held" if late else "live"
                axes.text(
                    x,
                    y,
                    text,
                    ha="center",
                    va="center",
                    color="white" if late else INK,
                    weight="bold" if late else None,
                )
        as_grid(axes, rows, columns, title)
    return axes
