"""Figures that compare transports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate, cycle
from statistics import median
from typing import TYPE_CHECKING

from labkit.plots.style import CLIENT, FAINT, INK, PROXY, SERVER, drawing, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Told apart without colour too: by the dashes, and by the name at the line's end.
LOOKS = [(FAINT, (0, (4, 1, 1, 1, 1, 1))), (CLIENT, "-"), (SERVER, "--"), (PROXY, "-."), (INK, (0, (1, 1)))]
#: The layers of an event's bytes: colour, and a hatch that is seen without it.
LAYERS = [("payload", CLIENT, ""), ("framing", SERVER, ".."), ("heads of HTTP", PROXY, "//")]


def one_page(panels: Sequence[Callable[[Axes], object]], title: str) -> Figure:
    """A page to print, A4 upright: each panel is drawn by a function of its Axes, one below the other."""
    figure: Figure
    with style() as plt:
        figure, places = plt.subplots(len(panels), 1, figsize=(8.27, 11.69), squeeze=False)
        figure.set_layout_engine("constrained", hspace=0.06)
        figure.suptitle(title, x=0.02, ha="left", weight="bold", fontsize=14)
        for axes, draw in zip(places[:, 0], panels, strict=True):
            draw(axes)
    return figure


def ecdf(samples: Mapping[str, Sequence[float]], title: str, unit: str = "ms", axes: Axes | None = None) -> Axes:
    """For each name the share of its samples that is no larger than x, on a logarithmic scale."""
    with drawing(8, 3.2, axes, layout="constrained") as axes:
        for (name, values), (colour, dashes) in zip(samples.items(), cycle(LOOKS), strict=False):
            if not values:
                continue
            x = sorted(max(value, 1e-3) for value in values)
            shares = [place / len(x) for place in range(1, len(x) + 1)]
            axes.step(x, shares, where="post", color=colour, linestyle=dashes, linewidth=2,
                      label=f"{name}, median {median(x):.2g} {unit}")  # fmt: skip
        axes.set_xscale("log")
        axes.set_ylim(0, 1.02)
        axes.set_xlabel(f"{unit}, logarithmic")
        axes.set_ylabel("share of events")
        axes.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
        axes.set_title(title)
    return axes


def byte_bars(costs: Mapping[str, tuple[float, float, float]], title: str, axes: Axes | None = None) -> Axes:
    """For each name a bar of what an event took: payload, framing, and heads of HTTP, in bytes, and their sum. Framing
    below zero is what a compressor saved, and shortens the payload."""
    with drawing(8, 0.4 * len(costs) + 1.4, axes, layout="constrained") as axes:
        for place, (payload, framing, heads) in enumerate(costs.values()):
            ends = list(accumulate([0, payload + min(framing, 0), max(framing, 0), heads]))
            for (label, colour, hatch), left, right in zip(LAYERS, ends, ends[1:], strict=False):
                axes.barh(place, right - left, left=left, color=colour, hatch=hatch, edgecolor="white", linewidth=0,
                          label=label if place == 0 else None)  # fmt: skip
            axes.text(ends[-1], place, f" {ends[-1]:.0f}", va="center", color=INK, fontsize=9)
        axes.set_yticks(range(len(costs)), list(costs))
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.set_xlabel("bytes for each event, both ways")
        axes.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
        axes.set_title(title)
    return axes


def bytes_by_rate(costs: Mapping[str, Mapping[float, float]], title: str, axes: Axes | None = None) -> Axes:
    """For each name a line: bytes for each event over events a second, both logarithmic."""
    with drawing(8, 3.2, axes, layout="constrained") as axes:
        for (name, by_rate), (colour, dashes) in zip(costs.items(), cycle(LOOKS[1:]), strict=False):
            axes.plot(*zip(*by_rate.items(), strict=True), color=colour, linestyle=dashes, linewidth=2, marker="o",
                      markersize=4, label=name)  # fmt: skip
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter("{x:g}")
        axes.set_xlabel("events a second")
        axes.set_ylabel("bytes for each event")
        axes.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.0, 0.5))
        axes.set_title(title)
    return axes


def break_even_curve(poll_bytes: float, stream_bytes_per_hour: float, title: str, axes: Axes | None = None) -> Axes:
    """Bytes an hour of polling, by the time between polls, against those of a silent stream; the crossing is marked."""
    with drawing(8, 3.2, axes, layout="constrained") as axes:
        interval_s = [10 ** (step / 25) for step in range(101)]  # 1 to 10,000 s
        poll_bytes_per_hour = [3600 / seconds * poll_bytes for seconds in interval_s]
        axes.plot(interval_s, poll_bytes_per_hour, color=INK, linestyle=LOOKS[4][1], linewidth=2,
                  label="polling")  # fmt: skip
        axes.axhline(stream_bytes_per_hour, color=CLIENT, linewidth=2, label="a stream with heartbeats")
        crossing_s = 3600 * poll_bytes / stream_bytes_per_hour
        axes.plot(crossing_s, stream_bytes_per_hour, "o", color=INK)
        axes.annotate(f"  {crossing_s:.0f} s", (crossing_s, stream_bytes_per_hour), va="bottom", color=INK)
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel("seconds between polls")
        axes.set_ylabel("bytes an hour")
        axes.legend(frameon=False, fontsize=9)
        axes.set_title(title)
    return axes


def cost_and_latency(points: Mapping[str, tuple[float, float]], title: str, axes: Axes | None = None) -> Axes:
    """Each name at (bytes for each event, ms of median latency, logarithmic): low and left is good."""
    with drawing(8, 3.2, axes, layout="constrained") as axes:
        for place, ((name, (cost, late)), (colour, _)) in enumerate(
            zip(points.items(), cycle(LOOKS[1:]), strict=False)
        ):
            axes.plot(cost, late, "o", color=colour, markersize=9)
            # In turns below and above: two that are close must both be read.
            axes.annotate(f"  {name}", (cost, late), va="bottom" if place % 2 else "top", color=INK)
        axes.set_xlim(0, 1.25 * max((cost for cost, _ in points.values()), default=1))
        axes.set_yscale("log")
        axes.margins(y=0.25)
        axes.set_xlabel("bytes for each event")
        axes.set_ylabel("median latency, ms")
        axes.set_title(title)
    return axes


def talk_lanes(talks: Mapping[str, Sequence[tuple[float, bool, int]]], title: str, axes: Axes | None = None) -> Axes:
    """For each name a lane of what passed: (seconds, whether it went up to the server, bytes). Up is drawn upwards."""
    with drawing(8, 0.8 * len(talks) + 1, axes, layout="constrained") as axes:
        for lane, talk in enumerate(talks.values()):
            axes.axhline(lane, color=FAINT, linewidth=0.6)
            for at_s, up, _ in talk:
                axes.vlines(at_s, lane, lane + (-0.36 if up else 0.36), color=CLIENT if up else SERVER, linewidth=1.4)
            total = sum(size for _, _, size in talk)
            axes.text(1.01, lane, f"{total:,} bytes", transform=axes.get_yaxis_transform(), va="center", fontsize=9)
        axes.set_yticks(range(len(talks)), list(talks))
        axes.invert_yaxis()
        axes.set_xlabel("seconds; up: the client says something, down: the server does")
        axes.spines["left"].set_visible(False)
        axes.tick_params(left=False)
        axes.set_title(title)
    return axes
