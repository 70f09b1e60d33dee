"""The wire, line by line: what is long stays in its box."""

from __future__ import annotations

from labkit.plots import anatomy
from labkit.wire import explain


def test_a_long_line_does_not_reach_the_next_column() -> None:
    axes = anatomy(explain(b"data: " + b"m" * 300 + b"\r\n\r\n"), "a long line")
    axes.figure.canvas.draw()
    line, role = axes.texts[0], next(text for text in axes.texts if text.get_text() == "data")
    assert line.get_text().endswith("…")
    assert line.get_window_extent().x1 < role.get_window_extent().x0
