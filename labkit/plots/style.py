"""One look for all figures. Roles own colours everywhere (Okabe and Ito's set, safe for colour-blind eyes)."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

import matplotlib.pyplot as plt

SERVER = "#0072B2"
PROXY = "#D55E00"
CLIENT = "#009E73"
INK = "#222222"
FAINT = "#8A8A8A"


def style() -> AbstractContextManager[None]:
    """The lab's look, for the length of a `with` block."""
    return plt.style.context(Path(__file__).with_name("lab.mplstyle"))  # type: ignore[no-any-return, unused-ignore]
