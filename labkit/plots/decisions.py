"""What clients do after each way in which a connection can end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, INK, PROXY, as_grid, drawing
from labkit.wire.reconnecting import Situation

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = ("standard", "Chromium", "Firefox")


def decisions(table: Sequence[Situation], title: str) -> Axes:
    """The Axes of a grid: a row for each situation, and whether the standard, Chromium and Firefox try again then."""
    with drawing(8, 0.36 * len(table) + 0.9) as axes:
        for y, row in enumerate(table):
            for x, after in enumerate((row.standard, row.chromium, row.firefox)):
                box = {"boxstyle": "round,pad=0.3", "fc": CLIENT if after == "again" else PROXY, "alpha": 0.25, "lw": 0}
                mark = "↻ tries again" if after == "again" else "✗ stops for good"
                axes.text(x, y, mark, ha="center", va="center", color=INK, fontsize=9.5, bbox=box)
        as_grid(axes, [row.situation for row in table], COLUMNS, title)
    return axes
