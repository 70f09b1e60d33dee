"""Who did what when: a lane each for server and client."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, FAINT, INK, SERVER, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def lanes(
    sent_s: Sequence[float],
    got_s: Sequence[float],
    title: str,
    breaks: Sequence[tuple[float, float]] = (),
) -> Axes:
    """The Axes of a time line: each event leaves the upper lane when sent and reaches the lower one when received.

    Times are monotonic seconds; the figure begins at the first. `breaks` are spans without a connection, from and to,
    drawn grey.
    """
    start_s = min([*sent_s, *got_s], default=0.0)
    sent_s, got_s = [at_s - start_s for at_s in sent_s], [at_s - start_s for at_s in got_s]
    with drawing(8, 2.4) as axes:
        for left, arrived in zip(sent_s, got_s, strict=False):
            axes.plot([left, arrived], [1, 0], color=FAINT, linewidth=0.8, zorder=1)
        axes.scatter(sent_s, [1] * len(sent_s), color=SERVER, marker="v", zorder=2)
        axes.scatter(got_s, [0] * len(got_s), color=CLIENT, marker="o", zorder=2)
        for start, end in ((start - start_s, end - start_s) for start, end in breaks):
            axes.axvspan(start, end, color="#DDDDDD", zorder=0)
            axes.text((start + end) / 2, 1.25, "no connection", ha="center", va="center", color=INK, fontsize=9)
        axes.set_yticks([1, 0], ["server publishes", "client receives"])
        axes.set_ylim(-0.4, 1.4)
        axes.set_xlabel("seconds")
        axes.spines["left"].set_visible(False)
        axes.tick_params(left=False)
        axes.set_title(title)
    return axes
