"""Which node serves how many streams, while nodes come and go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, PROXY, SERVER, drawing

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = (SERVER, CLIENT, PROXY, "#CC79A7", "#56B4E9", "#E69F00", "#999999")


def node_streams(
    at_s: Sequence[float], streams: Mapping[str, Sequence[int]], title: str, axes: Axes | None = None
) -> Axes:
    """A band for each node, one upon the other: as many streams as it serves at each moment.

    Args:
        at_s: the moments, in seconds.
        streams: the counts of each node at these moments, by its name.
        title: the finding.
    """
    with drawing(9, 3.0, axes) as axes:
        names = list(streams)
        axes.stackplot(at_s, *streams.values(), labels=names, colors=COLOURS[: len(names)], step="post", alpha=0.85)
        axes.set_xlim(at_s[0], at_s[-1])
        axes.set_ylim(0)
        axes.set_xlabel("seconds")
        axes.set_ylabel("streams")
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), frameon=False)
        axes.set_title(title, loc="left")
    return axes
