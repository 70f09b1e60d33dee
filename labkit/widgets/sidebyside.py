"""Shows widgets next to each other, to compare them."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets


class SideBySide(widgets.HBox):  # type: ignore[misc]
    """Widgets in a row, or below each other where the page is narrow."""

    def __init__(self, *children: widgets.Widget) -> None:
        for widget in children:
            widget.layout.flex, widget.layout.min_width, widget.layout.margin = "1 1 24em", "22em", "0 1.5em 0.6em 0"
        super().__init__(list(children), layout=widgets.Layout(flex_flow="row wrap"))
        self.add_class("labkit-side-by-side")  # for labkit.css

    def __repr__(self) -> str:
        return "\n".join(repr(widget) for widget in self.children)

    def _repr_mimebundle_(self, **settings: Any) -> dict[str, Any]:
        return {**super()._repr_mimebundle_(**settings), "text/plain": repr(self)}


def side_by_side(*children: widgets.Widget) -> SideBySide:
    """The widgets in one row."""
    return SideBySide(*children)
