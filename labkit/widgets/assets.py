"""Where the widgets' JavaScript and CSS come from: plain files beside the Python, put together without a bundler."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget

HERE = Path(__file__).parent
#: The decoder of a page that reads by fetch: one file for the widgets and the pages that a server gives.
DECODER = "../pages/decoder.js"


def joined(*names: str) -> str:
    """The files, one after the other: anywidget takes one module, and there is nobody to resolve an import."""
    return "\n".join((HERE / name).read_text("utf-8") for name in names)


class LabWidget(anywidget.AnyWidget):
    """A widget whose text, for readers without a kernel and for nbval, is its repr: whole, and the same each time."""

    def _repr_mimebundle_(self, **settings: Any) -> Any:
        # ipywidgets cuts the text at 110 characters.
        bundle: Any = super()._repr_mimebundle_(**settings)
        data, *rest = bundle  # the data, and where there is any the metadata
        return ({**data, "text/plain": repr(self)}, *rest)
