"""How many readers can one server process hold, and what do they cost: in memory, in the kernel, in time?

    uv run python benchmarks/capacity.py [--readers 1000 --readers 10000 ...] [--events 10] [--rounds 3] [--store]
    uv run python benchmarks/capacity.py --part restart [--readers 10000]

Three servers take turns, each a process of its own: a Channel, a loop in C (benchmarks/capacity_servers/loop.c, where
there is a compiler), and Node's http module. The readers are real sockets, in other processes. 200 of them, spread
over the whole crowd, do nothing but note when each event came: the lags are theirs. Kernel memory is that of the
sockets' objects (/proc/slabinfo; root may read it), half of what the machine grew by, since both ends are here.

`restart`: the server is killed and starts again; its readers come back as labkit's client does, by the standard's fixed
wait, and by waits with jitter. `--store` writes what `labkit capacity` reckons with.
"""

from __future__ import annotations

import contextlib
import datetime
import heapq
import multiprocessing as mp
import os
import platform
import re
import selectors
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import click
import psutil
from rich.console import Console
from rich.table import Table

from labkit.system.usage import allow_descriptors
from labkit.wire.session import RESILIENT, STANDARD, Ended, Session, Unreachable, Wait

HERE = Path(__file__).parent / "capacity_servers"
STORED = Path(__file__).parent.parent / "labkit/capacity/measured.toml"
REQUEST = b"GET /events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
SENT = re.compile(rb"^data: (\d+\.\d{3}) ", re.MULTILINE)
SAMPLES = 200  # readers that note when an event came
STEPS = 20  # crowd and samples connect by turns, so that the samples are everywhere in the crowd
PER_S = 2.0
SIZE_BYTES = 120
RETRY_MS = 2000  # in which the server has started again
BESIDE = 60  # descriptors that a process has beside its readers
#: What the kernel has for each TCP socket that is open and watched. (A dentry, 0.2 KiB, cannot be told from others.)
SLABS = ("TCP", "sock_inode_cache", "filp", "eventpoll_epi", "lsm_file_cache", "skbuff_head_cache", "skbuff_small_head")


class Held(NamedTuple):
    """What one server needed for its readers."""

    process_kib: float
    kernel_kib: float
    buffers_kib: float
    descriptors: float
    connect_us: float
    cpu_us: float
    median_ms: float
    p99_ms: float
    missing: float
    base_mib: float


# --- the servers ---


def commands(folder: Path) -> dict[str, list[str]]:
    """How each server that this machine can run is started, by name."""
    found = {"labkit Channel": [sys.executable, str(HERE / "channel.py")]}
    if compiler := shutil.which("gcc") or shutil.which("cc"):
        subprocess.run([compiler, "-O2", "-o", str(folder / "loop"), str(HERE / "loop.c")], check=True)
        found["a loop in C"] = [str(folder / "loop")]
    if node := shutil.which("node"):
        found["Node's http"] = [node, str(HERE / "node.mjs")]
    return found


