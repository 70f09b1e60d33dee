"""One look for all figures. Roles own colours everywhere (Okabe and Ito's set, safe for colour-blind eyes)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

SERVER = "#0072B2"
PROXY = "#D55E00"
CLIENT = "#009E73"
INK = "#222222"
FAINT = "#8A8A8A"


@contextmanager
def style() -> Iterator[None]:
    """The lab's look, for the length of a `with` block."""
    with plt.style.context(Path(__file__).with_name("lab.mplstyle")):
        yield
        interactive = matplotlib.is_interactive()
    # The first figure of a notebook loads its backend, which turns interactive drawing on; the end of the style turns
    # it off again with all other settings, and every later figure would stay invisible.
    matplotlib.interactive(interactive)


def as_grid(axes: Axes, rows: Sequence[str], columns: Sequence[str], title: str) -> None:
    """Names the rows at the left and the columns above, around cells that are drawn at whole numbers."""
    axes.set_xticks(range(len(columns)), columns)
    axes.set_yticks(range(len(rows)), rows)
    axes.set_xlim(-0.6, len(columns) - 0.4)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.tick_params(left=False, bottom=False, labelbottom=False, labeltop=True)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title, pad=28)
