"""When events were sent, and when they arrived: a stair each."""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import TYPE_CHECKING

from labkit.errors import counted
from labkit.plots.style import CLIENT, SERVER, style
from labkit.recording import Lags

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 3


def staircase(runs: Mapping[str, Lags], title: str) -> list[Axes]:
    """One Axes for each run, by name: a dotted stair of what was sent, and a solid one of what had arrived by then.

    Where something holds events back, the solid stair lies to the right, and its steps are high.
    """
    columns = 2 if len(runs) == 4 else min(COLUMNS, len(runs))
    rows = ceil(len(runs) / columns)
    with style() as plt:
        figure, grid = plt.subplots(
            rows, columns, figsize=(9, 2.1 * rows + 0.5), sharex=True, sharey=True, squeeze=False, layout="constrained"
        )
        places = list(grid.flat)
        for axes, (name, run) in zip(places, runs.items(), strict=False):
            _stairs(axes, run)
            bursts = counted(len(run.bursts), "burst")
            axes.set_title(f"{name}\n{bursts}, up to {_time(run.longest_s)} late", fontsize=10)
        for axes in places[len(runs) :]:
            axes.set_visible(False)
        places[0].legend(loc="upper left", fontsize=8, frameon=False)
        figure.supxlabel("seconds after the first was sent", fontsize=10)
        figure.supylabel("events", fontsize=10)
        figure.suptitle(title, x=0.02, ha="left", weight="bold")
    return places[: len(runs)]


def _stairs(axes: Axes, run: Lags) -> None:
    counts = range(1, len(run.at_s) + 1)
    axes.step(run.sent_s, counts, where="post", color=SERVER, linestyle=":", linewidth=1.6, label="sent")
    axes.step(run.at_s, counts, where="post", color=CLIENT, linewidth=1.8, label="arrived")


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds >= 0.95 else f"{seconds * 1000:.0f} ms"
