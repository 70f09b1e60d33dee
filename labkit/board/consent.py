"""Asks a learner, once in each notebook, whether to join the board that `labkit --board URL` has named.

The first yes holds for all notebooks of that JupyterLab, until one of them leaves.
"""

from __future__ import annotations

from labkit.board.joining import joined_at
from labkit.board.remembered import recall
from labkit.widgets.boardline import BoardLine


def ask_about(url: str) -> BoardLine:
    """Shows the line in the cell that runs now. Where the learner has joined in another notebook, it joins here too."""
    from IPython.display import display

    place, known = joined_at(url), recall(url)
    line = place.line()
    if known.get("joined") == "yes":
        place.member.join(code=known.get("code", ""))
    display(line)  # type: ignore[no-untyped-call]
    return line
