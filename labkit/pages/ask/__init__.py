"""The page that asks a model: a question, Generate, and the answer as it comes."""

from __future__ import annotations

from pathlib import Path

from labkit.pages.file import File
from labkit.server.site import Routes

_HERE = Path(__file__).parent
FILES = {
    "/": _HERE / "index.html",
    "/page.css": _HERE / "page.css",
    "/page.js": _HERE / "page.js",
    "/readers.js": _HERE / "readers.js",
    "/decoder.js": _HERE.parent / "decoder.js",  # the widgets' own, and so are the next
    "/figures.js": _HERE.parent / "figures.js",
}


def routes() -> Routes:
    """The page at /, and its files."""
    return {path: (File, {"path": file}) for path, file in FILES.items()}
