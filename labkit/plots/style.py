"""One look for all figures. Roles own colours everywhere (Okabe and Ito's set, safe for colour-blind eyes)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SERVER = "#0072B2"
PROXY = "#D55E00"
CLIENT = "#009E73"
INK = "#222222"
FAINT = "#8A8A8A"


@contextmanager
def style() -> Iterator[Any]:
    """The lab's look, for the length of a `with` block, and in it matplotlib.pyplot.

    It is imported here, and by nobody else: a lesson's first cell need not wait for it.
    """
    import matplotlib
    import matplotlib.pyplot as plt

    with plt.style.context(Path(__file__).with_name("lab.mplstyle")):
        yield plt
        interactive = matplotlib.is_interactive()
    # The first figure of a notebook loads its backend, which turns interactive drawing on; the end of the style turns
    # it off again with all other settings, and every later figure would stay invisible.
    matplotlib.interactive(interactive)


@contextmanager
def drawing(width: float, height: float, axes: Axes | None = None, **options: Any) -> Iterator[Axes]:
    """The Axes to draw on, in the lab's look: those that are given, or those of a new figure.

    Args:
        width: of a new figure, in inches, and so is `height`.
        options: of pyplot.subplots().
    """
    with style() as plt:
        yield plt.subplots(figsize=(width, height), **options)[1] if axes is None else axes


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
