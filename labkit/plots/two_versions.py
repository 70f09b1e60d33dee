"""Two versions of several things, each in several kinds of trouble: what was lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, INK, PROXY, as_grid, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def two_versions(
    lost: Mapping[str, Mapping[str, tuple[int, int]]], versions: Sequence[str], title: str, of: str = "lost"
) -> Axes:
    """The Axes of a grid with a row for each name in `lost` and a column for each trouble.

    A cell has two boxes: how many were lost by the first of the two `versions`, and by the second.

    All rows have the same troubles, in the order of the first.
    """
    rows, columns = list(lost), list(next(iter(lost.values())))
    with drawing(10, 0.46 * len(rows) + 1.2) as axes:
        for y, row in enumerate(rows):
            for x, column in enumerate(columns):
                for shift, count in zip((-0.24, 0.24), lost[row][column], strict=True):
                    box = {"boxstyle": "round,pad=0.3", "fc": PROXY if count else CLIENT, "alpha": 0.25, "lw": 0}
                    mark = f"✗ {count} {of}" if count else "✓ all"
                    axes.text(x + shift, y, mark, ha="center", va="center", color=INK, fontsize=9.5, bbox=box)
        as_grid(axes, rows, columns, title)
        axes.set_xlabel(f"in each cell: {versions[0]} on the left, {versions[1]} on the right", color=INK)
    return axes
