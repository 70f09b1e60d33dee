"""The page that asks a model: a question, Generate, and the answer as it comes."""

from __future__ import annotations

from pathlib import Path

from labkit.pages.file import File
from labkit.server.site import Routes

_HERE = Path(__file__).parent
_NAMES = ("page.css", "dialects.js", "answer.js", "readers.js", "markdown.js", "view.js", "page.js")
#: What others wrote, as it is: vendor/README.md names version, licence and sum.
VENDORED = {
    "/marked-18.2.1.umd.js": _HERE / "vendor" / "marked-18.2.1.umd.js",
    "/purify-3.5.0.min.js": _HERE / "vendor" / "purify-3.5.0.min.js",
}
FILES = {
    "/": _HERE / "index.html",
    **{f"/{name}": _HERE / name for name in _NAMES},
    "/decoder.js": _HERE.parent / "decoder.js",  # the widgets' own, and so are the next
    "/figures.js": _HERE.parent / "figures.js",
    **VENDORED,
}


def routes() -> Routes:
    """The page at /, and its files."""
    return {path: (File, {"path": file}) for path, file in FILES.items()}
