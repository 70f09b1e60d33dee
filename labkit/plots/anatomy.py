"""The wire, line by line: which bytes play which part, and what comes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, INK, drawing
from labkit.wire import Event, Step

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Pale fills that stay apart in grey too; the role is written beside each line, so colour is never alone.
FILLS = {
    "data": "#CFE8F6", "event": "#FBE3C8", "id": "#F6D9E8", "retry": "#E6E6FA", "comment": "#EEEEEE",
    "blank": "#FFFFFF", "ignored": "#F3C9C0", "unfinished": "#F3C9C0", "bom": "#EEEEEE",
}  # fmt: skip


def anatomy(steps: Sequence[Step], title: str) -> Axes:
    """The Axes of a table: one row for each line of explain(), with its bytes, its part, and the event it lets out."""
    rows = len(steps)
    with drawing(8.5, 0.36 * rows + 0.6) as axes:
        for row, step in enumerate(steps):
            _row(axes, rows - row - 1, step)
        axes.set_xlim(0, 10)
        axes.set_ylim(-0.1, rows)
        axes.axis("off")
        axes.set_title(title)
    return axes


def _row(axes: Axes, y: float, step: Step) -> None:
    axes.fill(
        [0, 4.3, 4.3, 0],
        [y + 0.06] * 2 + [y + 0.94] * 2,
        facecolor=FILLS[step.role],
        edgecolor="#BBBBBB",
        linewidth=0.7,
    )
    line = _visible(step.raw) or "(the end of the stream)"
    axes.text(0.1, y + 0.47, line, va="center", family="DejaVu Sans Mono", fontsize=9, color=INK)
    axes.text(4.45, y + 0.47, step.role, va="center", fontsize=9, weight="bold", color=INK)
    if isinstance(step.signal, Event):
        text, size, color, weight = _event(step.signal), 9.0, CLIENT, "bold"
    else:
        text, size, color, weight = _short(step.action, 64), 8.5, "#555555", "normal"
    axes.text(5.8, y + 0.47, text, va="center", fontsize=size, color=color, weight=weight)


def _event(event: Event) -> str:
    id = f"  (last event ID {event.last_event_id})" if event.last_event_id else ""
    return f"→ {event.type}: {_short(event.data)}{id}"


def _visible(raw: bytes) -> str:
    text = raw.decode("utf-8", "replace").replace("\ufeff", "(BOM)")
    return _short(text.replace("\r", "\\r").replace("\n", "\\n").replace("\0", "\\0"), 37)


def _short(text: str, room: int = 34) -> str:
    text = text.replace("\n", "\\n")
    return text if len(text) <= room else text[: room - 1] + "…"
