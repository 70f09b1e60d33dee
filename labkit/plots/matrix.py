"""Who can do what: yes and no in a grid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, INK, PROXY, as_grid, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_YES, _NO = ("✓ yes", CLIENT, 0.25), ("✗ no", PROXY, 0.25)


def matrix(cells: Mapping[str, Mapping[str, bool | str]], title: str) -> Axes:
    """The Axes of a grid with a row for each name in `cells` and a column for each of its keys; a mark says yes or no.

    All rows have the same keys, in the order of the first. Where neither yes nor no is true, a word says what is.
    """
    rows = list(cells)
    columns = list(next(iter(cells.values())))
    with drawing(8, 0.42 * len(rows) + 0.9) as axes:
        for y, row in enumerate(rows):
            for x, column in enumerate(columns):
                cell = cells[row][column]
                mark, color, alpha = (f"– {cell}", INK, 0.08) if isinstance(cell, str) else _YES if cell else _NO
                box = {"boxstyle": "round,pad=0.35", "fc": color, "alpha": alpha, "lw": 0}
                axes.text(x, y, mark, ha="center", va="center", color=INK, fontsize=11, bbox=box)
        as_grid(axes, rows, columns, title)
    return axes