@contextlib.contextmanager
def started(command: list[str]) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """The server's process, and its port."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, int(process.stdout.readline())
        finally:
            process.kill()


def told(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(line + "\n")
    process.stdin.flush()


# --- the readers, in processes of their own ---


def crowd(pipe: Pipe, port: int) -> None:
    """Connects as many as it is told, one after the other; at "listen" it reads until "stop", and says what came."""
    allow_descriptors(65536)
    sockets: list[socket.socket] = []
    while (said := pipe.recv()) != "listen":
        for _ in range(said):
            sockets.append(greeted(port))
        pipe.send(len(sockets))
    pipe.send(read_all(pipe, sockets))


def greeted(port: int) -> socket.socket:
    """A reader that has had the head and the first comment."""
    client = socket.create_connection(("127.0.0.1", port), timeout=30)
    client.sendall(REQUEST)
    data = b""
    while b" open" not in data:
        data += client.recv(4096)
        if not data:
            raise ConnectionError("the server closed a connection at once")
    client.setblocking(False)
    return client


def read_all(pipe: Pipe, sockets: list[socket.socket]) -> tuple[int, list[float]]:
    """How many events came, and how late, in ms, each was."""
    lags: list[float] = []
    events, small = 0, len(sockets) <= SAMPLES
    with selectors.DefaultSelector() as waiting:
        for client in sockets:
            waiting.register(client, selectors.EVENT_READ)
        waiting.register(pipe, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                if key.fileobj is pipe:
                    return events, lags
                with contextlib.suppress(BlockingIOError):
                    data = key.fileobj.recv(65536)  # type: ignore[union-attr]
                    came_ms = time.monotonic() * 1000
                    if not data:
                        waiting.unregister(key.fileobj)
                    events += data.count(b"\ndata: ")
                    if small:
                        lags += [came_ms - float(sent) for sent in SENT.findall(data)]


def spawned(target: Any, *arguments: Any) -> tuple[Any, Pipe]:
    spawn = mp.get_context("spawn")
    ours, theirs = spawn.Pipe()
    process = spawn.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    return process, ours


def heard(pipe: Pipe, seconds: float = 300.0) -> Any:
    if not pipe.poll(seconds):
        raise TimeoutError("the readers do not answer")
    return pipe.recv()


# --- one server and its readers ---


def slab_bytes() -> float:
    """What the kernel has for sockets, on the whole machine; nan where it may not be asked."""
    try:
        lines = [line.split() for line in Path("/proc/slabinfo").read_text("ascii").splitlines()[2:]]
    except OSError:
        return float("nan")
    return sum(int(line[1]) * int(line[3]) for line in lines if line[0] in SLABS)


def buffer_bytes() -> float:
    """What waits in the buffers of all TCP sockets of the machine."""
    text = Path("/proc/net/sockstat").read_text("ascii")
    return int(re.search(r"TCP:.* mem (\d+)", text)[1]) * os.sysconf("SC_PAGE_SIZE")  # type: ignore[index]


def used_s(process: psutil.Process) -> float:
    return sum(process.cpu_times()[:2])


def measure(command: list[str], readers: int, events: int) -> Held:
    """What a server needs for so many readers, idle and busy."""
    with started(command) as (server, port):
        process = psutil.Process(server.pid)
        for _ in range(20):  # imports and caches are not counted
            greeted(port).close()
        time.sleep(0.5)
        samples = min(SAMPLES, readers // 5)
        (_, many), (_, few) = spawned(crowd, port), spawned(crowd, port)
        base, slab, buffers, busy_s = process.memory_full_info().uss, slab_bytes(), buffer_bytes(), used_s(process)
        descriptors = process.num_fds()
        for step in range(STEPS):
            for pipe, count in ((many, readers - samples), (few, samples)):
                pipe.send(count * (step + 1) // STEPS - count * step // STEPS)
                heard(pipe)
        time.sleep(1)
        connect_us = (used_s(process) - busy_s) / readers * 1e6
        process_kib = (process.memory_full_info().uss - base) / readers / 1024
        kernel_kib = (slab_bytes() - slab) / 2 / readers / 1024
        descriptors = process.num_fds() - descriptors
        many.send("listen")
        few.send("listen")
        time.sleep(0.5)
        busy_s, highest = used_s(process), 0.0
        told(server, f"{events} {PER_S} {SIZE_BYTES}")
        until_s = time.monotonic() + events / PER_S + 1 + readers / 5000
        while time.monotonic() < until_s:
            highest = max(highest, buffer_bytes() - buffers)
            time.sleep(0.05)
        cpu_us = (used_s(process) - busy_s) / readers / events * 1e6
        many.send("stop")
        few.send("stop")
        (most, _), (some, lags) = heard(many), heard(few)
    return Held(
        process_kib, kernel_kib, highest / readers / 1024, descriptors / readers, connect_us, cpu_us,
        statistics.median(lags), sorted(lags)[int(len(lags) * 0.99)], events * readers - most - some, base / 2**20,
    )  # fmt: skip


def hold(console: Console, counts: tuple[int, ...], events: int, rounds: int) -> dict[tuple[int, str], list[Held]]:
    """Each server with each number of readers, by turns."""
    with tempfile.TemporaryDirectory() as folder:
        servers = commands(Path(folder))
        runs: dict[tuple[int, str], list[Held]] = {(count, name): [] for count in counts for name in servers}
        for count in counts:
            for _ in range(rounds):
                for name, command in servers.items():
                    with console.status(f"{count:,} readers, {name}"):
                        runs[count, name].append(measure(command, count, events))
    return runs


def middle(runs: list[Held]) -> Held:
    return Held(*(statistics.median(values) for values in zip(*runs, strict=True)))


def show(console: Console, runs: dict[tuple[int, str], list[Held]]) -> None:
    table = Table("readers", "server", "process KiB", "kernel KiB", "buffers KiB", "files", "connect us", "event us",
                  "lag ms", "p99 ms", "missing", "labkit's event / its")  # fmt: skip
    for (count, name), measured in runs.items():
        one, ours = middle(measured), middle(runs[count, "labkit Channel"])
        digits = (2, 2, 2, 2, 0, 2, 1, 1, 0)
        numbers = [f"{value:,.{places}f}" for value, places in zip(one, digits, strict=False)]
        table.add_row(f"{count:,}", name, *numbers, f"{ours.cpu_us / one.cpu_us:.2f}")
    console.print(table)


def machine() -> str:
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    model = next((line.split(": ")[1] for line in lines if line.startswith("model name")), platform.machine())
    load = os.getloadavg()[0]
    return (
        f"{model}, {os.cpu_count()} processors, Linux {platform.release().split('-')[0]}, "
        f"CPython {platform.python_version()}, load {load:.1f} while it was measured"
    )


def store(runs: dict[tuple[int, str], list[Held]]) -> None:
    """Writes what labkit.capacity reckons with: the medians of the Channel."""
    ours = {count: middle(measured) for (count, name), measured in runs.items() if name == "labkit Channel"}
    largest = ours[max(ours)]
    costs = "\n".join(f"{count} = {one.cpu_us:.2f}" for count, one in ours.items())
    STORED.write_text(
        "# What one reader of a Channel costs, as benchmarks/capacity.py --store has measured it.\n"
        f'machine = "{machine()}"\ndate = {datetime.date.today().isoformat()}\n\n'
        "# A server without readers, and what each idle one adds: in the process, and in the kernel at its end.\n"
        f"base_bytes = {largest.base_mib * 2**20:.0f}\n"
        f"process_bytes = {max(one.process_kib for one in ours.values()) * 1024:.0f}\n"
        f"kernel_bytes = {max(one.kernel_kib for one in ours.values()) * 1024:.0f}\n"
        f"\n# Processor time for a reader that connects.\nconnect_us = {largest.connect_us:.0f}\n"
        f"\n# Processor time for each event and reader, by the number of readers; events of {SIZE_BYTES} bytes.\n"
        f"[event_us]\n{costs}\n",
        "utf-8",
    )


# --- a restart ---


class Return(NamedTuple):
    """How a crowd came back: connections in the busiest tenth of a second, attempts in vain, and times in seconds."""

    peak: int
    in_vain: int
    half_s: float
    last_s: float
    missing: int


def comers(pipe: Pipe, port: int, count: int, jitter: bool) -> None:
    """Readers that come back by themselves: says when each attempt was made, and when each was greeted again."""
    allow_descriptors(65536)
    policy = RESILIENT if jitter else STANDARD
    waiting = selectors.DefaultSelector()
    for number in range(count):
        waiting.register(greeted(port), selectors.EVENT_READ, number)
    pipe.send("all are here")
    sessions = [Session(reconnection_ms=RETRY_MS).with_open_stream() for _ in range(count)]
    rngs = [Random(number) for number in range(count)]
    due: list[tuple[float, int]] = []
    attempts: list[float] = []
    back: list[float] = []
    in_vain, until_s = 0, time.monotonic() + 120

    def lose(client: socket.socket, number: int, outcome: Any) -> None:
        waiting.unregister(client)
        client.close()
        sessions[number], step = sessions[number].next_step(outcome, policy, rngs[number].random())
        assert isinstance(step, Wait)
        heapq.heappush(due, (time.monotonic() + step.seconds, number))

    while len(back) < count and time.monotonic() < until_s:
        while due and due[0][0] <= time.monotonic():
            number = heapq.heappop(due)[1]
            client = socket.socket()
            client.setblocking(False)
            client.connect_ex(("127.0.0.1", port))
            attempts.append(time.monotonic())
            waiting.register(client, selectors.EVENT_WRITE, number)
        for key, mask in waiting.select(max(0.0, min(0.1, due[0][0] - time.monotonic())) if due else 0.1):
            client: socket.socket = key.fileobj  # type: ignore[no-redef, assignment]
            try:
                if mask & selectors.EVENT_WRITE:
                    client.send(REQUEST)
                    waiting.modify(client, selectors.EVENT_READ, key.data)
                    continue
                data = client.recv(4096)
            except OSError:
                in_vain += 1
                lose(client, key.data, Unreachable("refused"))
                continue
            if not data:
                lose(client, key.data, Ended(broken=True))
            elif b" open" in data:
                back.append(time.monotonic())
    pipe.send((attempts, back, in_vain))


def restart(port: int, readers: int, jitter: bool) -> Return:
    """Kills a server, starts it again, and watches its readers come back."""
    command = [sys.executable, str(HERE / "channel.py"), str(port)]
    with started(command) as (server, _):
        _, pipe = spawned(comers, port, readers, jitter)
        heard(pipe)
        killed_s = time.monotonic()
        server.send_signal(signal.SIGKILL)
        server.wait()
    with started(command):
        attempts, back, in_vain = heard(pipe)
    tenths = [int((at_s - killed_s) * 10) for at_s in attempts]
    peak = max((tenths.count(tenth) for tenth in set(tenths)), default=0)
    times = sorted(at_s - killed_s for at_s in back) or [float("nan")]
    return Return(peak, in_vain, times[len(times) // 2], times[-1], readers - len(back))


def show_restart(console: Console, readers: int, rounds: int) -> None:
    table = Table("readers", "waits", "attempts in the busiest 0.1 s", "in vain", "half are back s", "all s", "missing")
    runs: dict[bool, list[Return]] = {False: [], True: []}
    for _ in range(rounds):
        for jitter in runs:
            with socket.create_server(("127.0.0.1", 0)) as listener:
                port = listener.getsockname()[1]
            with console.status(f"{readers:,} readers, {'jitter' if jitter else 'no jitter'}"):
                runs[jitter].append(restart(port, readers, jitter))
    for jitter, measured in runs.items():
        one = [statistics.median(values) for values in zip(*measured, strict=True)]
        numbers = [f"{value:,.{places}f}" for value, places in zip(one, (0, 0, 2, 2, 0), strict=True)]
        table.add_row(
            f"{readers:,}", "with jitter" if jitter else f"{RETRY_MS / 1000:g} s, as the server says", *numbers
        )
    console.print(table)


@click.command(help=__doc__)
@click.option("--part", type=click.Choice(["hold", "restart"]), default="hold", show_default=True)
@click.option("--readers", multiple=True, type=click.IntRange(min=50), help="Default: 1,000, 10,000, and all it may.")
@click.option("--events", default=10, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--store", "stores", is_flag=True, help="Write what `labkit capacity` reckons with.")
def main(part: str, readers: tuple[int, ...], events: int, rounds: int, stores: bool) -> None:
    most = allow_descriptors(65536) - BESIDE  # the servers inherit what is allowed
    console = Console(width=150)
    if part == "restart":
        show_restart(console, min(readers or (10_000,)), rounds)
        return
    counts = readers or tuple(count for count in (1000, 10_000, most) if count <= most)
    if max(counts) > most:
        raise click.ClickException(f"{max(counts)} readers are too many: a process may have {most} here (ulimit -n)")
    runs = hold(console, counts, events, rounds)
    console.print(machine())
    show(console, runs)
    if stores:
        store(runs)


if __name__ == "__main__":
    main()
