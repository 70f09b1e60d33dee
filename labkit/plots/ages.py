"""How old what a reader has is, while it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, INK, PROXY, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def ages(lines: Mapping[str, tuple[Sequence[float], Sequence[float]]], title: str) -> Axes:
    """A line for each name: over the seconds since it began, how many seconds old what it took was."""
    with drawing(8, 3) as axes:
        for (name, (at_s, age_s)), (colour, dashes) in zip(
            lines.items(), cycle([(PROXY, "--"), (CLIENT, "-")]), strict=False
        ):
            axes.plot(at_s, age_s, color=colour, linestyle=dashes, linewidth=2)
            axes.annotate(f" {name}: {age_s[-1]:.1f} s", (at_s[-1], age_s[-1]), color=INK, va="center")
        axes.margins(x=0.02)
        axes.set_xlim(right=max(at_s[-1] for at_s, _ in lines.values()) * 1.25)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("seconds of reading")
        axes.set_ylabel("age of the price, s")
        axes.set_title(title)
    return axes
