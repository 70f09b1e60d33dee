"""Transports compared on this machine, by measurements that doubt themselves."""

from labkit.lab.bench.breakeven import BreakEven, polling_break_even
from labkit.lab.bench.clients import ALL, BARE, COMPRESSED, LIBRARIES, OVER_HTTP, TRANSPORTS
from labkit.lab.bench.cost import WAYS, Costs, cost
from labkit.lab.bench.first import first_event
from labkit.lab.bench.latency import delivery
from labkit.lab.bench.origin import Origin, origin
from labkit.lab.bench.outage import Outage, outage
from labkit.lab.bench.result import Result, load
from labkit.lab.bench.roundtrip import round_trips
from labkit.lab.bench.several import several_streams
from labkit.lab.bench.talk import talks
from labkit.lab.bench.unfair import Rivals
from labkit.lab.bench.wire import Wire, wire

__all__ = [
    "ALL", "BARE", "COMPRESSED", "LIBRARIES", "OVER_HTTP", "TRANSPORTS", "WAYS", "BreakEven", "Costs", "Origin",
    "Outage", "Result", "Rivals", "Wire", "cost", "delivery", "first_event", "load", "origin", "outage",
    "polling_break_even", "round_trips", "several_streams", "talks", "wire",
]  # fmt: skip
