"""What a connection costs the server: memory, descriptors and the processor's time, idle and with events."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from labkit.bench.connection_costs import SERVERS, Cost, Served
from labkit.bench.progress import progress
from labkit.bench.result import Result
from labkit.bench.settings import allowed_rounds, check_settings
from labkit.errors import LabError, counted
from labkit.system.usage import allow_descriptors, descriptors

T = TypeVar("T")

WAYS = tuple(SERVERS)
SPARE_DESCRIPTORS = 20  # for what else this process may open meanwhile
BESIDE_EACH = 5  # of a server: its input, two reserved ports, a question, its start


@dataclass(frozen=True)
class Costs:
    """What a connection costs its server, a Result for each.

    `memory` of its process in KiB (the system's own buffers for a socket are not in it) and `descriptors`, while it is
    idle again after 32 KB of events; `idle`: the processor's time between two heartbeats, in µs a second (for polling:
    what its questions cost, twice a second); `events`: what each event that it is sent takes more, in µs.
    """

    memory: Result
    descriptors: Result
    idle: Result
    events: Result

    def __repr__(self) -> str:
        head = (
            f"{'each connection':22} {'memory, KiB':24} {'descriptors':12} {'idle, µs a second':18} for each event, µs"
        )
        return "\n".join([head, *map(self._row, self.memory.rounds)])

    def _row(self, name: str) -> str:
        low, high = self.memory.interval(name)
        memory = f"{self.memory.median(name):.1f} ({low:.1f} to {high:.1f})"
        other_columns = f"{self.descriptors.median(name):<12.2g} {self.idle.median(name):<18.0f}"
        return f"{name:22} {memory:24} {other_columns} {self.events.median(name):.0f}"


async def cost(
    connections: int = 50,
    events: int = 10,
    per_s: float = 20.0,
    rounds: int = 3,
    transports: Sequence[str] = WAYS,
    bar: bool = False,
) -> Costs:
    """For each way to serve, in a process of its own, what so many connections cost, idle and with events.

    Each round opens so many more to each server, measures their memory, and what all of them together take of the
    processor's time; all servers at the same time, so that what disturbs one disturbs all. As many go before the first
    round, and are not measured. With `bar` it shows how far it is.

    Raises:
        LabError: this machine does not allow so many open connections, or one ended.
    """
    check_settings(transports, SERVERS, connections=connections, events=events, per_s=per_s, rounds=rounds)
    rounds = allowed_rounds(rounds)
    _check_descriptors(connections * (rounds + 1), len(transports))
    servers = [Served(name, connections) for name in transports]
    costs: list[Sequence[Cost]] = []
    try:
        await _all(server.start() for server in servers)
        for _ in progress(range(rounds), "measuring", show=bar):
            costs.append(await _all(server.measure(events, per_s) for server in servers))
    finally:
        await asyncio.gather(*(server.stop() for server in servers), return_exceptions=True)
    settings = {"connections": connections, "events": events, "per_s": per_s, "rounds": rounds}

    def result(question: str, unit: str, of: str) -> Result:
        by_name = zip(transports, zip(*costs, strict=True), strict=True)
        return Result(question, unit, {name: [[getattr(one, of)] for one in took] for name, took in by_name}, settings)

    return Costs(
        result("How much memory of its server does an idle connection take?", "KiB", "memory_kib"),
        result("How many descriptors does it take?", "descriptors", "descriptors"),
        result("How much of the processor's time does it take while nothing happens?", "µs a second", "idle_us_per_s"),
        result("How much of the processor's time does each event take?", "µs", "us_per_event"),
    )


def _check_descriptors(connections: int, servers: int) -> None:
    needed = descriptors() + (connections + BESIDE_EACH) * servers + SPARE_DESCRIPTORS
    allowed = allow_descriptors(needed)
    if needed > allowed:
        raise LabError(
            f"{counted(connections, 'connection')} to each of {servers} servers need {needed} open files, and this "
            f"process may have {allowed}. Ask for fewer, or for fewer rounds, or raise the limit (ulimit -n)"
        )


async def _all(work: Iterable[Coroutine[Any, Any, T]]) -> list[T]:
    """The results of all; where one fails, the others end too."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
