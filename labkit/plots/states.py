"""What a client told about its connection, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, FAINT, INK, PROXY, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

READY_STATES = ("connecting", "open", "closed")


def states(notes: Sequence[tuple[str, int, float]], title: str) -> Axes:
    """The Axes of a line that steps through the ready states, with a mark for each event that told of one.

    `notes` holds the name of the event, the readyState at that moment (0, 1 or 2), and the time in milliseconds.
    """
    times_s = [at_ms / 1000 for _, _, at_ms in notes]
    rows = [2 - state for _, state, _ in notes]  # connecting above, closed below
    end_s = max(times_s, default=0.0) * 1.08 + 0.05
    with drawing(8, 2.6) as axes:
        axes.step([*times_s, end_s], [*rows, *rows[-1:]], where="post", color=CLIENT, linewidth=2, zorder=1)
        for (name, _, _), at_s, row in zip(notes, times_s, rows, strict=True):
            wrong = name == "error"
            axes.scatter([at_s], [row], color=PROXY if wrong else CLIENT, marker="X" if wrong else "o", s=45, zorder=2)
            if name not in ("message", "start"):
                axes.annotate(name, (at_s, row), xytext=(4, 7), textcoords="offset points", fontsize=9, color=INK)
        axes.set_yticks([2, 1, 0], [f"{number} {name}" for number, name in enumerate(READY_STATES)])
        axes.set_ylim(-0.5, 2.6)
        axes.set_xlabel("seconds")
        axes.grid(axis="y", color=FAINT, alpha=0.3)
        axes.set_title(title)
    return axes
