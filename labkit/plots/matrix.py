"""Who can do what: yes and no in a grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, INK, PROXY, as_grid, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def matrix(cells: Mapping[str, Mapping[str, bool]], title: str) -> Axes:
    """The Axes of a grid with a row for each name in `cells` and a column for each of its keys; a mark says yes or no.

    All rows have the same keys, in the order of the first.
    """
    rows = list(cells)
    columns = list(next(iter(cells.values())))
    with drawing(8, 0.42 * len(rows) + 0.9) as axes:
        for y, row in enumerate(rows):
            for x, column in enumerate(columns):
                yes = cells[row][column]
                box = {"boxstyle": "round,pad=0.35", "fc": CLIENT if yes else PROXY, "alpha": 0.25, "lw": 0}
                mark = "✓ yes" if yes else "✗ no"
                axes.text(x, y, mark, ha="center", va="center", color=INK, fontsize=11, bbox=box)
        as_grid(axes, rows, columns, title)
    return axes
