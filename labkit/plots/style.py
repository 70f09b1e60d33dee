"""One look for all figures. Roles own colours everywhere (Okabe and Ito's set, safe for colour-blind eyes)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt

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
