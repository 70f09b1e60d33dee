"""For the cells of a notebook: errors in one line, and a bar where one has to wait."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from labkit.lab.advice import ADVISED, show_with_advice
from labkit.lab.resting import rest_when_left

#: The page moves the bar, so it moves while the kernel computes. It stops just before the end: seconds are a guess.
BAR = """<style>@keyframes labkit-takes {{ from {{ width: 0 }} to {{ width: 96% }} }}</style>
<div role="status" style="display:flex;gap:.7em;align-items:center;font-family:sans-serif;font-size:90%">
<div style="width:14em;height:.7em;border:1px solid #8A8A8A"><div style="height:100%;background:#009E73;
animation:labkit-takes {seconds:g}s linear forwards"></div></div>about {seconds:g} s</div>"""


def short_errors() -> None:
    """From here on an error in this notebook is shown as its last line alone. `%xmode Verbose` brings the rest back.

    Where the cell itself is not to blame (it was stopped, a cell before it did not run, no server answers), a sentence
    below the error says what to do now.

    What the notebook plays comes to rest when it is left alone: see rest_when_left().
    """
    from IPython.core.getipython import get_ipython

    rest_when_left()

    if (shell := get_ipython()) is not None:
        shell.InteractiveTB.set_mode(mode="Minimal")
        shell.set_custom_exc(ADVISED, show_with_advice)  # type: ignore[no-untyped-call]


@contextlib.contextmanager
def takes(seconds: float) -> Iterator[None]:
    """Shows, for the length of a `with` block in a notebook, a bar that is full after about so many seconds.

    Outside a notebook, and where LABKIT_PROGRESS is "none", it shows nothing.
    """
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel") or os.environ.get("LABKIT_PROGRESS") == "none":
        yield
        return
    from IPython.display import clear_output, display

    bar = {"text/html": BAR.format(seconds=seconds), "text/plain": f"about {seconds:g} s ..."}
    display(bar, raw=True)  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        clear_output()  # type: ignore[no-untyped-call]
