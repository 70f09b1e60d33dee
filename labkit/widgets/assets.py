"""Reads the widgets' JavaScript and CSS: plain files beside the Python, joined without a bundler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget

FOLDER = Path(__file__).parent
#: Files for the widgets and the pages that a server gives: the decoder of a page that reads by fetch, and how numbers
#: stand in a sentence.
DECODER, FIGURES = "../pages/decoder.js", "../pages/figures.js"


def join_files(*names: str) -> str:
    """The text of these files, one after the other. anywidget takes one module, in which no import is resolved."""
    return "\n".join((FOLDER / name).read_text("utf-8") for name in names)


class LabWidget(anywidget.AnyWidget):
    """The base of the widgets. Its text, for readers without a kernel and for nbval, is its whole repr."""

    def _repr_mimebundle_(self, **settings: Any) -> Any:
        # ipywidgets cuts the text at 110 characters.
        bundle: Any = super()._repr_mimebundle_(**settings)
        data, *rest = bundle  # the data, and where there is any the metadata
        return ({**data, "text/plain": repr(self)}, *rest)
