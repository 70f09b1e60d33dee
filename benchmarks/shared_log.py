"""What does a log in Redis add to the lag of an event, and how many events a second do three nodes deliver?

    uv run python benchmarks/shared_log.py [--readers 20] [--events 400] [--seconds 10] [--rounds 3]

Lag: one process publishes on two channels by turns, one with a log in memory and one with a log in Redis; a second
process follows the log in Redis. From the moment of publishing until a reader has the event. Rate: four threads append
to Redis as fast as it takes them; the readers of three nodes count what comes. All of it is on one machine.
"""

from __future__ import annotations

import contextlib
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import NamedTuple

import click
import psutil
from capacity import crowd, heard, machine, spawned, told, used_s
from rich.console import Console
from rich.table import Table

from labkit.cluster import Cluster
from labkit.cluster.redis_server import RedisServer
from labkit.log import RedisLog
from labkit.wire import Frame

PROGRAM = Path(__file__).parent / "capacity_servers/two_logs.py"
PER_S = 100.0
SIZE_BYTES = 120
THREADS = 4
KINDS = ("memory", "Redis, same node", "Redis, another node")


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def lags(redis_url: str, readers: int, events: int) -> dict[str, list[float]]:
    """How late each event was at each reader, in ms, by the way it went."""
    command = [sys.executable, str(PROGRAM), redis_url]
    with contextlib.ExitStack() as stack:
        nodes = [
            stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
            for _ in range(2)
        ]
        for node in nodes:
            stack.callback(node.kill)
        (memory, shared), (_, far) = (map(int, node.stdout.readline().split()) for node in nodes)  # type: ignore[union-attr]
        pipes = [spawned(crowd, port)[1] for port in (memory, shared, far)]
        for pipe in pipes:
            pipe.send(readers)
            heard(pipe)
            pipe.send("listen")
        time.sleep(0.5)
        told(nodes[0], f"{events} {PER_S} {SIZE_BYTES}")
        assert nodes[0].stdout is not None
        nodes[0].stdout.readline()
        time.sleep(0.5)
        for pipe in pipes:
            pipe.send("stop")
        return {kind: heard(pipe)[1] for kind, pipe in zip(KINDS, pipes, strict=True)}


class Rate(NamedTuple):
    """What nodes delivered: events a second that Redis took, deliveries a second, and their cost."""

    published: float
    delivered: float
    missing: int
    node_us: float
    redis_us: float


def rate(nodes: int, readers: int, seconds: float) -> Rate:
    """How much so many nodes deliver, with so many readers each."""
    with Cluster(nodes, "redis") as cluster:
        assert cluster.redis is not None
        pipes = [spawned(crowd, node.port)[1] for node in cluster.nodes]
        for pipe in pipes:
            pipe.send(readers)
            heard(pipe)
            pipe.send("listen")
        here = psutil.Process().children(recursive=True)
        serving = [one for one in here if "nodes.program" in " ".join(one.cmdline())]
        storing = [one for one in here if "redis-server" in " ".join(one.cmdline())]
        counts, until_s = [0] * THREADS, time.monotonic() + seconds

        def publish(place: int) -> None:
            with RedisLog(cluster.redis.url, name=cluster.name) as log:  # type: ignore[union-attr]
                while time.monotonic() < until_s:
                    log.append(Frame(data="x" * SIZE_BYTES))
                    counts[place] += 1

        before = [sum(map(used_s, processes)) for processes in (serving, storing)]
        threads = [threading.Thread(target=publish, args=(place,)) for place in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        time.sleep(2)
        used = [sum(map(used_s, processes)) - was for processes, was in zip((serving, storing), before, strict=True)]
        for pipe in pipes:
            pipe.send("stop")
        got = sum(heard(pipe)[0] for pipe in pipes)
    published = sum(counts)
    return Rate(
        published / seconds,
        got / seconds,
        published * readers * nodes - got,
        used[0] / got * 1e6,
        used[1] / published * 1e6,
    )


@click.command(help=__doc__)
@click.option("--readers", default=20, show_default=True, type=click.IntRange(1, 200), help="At each node.")
@click.option("--events", default=400, show_default=True)
@click.option("--seconds", default=10.0, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(readers: int, events: int, seconds: float, rounds: int) -> None:
    console = Console(width=120)
    late: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with RedisServer(persistent=True) as redis, console.status("lags"):
        for _ in range(rounds):
            for kind, values in lags(redis.url, readers, events).items():
                late[kind] += values
    console.print(f"{redis.name}; {machine()}")
    table = Table("log", "events that came", "median ms", "p99 ms", "more than in memory, median ms")
    for kind, values in late.items():
        middle = statistics.median(values)
        added = middle - statistics.median(late["memory"])
        table.add_row(kind, f"{len(values):,}", f"{middle:.2f}", f"{percentile(values, 0.99):.2f}", f"{added:.2f}")
    console.print(table)
    table = Table(
        "nodes", "readers each", "published / s", "delivered / s", "missing", "node us each", "Redis us an event"
    )
    for nodes in (1, 3):
        with console.status(f"{nodes} nodes"):
            runs = [rate(nodes, readers, seconds) for _ in range(rounds)]
        one = Rate(*(statistics.median(values) for values in zip(*runs, strict=True)))
        table.add_row(f"{nodes}", f"{readers}", f"{one.published:,.0f}", f"{one.delivered:,.0f}", f"{one.missing:,.0f}",
                      f"{one.node_us:.2f}", f"{one.redis_us:.0f}")  # fmt: skip
    console.print(table)


if __name__ == "__main__":
    main()
