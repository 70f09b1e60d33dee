"""Who passes events on at once, and who holds them: a row for each, with a mark for each arrival."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, FAINT, INK, PROXY, SERVER, style
from labkit.recording import Lags

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def arrival_rows(
    panels: Mapping[str, Mapping[str, Lags]], held: Callable[[Lags], bool], title: str, empty: str = "nothing to change"
) -> list[Axes]:
    """One Axes for each panel, by name, with the same rows: those of the first panel. Above them: what was sent.

    Args:
        panels: the runs of each panel, by row; a row that a panel lacks says `empty`.
        held: whether a run holds events back. Its row says "held", and for how long at most.
        title: the finding.
    """
    rows = list(next(iter(panels.values())))
    last_s = max((at for runs in panels.values() for run in runs.values() for at in run.at_s), default=1.0)
    with style() as plt:
        figure, grid = plt.subplots(
            1, len(panels), figsize=(10, 0.42 * len(rows) + 1.5), sharex=True, sharey=True, squeeze=False,
            layout="constrained",
        )  # fmt: skip
        for axes, (name, runs) in zip(grid[0], panels.items(), strict=True):
            sent = next(iter(runs.values()), Lags((), ()))
            axes.eventplot(sent.sent_s, lineoffsets=-1, linelengths=0.5, colors=SERVER, linewidths=1)
            for y, row in enumerate(rows):
                _row(axes, y, runs.get(row), held, empty)
            axes.set_title(name, fontsize=10)
            axes.set_yticks(range(-1, len(rows)), ["sent", *rows])
            axes.set_ylim(len(rows) - 0.4, -1.5)
            axes.set_xlim(-0.05, 1.55 * last_s)  # room for the words
            axes.tick_params(left=False)
            for side in ("left", "top", "right"):
                axes.spines[side].set_visible(False)
        figure.supxlabel("seconds after the first was sent", fontsize=10)
        figure.suptitle(title, x=0.02, ha="left", weight="bold")
    return list(grid[0])


def _row(axes: Axes, y: int, run: Lags | None, held: Callable[[Lags], bool], empty: str) -> None:
    if run is None:
        axes.text(0, y, empty, va="center", color=FAINT, fontsize=9)
        return
    late = held(run)
    axes.eventplot(run.at_s, lineoffsets=y, linelengths=0.6, colors=PROXY if late else CLIENT, linewidths=1.2)
    word = f" held, up to {run.longest_s:.1f} s" if late else " live"
    axes.text(max(run.at_s, default=0), y, word, va="center", color=INK, fontsize=9, weight="bold" if late else None)
