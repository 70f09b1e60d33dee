"""A crowd that comes back: how many at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, PROXY, SERVER, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def crowd(series: Mapping[str, Sequence[int]], title: str, outage_s: float | None = None) -> Axes:
    """The Axes of one row for each policy: connections in each tenth of a second. The outage is drawn grey.

    All rows share their scales, so that the peaks can be compared by eye.
    """
    with style() as plt:
        _, rows = plt.subplots(
            len(series), 1, figsize=(8, 1.25 * len(series) + 0.9), sharex=True, sharey=True, squeeze=False
        )
        colors = (PROXY, SERVER, CLIENT)
        for number, (axes, (name, counts)) in enumerate(zip(rows[:, 0], series.items(), strict=True)):
            at_s = [place / 10 for place in range(len(counts))]
            axes.bar(at_s, counts, width=0.1, align="edge", color=colors[number % len(colors)])
            peak = max(counts, default=0)
            axes.text(
                0.995,
                0.97,
                f"{name}: at most {peak:,} in a tenth of a second",
                transform=axes.transAxes,
                ha="right",
                va="top",
            )
            if outage_s is not None:
                axes.axvspan(0, outage_s, color="#DDDDDD", zorder=0)
        tallest = max((peak for counts in series.values() for peak in counts), default=1)
        rows[0, 0].set_ylim(0, 1.3 * max(tallest, 1))  # room for the text above the bars
        rows[0, 0].set_title(title)
        rows[-1, 0].set_xlabel("seconds after the server went away" + (" (grey: it is down)" if outage_s else ""))
        first: Axes = rows[0, 0]
    return first
