"""An answer on a time line: each token a stroke, each way a lane."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, INK, PROXY, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def token_lanes(ways: Mapping[str, Sequence[float]], title: str) -> Axes:
    """The Axes: for each way, by name, a stroke where a token came, and a dot where the first one did.

    Times are seconds after the request. Strokes that fall together are one lump: they stand as one, with their number.
    """
    with drawing(8, 0.9 * len(ways) + 0.9, layout="constrained") as axes:
        for lane, at_s in enumerate(ways.values()):
            axes.vlines(at_s, lane - 0.3, lane + 0.3, color=CLIENT, linewidth=1.1)
            for first, count in _lumps(at_s):
                axes.vlines(first, lane - 0.34, lane + 0.34, color=PROXY, linewidth=3.5)
                axes.text(first, lane - 0.37, f"{count}", color=INK, fontsize=8, ha="center", va="bottom")
            if at_s:
                axes.plot(at_s[0], lane, marker="o", color=INK, markersize=5)
        axes.set_yticks(range(len(ways)), list(ways))
        axes.set_ylim(len(ways) - 0.5, -0.6)
        axes.set_xlim(left=0)
        axes.set_xlabel("seconds after the question")
        axes.spines["left"].set_visible(False)
        axes.tick_params(left=False)
        axes.set_title(title)
    return axes


def _lumps(at_s: Sequence[float], together_s: float = 0.01, at_least: int = 4) -> list[tuple[float, int]]:
    """When each lump came, and of how many tokens."""
    lumps: list[list[float]] = []
    for at in at_s:
        if lumps and at - lumps[-1][-1] < together_s:
            lumps[-1].append(at)
        else:
            lumps.append([at])
    return [(lump[0], len(lump)) for lump in lumps if len(lump) >= at_least]
