"""What a server holds for a reader that does not read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labkit.plots.style import INK, PROXY, SERVER, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

KIB = 1024


def memory_held(series: Mapping[str, Sequence[tuple[int, int]]], room_bytes: int, title: str) -> Axes:
    """The Axes of one line for each server: KiB published against KiB held. The limit is drawn as a dashed line."""
    looks = [(PROXY, "-", "s"), (SERVER, "-", "o"), (INK, ":", "^")]
    with drawing(8, 3) as axes:
        for (name, points), (color, line, marker) in zip(series.items(), looks, strict=False):
            published = [p / KIB for p, _ in points]
            kept = [h / KIB for _, h in points]
            axes.plot(published, kept, line, color=color, marker=marker, markevery=max(1, len(points) // 8), label=name)
            last = max((place for place, amount in enumerate(kept) if amount), default=len(kept))
            if last < len(kept) - 2:  # from here on there is nobody to hold anything for
                at = (published[last], kept[last])
                axes.annotate("reader disconnected", at, xytext=(12, 26), textcoords="offset points",
                              arrowprops={"arrowstyle": "->", "color": INK}, fontsize=9, color=INK)  # fmt: skip
        axes.axhline(
            room_bytes / KIB, color=INK, linestyle="--", linewidth=1, label=f"the limit, {room_bytes // KIB} KiB"
        )
        axes.set_xlabel("KiB published")
        axes.set_ylabel("KiB held")
        axes.legend(loc="upper left")
        axes.set_title(title)
    return axes
