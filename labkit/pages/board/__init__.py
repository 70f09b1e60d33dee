"""The page of the class board, for the projector: who is there, the vote, and the banner."""

from __future__ import annotations

from pathlib import Path

from labkit.pages.file import File
from labkit.server.site import Routes

_HERE = Path(__file__).parent
FILES = {"/": _HERE / "index.html", **{f"/{name}": _HERE / name for name in ("page.css", "view.js", "page.js")}}


def routes() -> Routes:
    """The page at /, and its files. They hold nothing of a class: the page asks for that with the code."""
    return {path: (File, {"path": file}) for path, file in FILES.items()}
