"""What became of each word: it came, it came twice, it is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, FAINT, INK, PROXY, SERVER, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def word_rows(sent: Sequence[str], received: Mapping[str, Sequence[str]], title: str) -> Axes:
    """The Axes of one row for each reader: the words that were sent, in order, and below each what became of it.

    The words that were sent are all different.
    """
    with drawing(9, 0.55 * len(received) + 0.9) as axes:
        for row, (reader, texts) in enumerate(received.items()):
            axes.text(-0.7, -row, reader, ha="right", va="center", color=INK)
            for place, text in enumerate(sent):
                _word(axes, place, -row, text, texts.count(text))
        axes.set_xlim(-0.6, len(sent) - 0.4)
        axes.set_ylim(-len(received) + 0.4, 0.6)
        axes.axis("off")
        axes.set_title(title)
    return axes


def _word(axes: Axes, x: float, y: float, text: str, times: int) -> None:
    colour, mark = {0: (PROXY, "lost"), 1: (CLIENT, "")}.get(times, (SERVER, f"{times} times"))
    axes.bar(x, 0.72, 0.94, y - 0.36, color=colour if times else "none", alpha=0.2)
    axes.bar(x, 0.72, 0.94, y - 0.36, fill=False, edgecolor=colour, linestyle="-" if times else ":")
    axes.text(x, y + 0.08, text, ha="center", va="center", fontsize=8, color=INK if times else FAINT)
    axes.text(x, y - 0.22, mark, ha="center", va="center", fontsize=7, color=colour, weight="bold")
