"""What readers and events need: memory, descriptors, processors, bandwidth. Pure: from constants that were measured."""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from labkit.errors import LabError, counted

#: Beside its readers a process has a listening socket, a loop, its standard streams, a log, and connections to Redis.
OWN_DESCRIPTORS = 60
#: A loop that is busy for more than that falls behind whenever a crowd comes back, or Python tidies up. Precedent: the
#: rule of thumb for queues, whose length doubles between 70 % and 85 %.
BUSY_SHARE = 0.7
#: After so many seconds of silence each reader is sent a comment. Precedent: labkit.server's own setting.
HEARTBEAT_S = 15.0
#: What a chunk adds to an event: its size and two line ends, the id, and the names of the fields.
FRAMING_BYTES = 40
#: Ethernet, IP and TCP with time stamps, for each segment. Source: RFC 791, RFC 9293, RFC 7323.
HEADER_BYTES = 14 + 20 + 32
SEGMENT_BYTES = 1448
#: What may wait for one reader that takes nothing, in the process and in the kernel: see labkit.server.connection.
ROOM_BYTES, SEND_BUFFER_BYTES = 64 * 1024, 256 * 1024
#: More than that nobody has: the numbers of a mistake.
MOST_CLIENTS, MOST_PER_S, MOST_BYTES, MOST_NODES = 10**9, 10**6, 10**8, 10**6


@dataclass(frozen=True)
class Measured:
    """What one reader of a Channel costs, on one machine.

    Args:
        machine: what it was measured on.
        date: when, as 2026-11-28.
        base_bytes: a server process without readers.
        process_bytes: what an idle reader adds to it.
        kernel_bytes: what the kernel has for the server's end of an idle reader's connection.
        connect_us: processor time, in microseconds, for a reader that connects.
        event_us: processor time for each event and reader, by the number of readers.
    """

    machine: str
    date: str
    base_bytes: float
    process_bytes: float
    kernel_bytes: float
    connect_us: float
    event_us: Mapping[int, float]

    def event_us_with(self, readers: int) -> float:
        """The processor time for each event and reader, where there are so many: that of the next larger crowd."""
        larger = [count for count in self.event_us if count >= readers]
        return self.event_us[min(larger) if larger else max(self.event_us)]


@functools.cache
def measured() -> Measured:
    """What benchmarks/capacity.py has measured last."""
    told: dict[str, Any] = tomllib.loads(files("labkit.capacity").joinpath("measured.toml").read_text("utf-8"))
    event_us = {int(count): us for count, us in told.pop("event_us").items()}
    return Measured(**{**told, "date": str(told["date"])}, event_us=event_us)


@dataclass(frozen=True)
class Reckoning:
    """What each node of a deployment needs. Bytes and descriptors are those of one node; see reckon().

    Args:
        clients: how many readers each node holds.
        process_bytes: the memory of its process, while no reader is behind.
        kernel_bytes: the kernel's memory for their connections, while nothing waits.
        stalled_bytes: what comes to it for each reader that takes nothing, at most, in process and kernel together.
        descriptors: open files and sockets of its process.
        processors: how much of one processor writing to them takes, heartbeats too; above BUSY_SHARE it falls behind.
        last_reader_s: how long after the first reader the last one gets an event, at least.
        bytes_per_s: what goes out over its network.
        return_s: how long it takes to let all of its readers in again, after a restart.
        nodes: how many nodes there are.
        nodes_needed: with how many no processor is busier than BUSY_SHARE.
    """

    clients: int
    process_bytes: float
    kernel_bytes: float
    stalled_bytes: int
    descriptors: int
    processors: float
    last_reader_s: float
    bytes_per_s: float
    return_s: float
    nodes: int
    nodes_needed: int


def reckon(
    clients: int, events_per_s: float, event_bytes: int = 120, nodes: int = 1, constants: Measured | None = None
) -> Reckoning:
    """What each node needs so that every client gets every event.

    Args:
        clients: how many readers there are, of all nodes together.
        events_per_s: how many events a second each of them gets.
        event_bytes: how large the data of one event is.
        nodes: how many server processes share the clients; each has one event loop, and so one processor.
        constants: what one reader costs; what was measured here, unless given.

    Raises:
        LabError: a number that no deployment has.
    """
    _check(clients, events_per_s, event_bytes, nodes)
    cost = constants or measured()
    each = math.ceil(clients / nodes)
    us = cost.event_us_with(each)
    writes_per_s = max(events_per_s, 1 / HEARTBEAT_S)
    wire_bytes = event_bytes + FRAMING_BYTES
    wire_bytes += HEADER_BYTES * math.ceil(wire_bytes / SEGMENT_BYTES)
    return Reckoning(
        clients=each,
        process_bytes=cost.base_bytes + each * cost.process_bytes,
        kernel_bytes=each * cost.kernel_bytes,
        stalled_bytes=max(ROOM_BYTES, wire_bytes) + SEND_BUFFER_BYTES,
        descriptors=each + OWN_DESCRIPTORS,
        processors=each * writes_per_s * us / 1e6,
        last_reader_s=each * us / 1e6,
        bytes_per_s=each * writes_per_s * wire_bytes,
        return_s=each * cost.connect_us / 1e6,
        nodes=nodes,
        nodes_needed=max(1, math.ceil(clients * writes_per_s * us / 1e6 / BUSY_SHARE)),
    )


def _check(clients: int, events_per_s: float, event_bytes: int, nodes: int) -> None:
    for name, number, least, most in (
        ("clients", clients, 1, MOST_CLIENTS), ("events_per_s", events_per_s, 0, MOST_PER_S),
        ("event_bytes", event_bytes, 0, MOST_BYTES), ("nodes", nodes, 1, MOST_NODES),
    ):  # fmt: skip
        if not (math.isfinite(number) and least <= number <= most):
            raise LabError(f"{name}={number}: it must be from {least:,} to {most:,}")
        if name != "events_per_s" and number != int(number):
            raise LabError(f"{name}={number}: it must be a whole number")
    if nodes > clients:
        few = counted(clients, "client")
        raise LabError(f"{counted(nodes, 'node')} for {few}: some would have none. Give it fewer nodes")
