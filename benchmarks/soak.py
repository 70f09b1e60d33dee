"""Hundreds of clients behind a network that fails all the time: is each event received exactly once, in order?

uv run --group peers python benchmarks/soak.py                # 500 clients, 5 minutes
uv run --group peers python benchmarks/soak.py 2000 60        # 2000 clients, one minute

A real server, a real relay with random faults, and labkit's EventSource, in one process. Every event of every client is
checked. It prints the faults by kind, what was lost and doubled, and whether memory, descriptors and tasks stay.
"""

from __future__ import annotations

import asyncio
import gc
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import psutil
from rich.console import Console
from rich.table import Table

from labkit.client import EventSource
from labkit.clock import wait_until
from labkit.faults import Answer, Cut, Fault, Machine, Refuse, Stall, TotalTimeout
from labkit.faults.fault import HOWS
from labkit.log import MemoryLog
from labkit.proxy import relay
from labkit.server import Channel, serve
from labkit.wire.session import Policy

EVERY_S = 0.2
STUBBORN = Policy("soak", cap_s=2.0, retry_statuses=frozenset(range(500, 600)))


@dataclass(frozen=True)
class Misfortune(Fault):
    """For each connection one of the faults, by chance; some are refused, some answered with a 503."""

    seed: int
    counts: Counter[str] = field(default_factory=Counter, compare=False)

    def connect(self, n: int) -> Refuse | Answer | None:
        draw = Random(f"{self.seed}/connect/{n}").random()
        if draw < 0.1:
            self.counts["refused"] += 1
            return Refuse()
        if draw < 0.2:
            self.counts["answered 503"] += 1
            return Answer(503)
        return None

    def start(self, n: int, rng: Random) -> Machine:
        how = rng.choice(HOWS)
        kind = rng.choice(("cut after bytes", "cut in an event", "ended early", "fell silent"))
        self.counts[f"{kind}, {how}" if kind != "fell silent" else kind] += 1
        faults: dict[str, Fault] = {
            "cut after bytes": Cut(bytes=rng.randrange(0, 3000), how=how),
            "cut in an event": Cut(events=rng.randrange(1, 80), into=rng.randrange(0, 20), how=how),
            "ended early": TotalTimeout(rng.uniform(0.5, 15), how),
            "fell silent": Stall(rng.randrange(0, 2000)),
        }
        return faults[kind].start(n, rng)


@dataclass
class Checker:
    """What one client saw, event by event."""

    last: int = 0
    lost: int = 0
    doubled: int = 0
    gaps: int = 0
    events: int = 0

    def see(self, number: int) -> None:
        """The next event; the first one counts as the beginning."""
        self.events += 1
        if self.last and number <= self.last:
            self.doubled += 1
            return
        self.lost += number - self.last - 1 if self.last else 0
        self.last = number


def planted() -> str:
    """Shows that the checker sees a loss and a double."""
    found = []
    for numbers in ([1, 2, 3], [1, 3], [1, 2, 2, 3], [1, 3, 2]):
        checker = Checker()
        for number in numbers:
            checker.see(number)
        found.append((checker.lost, checker.doubled))
    assert found == [(0, 0), (1, 0), (0, 1), (1, 1)], found
    return "the checker sees a planted loss and a planted double"


async def listen(source: EventSource, checker: Checker) -> None:
    async for event in source:
        if event.type == "gap":
            checker.gaps += 1
        else:
            checker.see(int(event.last_event_id.rpartition("-")[2]))


async def soak(clients: int, seconds: float, console: Console) -> None:
    process, me = psutil.Process(), Counter[str]()
    channel = Channel(MemoryLog(max_events=10_000), heartbeat_s=1.0, retry_ms=200)
    misfortune = Misfortune(seed=1, counts=me)
    checkers = [Checker() for _ in range(clients)]
    tasks_before, fds_before = len(asyncio.all_tasks()), process.num_fds()
    memory: list[tuple[float, float]] = []
    async with serve(channel) as server, relay(server.url, misfortune) as proxy:
        sources = [EventSource(proxy.url, policy=STUBBORN, read_timeout_s=3.0, rng=Random(n)) for n in range(clients)]
        tasks = [
            asyncio.create_task(listen(source, checker)) for source, checker in zip(sources, checkers, strict=True)
        ]
        start_s = time.monotonic()
        while (now_s := time.monotonic() - start_s) < seconds:
            channel.publish(f"event at {now_s:.1f} s, with some more text to make it longer: é € 🎈")
            if not memory or now_s - memory[-1][0] > seconds / 10:
                memory.append((now_s, process.memory_info().rss / 2**20))
            await asyncio.sleep(EVERY_S)
        proxy.set()  # the storm is over: everybody catches up
        last = int(channel.publish("the last one").rpartition("-")[2])
        await wait_until(lambda: all(checker.last >= last for checker in checkers), seconds=30)
        # Who never saw an event has no id, and a reader without an id gets what is published after it came.
        behind = sum(0 < checker.last < last for checker in checkers)
        connections = [source.connections for source in sources]
        for source in sources:
            await source.close()
        await asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.sleep(0.5)
    gc.collect()
    report(console, clients, seconds, checkers, connections, behind, misfortune.counts, memory)
    console.print(
        f"tasks {tasks_before} before, {len(asyncio.all_tasks())} after; "
        f"descriptors {fds_before} before, {process.num_fds()} after"
    )


def report(
    console: Console, clients: int, seconds: float, checkers: list[Checker], connections: list[int], behind: int,
    counts: Counter[str], memory: list[tuple[float, float]],
) -> None:  # fmt: skip
    table = Table("fault", "times", title=f"{clients:,} clients, {seconds:g} s")
    for kind, count in sorted(counts.items()):
        table.add_row(kind, f"{count:,}")
    console.print(table)
    console.print(
        f"connections for each client: {min(connections)} at least, {sum(connections) / clients:.0f} on average"
    )
    events = sum(checker.events for checker in checkers)
    lost, doubled = sum(c.lost for c in checkers), sum(c.doubled for c in checkers)
    gaps = sum(checker.gaps for checker in checkers)
    console.print(
        f"{events:,} events received: {lost} lost, {doubled} doubled, {gaps} gaps; {behind} clients behind at the end"
    )
    console.print("memory, MiB: " + ", ".join(f"{mib:.0f} at {at_s:.0f} s" for at_s, mib in memory))


def main() -> None:
    clients = int(sys.argv[1]) if len(sys.argv) > 1 else 500
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 300.0
    console = Console(width=110)
    console.print(planted())
    asyncio.run(soak(clients, seconds, console))


if __name__ == "__main__":
    main()
