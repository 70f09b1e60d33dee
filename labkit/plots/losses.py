"""What a crowd lost, and what came to it twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labkit.plots.style import PROXY, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOST, DOUBLED = "#CC79A7", PROXY


def losses(counts: Mapping[str, tuple[int, int]], title: str, axes: Axes | None = None) -> Axes:
    """Two bars for each arrangement, by name: how many events were lost, and how many came twice."""
    with drawing(9, 0.6 * len(counts) + 1.2, axes) as axes:
        most = max((number for pair in counts.values() for number in pair), default=0)
        for row, (lost, doubled) in enumerate(counts.values()):
            for shift, number, colour, word in ((-0.19, lost, LOST, "lost"), (0.19, doubled, DOUBLED, "doubled")):
                axes.barh(row + shift, number, height=0.34, color=colour)
                axes.text(number + most * 0.01, row + shift, f"{number:,} {word}", va="center", fontsize=9)
        axes.set_yticks(range(len(counts)), list(counts))
        axes.invert_yaxis()
        axes.set_xlim(0, max(most, 1) * 1.18)
        axes.set_xlabel("events, of all readers together")
        axes.tick_params(left=False)
        axes.set_title(title, loc="left")
    return axes
