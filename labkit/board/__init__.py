"""The class board: who is there, what the room guesses, and a line for each notebook, over server-sent events.

In a cell: `board("http://192.168.1.5:8090/CODE", name="fox")`. What is sent, and what never is: docs/board.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.board.joining import board
    from labkit.board.serving import ClassBoard

__all__ = ["ClassBoard", "board"]
_PLACES = {"board": "labkit.board.joining", "ClassBoard": "labkit.board.serving"}


def __getattr__(name: str) -> Any:
    """`board` brings the widgets, which the board's own machine does not need. Source: PEP 562."""
    if name in _PLACES:
        import importlib

        return getattr(importlib.import_module(_PLACES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
