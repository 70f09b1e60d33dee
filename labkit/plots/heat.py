"""Held or live, in a grid."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from labkit.plots.style import INK, PROXY, as_grid, style
from labkit.recording import Repeated

LATE_S = 0.1  # from here on a cell is dark: a reader sees it


def heat(cells: Mapping[str, Mapping[str, Repeated]], title: str) -> Axes:
    """The Axes of a grid with a row for each name in `cells` and a column for each of its keys, from median lags.

    A cell says "held" and is filled where events come late, "live" where they do not, "noisy" where the runs disagree.
    """
    rows = list(cells)
    columns = list(next(iter(cells.values())))
    with style():
        _, axes = plt.subplots(figsize=(8.5, 0.42 * len(rows) + 1.1))
        for y, row in enumerate(rows):
            for x, column in enumerate(columns):
                value = cells[row][column]
                late = value.median_s >= LATE_S
                axes.add_patch(Rectangle((x - 0.47, y - 0.44), 0.94, 0.88, color=PROXY, alpha=0.85 if late else 0.08))
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
