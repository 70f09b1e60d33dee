"""How many connections can a server carry that has a thread for each, how many with an event loop?

    uv run python benchmarks/threads.py [--connections 100 --connections 1000 ...] [--events 10] [--rounds 3]

Three servers, each a process of its own, take turns: a Channel, which writes an event to all readers in one go; an
asyncio task for each reader, which writes bare lines; a thread for each. The readers, in this process, note when each
event came, and do nothing else: their own time is in every lag. Lags are from the moment of publishing: until half of
the readers have the event, and until the last one has. CPU is the server's own, for each event and reader. Two events a
second.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import selectors
import socket
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.progress import track
from rich.table import Table

from labkit.bench.origin import START, Origin, origin
from labkit.bench_servers import threaded_program
from labkit.bench_servers.null_servers import LINES
from labkit.bench_servers.payload import now_ms
from labkit.errors import LabError
from labkit.system.usage import allow_descriptors

ASKING = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"
#: By name: the program, what a reader says first, and whether to its null transport.
SERVERS = {
    "a Channel": (START, ASKING, False),
    "a task each": (START, LINES, True),
    "a thread each": (threaded_program.START, ASKING, False),
}
SENT = re.compile(rb"^(?:data: )?(\d+\.\d{3}) ", re.MULTILINE)
PER_S = 2.0
GRACE_S = 20.0


class Borne(NamedTuple):
    """What a server did for its readers: how many it accepted, its memory, and how it sent."""

    accepted: float
    memory_mib: float
    half_ms: float
    last_ms: float
    missing: float
    cpu_us: float


@contextlib.contextmanager
def readers(port: int, first: bytes, count: int) -> Iterator[list[socket.socket]]:
    """Up to so many sockets, one after the other, whose answer has begun; it stops at the first that is not served."""
    with contextlib.ExitStack() as stack:
        made: list[socket.socket] = []
        with contextlib.suppress(OSError):
            while len(made) < count:
                sock = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
                sock.sendall(first)
                if not sock.recv(4096):
                    break
                sock.setblocking(False)
                made.append(sock)
        yield made


def lags(sockets: list[socket.socket], events: int, until_s: float) -> dict[float, list[float]]:
    """How late each event was at each reader, in ms; by when it was sent."""
    late: dict[float, list[float]] = defaultdict(list)
    missing = events * len(sockets)
    rest: dict[int, bytes] = defaultdict(bytes)
    with selectors.DefaultSelector() as waiting:
        for sock in sockets:
            waiting.register(sock.fileno(), selectors.EVENT_READ, sock)
        while missing and time.monotonic() < until_s and waiting.get_map():
            for key, _ in waiting.select(timeout=0.5):
                data = b""
                with contextlib.suppress(OSError):
                    data = key.data.recv(65536)
                came = now_ms()
                if not data:
                    waiting.unregister(key.fd)
                lines, found, rest[key.fd] = (rest[key.fd] + data).rpartition(b"\n")
                for sent in map(float, SENT.findall(lines + found)):
                    late[sent].append(came - sent)
                    missing -= 1
    return late


async def measure(name: str, count: int, events: int) -> Borne:
    """What the server does for so many.

    Raises:
        LabError: it does not answer any more, or nobody got anything.
    """
    start, first, null = SERVERS[name]
    async with origin(start) as server:
        before = await server.usage()
        await server.play(0, PER_S)
        asking_s = (await server.usage())["cpu_s"] - before["cpu_s"]
        port = server.null_port if null else urlsplit(server.url).port or 0
        with readers(port, first, count) as sockets:
            await asyncio.sleep(1)
            idle = await server.usage()
            late = await listen(server, sockets, events)
            busy = await server.usage()
    if not late:
        raise LabError("nobody got anything")
    return Borne(
        len(sockets),
        (idle["memory_bytes"] - before["memory_bytes"]) / 2**20,
        statistics.median(map(statistics.median, late.values())),
        statistics.median(map(max, late.values())),
        events * len(sockets) - sum(map(len, late.values())),
        (busy["cpu_s"] - idle["cpu_s"] - asking_s) * 1e6 / events / len(sockets),
    )


async def listen(server: Origin, sockets: list[socket.socket], events: int) -> dict[float, list[float]]:
    """Publishes, and returns what came."""
    reading = asyncio.to_thread(lags, sockets, events, time.monotonic() + events / PER_S + GRACE_S)
    late, _ = await asyncio.gather(reading, server.play(events, PER_S))
    return late


@click.command(help=__doc__)
@click.option("--connections", default=[100, 1000, 4000], multiple=True, show_default=True)
@click.option("--events", default=10, show_default=True)
@click.option("--rounds", default=3, show_default=True)
def main(connections: list[int], events: int, rounds: int) -> None:
    needed = max(connections) + 100
    if (allowed := allow_descriptors(needed)) < needed:  # the servers inherit what is allowed
        raise click.ClickException(f"{needed} open files are needed, and this process may have {allowed} (ulimit -n)")
    order = [(count, name) for count in connections for _ in range(rounds) for name in SERVERS]
    runs: dict[tuple[int, str], list[Borne]] = {one: [] for one in order}
    fallen: dict[tuple[int, str], str] = {}
    console = Console(width=110)
    for count, name in track(order, "measuring", console=console, transient=True):
        try:
            runs[count, name].append(asyncio.run(measure(name, count, events)))
        except LabError as problem:
            fallen[count, name] = str(problem)
    table = Table("asked", "server", "accepted", "memory MiB", "half have it ms", "all ms", "missing", "CPU us")
    for (count, name), measured in runs.items():
        middle = [statistics.median(each) for each in zip(*measured, strict=True)]
        numbers = [f"{value:,.{digits}f}" for value, digits in zip(middle, (0, 1, 1, 1, 0, 1), strict=False)]
        table.add_row(f"{count:,}", name, *numbers, *([fallen[count, name]] if (count, name) in fallen else []))
    console.print(table)


if __name__ == "__main__":
    main()
