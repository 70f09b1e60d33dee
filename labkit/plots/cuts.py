"""A stream cut in two at every place: which reader survives which cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, INK, PROXY, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def cuts(raw: bytes, survived: Mapping[str, Sequence[bool]], title: str) -> Axes:
    """The Axes of one row for each reader: a box for the cut after each byte, a cross where it spoils the events."""
    rows = len(survived)
    with drawing(8.5, 0.55 * rows + 0.9) as axes:
        for row, (reader, fine) in enumerate(survived.items()):
            y = rows - row - 1
            axes.text(-0.5, y + 0.5, reader, ha="right", va="center", color=INK)
            for place, ok in enumerate(fine, start=1):
                colour, alpha = (CLIENT, 0.35) if ok else (PROXY, 1)
                axes.bar(place, 0.76, 0.9, y + 0.12, color=colour, alpha=alpha)
                if not ok:
                    axes.text(place, y + 0.48, "✗", ha="center", va="center", color="white", weight="bold")
        for place, byte in enumerate(raw):
            mark = chr(byte) if 32 < byte < 127 else {10: "\\n", 13: "\\r", 32: "·"}.get(byte, f"{byte:02X}")
            axes.text(place + 0.5, -0.25, mark, ha="center", va="center", family="DejaVu Sans Mono", fontsize=8)
        axes.set_xlim(-0.2, len(raw) + 0.5)
        axes.set_ylim(-0.5, rows)
        axes.axis("off")
        axes.set_title(title)
    return axes
