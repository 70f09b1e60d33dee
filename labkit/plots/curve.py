"""What was measured against what the arithmetic says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labkit.plots.style import FAINT, INK, PROXY, drawing
from labkit.recording import Repeated

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def lag_curve(measured: Mapping[int, Repeated], interval_s: float, buffer_bytes: int, title: str) -> Axes:
    """The Axes of lag against event size, both logarithmic: the runs with their median, and the line of
    buffer / size x interval."""
    sizes = sorted(measured)
    with drawing(7.5, 3.6) as axes:
        line = [buffer_bytes / size * interval_s * 1000 for size in sizes]
        axes.plot(sizes, line, color=FAINT, linestyle="--", label="buffer / size × interval")
        for size in sizes:
            runs_ms = [run_s * 1000 for run_s in measured[size].runs_s]
            axes.scatter([size] * len(runs_ms), runs_ms, color=PROXY, alpha=0.35, s=20, zorder=2)
        medians_ms = [measured[size].median_s * 1000 for size in sizes]
        axes.plot(sizes, medians_ms, color=PROXY, marker="o", label="longest lag, median of the runs", zorder=3)
        for size, ms in zip(sizes, medians_ms, strict=True):
            axes.annotate(f"{ms:.0f} ms", (size, ms), (6, 6), textcoords="offset points", color=INK, fontsize=9)
        axes.set_xscale("log", base=2)
        axes.set_yscale("log")
        axes.set_xticks(sizes, [f"{size} B" for size in sizes])
        axes.margins(x=0.1, y=0.15)
        axes.set_xlabel("size of one event")
        axes.set_ylabel("milliseconds")
        axes.legend(frameon=False)
        axes.set_title(title)
    return axes
