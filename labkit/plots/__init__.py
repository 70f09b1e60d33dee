"""Figures of the lab: data in, Axes out. A figure's title is its finding."""

from labkit.plots.ages import ages
from labkit.plots.anatomy import anatomy
from labkit.plots.arrival_rows import arrival_rows
from labkit.plots.compare import (
    break_even_curve,
    byte_bars,
    bytes_by_rate,
    cost_and_latency,
    ecdf,
    one_page,
    talk_lanes,
)
from labkit.plots.curve import lag_curve
from labkit.plots.cuts import cuts
from labkit.plots.decisions import decisions
from labkit.plots.heat import heat
from labkit.plots.lanes import lanes
from labkit.plots.losses import losses
from labkit.plots.matrix import matrix
from labkit.plots.memory_held import memory_held
from labkit.plots.node_streams import node_streams
from labkit.plots.reconnecting_crowd import crowd
from labkit.plots.staircase import staircase
from labkit.plots.states import states
from labkit.plots.style import CLIENT, PROXY, SERVER, style
from labkit.plots.tokens import token_lanes
from labkit.plots.two_versions import two_versions
from labkit.plots.word_rows import word_rows

__all__ = [
    "CLIENT", "PROXY", "SERVER", "ages", "anatomy", "arrival_rows", "break_even_curve", "byte_bars", "bytes_by_rate",
    "cost_and_latency", "crowd", "cuts", "decisions", "ecdf", "heat", "lag_curve", "lanes", "losses", "matrix",
    "memory_held", "node_streams", "one_page", "staircase", "states", "style", "talk_lanes", "token_lanes",
    "two_versions", "word_rows",
]  # fmt: skip
