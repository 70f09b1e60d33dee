"""Transports compared on this machine, by measurements that doubt themselves."""

from labkit.bench.break_even import BreakEven, polling_break_even
from labkit.bench.clients import ALL, BARE, COMPRESSED, LIBRARIES, OVER_HTTP, TRANSPORTS
from labkit.bench.cost import WAYS, Costs, cost
from labkit.bench.first_event import first_event
from labkit.bench.latency import delivery
from labkit.bench.origin import Origin, origin
from labkit.bench.outage import Outage, outage
from labkit.bench.overhead import Wire, wire
from labkit.bench.result import Result, load
from labkit.bench.round_trip import round_trips
from labkit.bench.several_streams import several_streams
from labkit.bench.unfair_servers import Rivals
from labkit.bench.who_talks import talks

__all__ = [
    "ALL", "BARE", "COMPRESSED", "LIBRARIES", "OVER_HTTP", "TRANSPORTS", "WAYS", "BreakEven", "Costs", "Origin",
    "Outage", "Result", "Rivals", "Wire", "cost", "delivery", "first_event", "load", "origin", "outage",
    "polling_break_even", "round_trips", "several_streams", "talks", "wire",
]  # fmt: skip
