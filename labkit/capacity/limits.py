"""What this machine allows, and the line that sets each limit which a deployment would meet."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit.capacity.reckoning import BUSY_SHARE, Reckoning
from labkit.errors import counted

PROC = Path("/proc")
#: Whose queue holds those who have knocked and are not let in yet: see labkit.system.accepting.BACKLOG.
BACKLOG = 4096
#: More ports than these are no port that a client may have. Precedent: the widest range that Linux' own text names.
WIDEST_PORTS = (1024, 65535)
#: Above so much of a machine's memory nothing is left for its files and for those who are behind.
MEMORY_SHARE = 0.8


@dataclass(frozen=True)
class MachineLimits:
    """What a machine allows. None: it does not say.

    Args:
        open_files: how many files and sockets a process may have open (ulimit -n), and how far it may raise that.
        open_files_hard: the latter.
        somaxconn: how long a queue of connections that are not accepted may be.
        ports: the first and the last port that a connection from here may come from.
        conntrack: how many connections the firewall follows; None also where there is none.
        memory_bytes: how much memory is free now.
        processors: how many this machine has.
    """

    open_files: int | None = None
    open_files_hard: int | None = None
    somaxconn: int | None = None
    ports: tuple[int, int] | None = None
    conntrack: int | None = None
    memory_bytes: int | None = None
    processors: int | None = None


@dataclass(frozen=True)
class LimitAdvice:
    """A limit, and whether the deployment stays below it.

    Args:
        limit: what it is called.
        needs: what the deployment needs of it.
        has: what this machine has; "" where it does not say.
        line: what sets it; "" where it is enough.
        why: what happens there.
    """

    limit: str
    needs: str
    has: str
    line: str
    why: str


def read_limits(proc: Path = PROC) -> MachineLimits:
    """What this machine allows now. What it does not say (no Linux, a container) is None."""
    soft, hard = _open_files()
    ports = _numbers(proc / "sys/net/ipv4/ip_local_port_range")
    return MachineLimits(
        open_files=soft,
        open_files_hard=hard,
        somaxconn=_first(proc / "sys/net/core/somaxconn"),
        ports=(ports[0], ports[1]) if len(ports) == 2 else None,
        conntrack=_first(proc / "sys/net/netfilter/nf_conntrack_max"),
        memory_bytes=_free_memory(proc),
        processors=os.cpu_count(),
    )


def advise(reckoning: Reckoning, limits: MachineLimits, behind_proxy: bool = True) -> list[LimitAdvice]:
    """Each limit, with the line that sets it where the deployment would meet it here.

    Args:
        reckoning: what each node needs; one node is taken to be this machine.
        limits: what this machine allows.
        behind_proxy: whether a proxy stands in front: it has two connections for each stream.
    """
    return [*_of_a_node(reckoning, limits), *(_of_a_proxy(reckoning, limits) if behind_proxy else [])]


def _of_a_node(need: Reckoning, has: MachineLimits) -> Iterator[LimitAdvice]:
    line = f"ulimit -n {_round(need.descriptors)}   # systemd: LimitNOFILE={_round(need.descriptors)}"
    if has.open_files_hard is not None and need.descriptors > has.open_files_hard:
        line += f"   (this shell may go up to {has.open_files_hard:,}: root raises it, or more nodes share the clients)"
    yield _line("open files of a node's process (ulimit -n)", need.descriptors, has.open_files, line,
                "one for each reader; with none left, new readers wait")  # fmt: skip
    queue = min(need.clients, BACKLOG)
    yield _line("net.core.somaxconn", queue, has.somaxconn, f"sysctl -w net.core.somaxconn={BACKLOG}",
                "after a restart all readers knock at once; who finds no room knocks again seconds later")  # fmt: skip
    yield _line("net.netfilter.nf_conntrack_max", need.clients, has.conntrack,
                f"sysctl -w net.netfilter.nf_conntrack_max={_round(2 * need.clients)}",
                "a firewall that follows connections drops those for which it has no room")  # fmt: skip
    memory = need.process_bytes + need.kernel_bytes
    free = None if has.memory_bytes is None else int(has.memory_bytes * MEMORY_SHARE)
    enough = free is None or memory <= free
    here = "" if free is None else f"{_mib(free)}, {MEMORY_SHARE:.0%} of what is free"
    yield LimitAdvice("memory", _mib(memory), here,
                 "" if enough else f"more nodes, on other machines: {need.nodes} of them share the clients now",
                 "the system ends a process that takes more")  # fmt: skip
    enough = need.processors <= BUSY_SHARE
    there = "" if has.processors is None else f"; this machine has {has.processors}"
    yield LimitAdvice("processor of a node", f"{need.processors:.2f}", f"{BUSY_SHARE:g} of one{there}",
                 "" if enough else f"{counted(need.nodes_needed, 'node')} instead of {need.nodes}",
                 "a loop that is busier falls behind, and its readers are cut as too slow")  # fmt: skip


def _of_a_proxy(need: Reckoning, has: MachineLimits) -> Iterator[LimitAdvice]:
    files = 2 * need.clients * need.nodes + 100
    yield LimitAdvice("open files of the proxy", f"{files:,}", "",
                 f"HAProxy: maxconn {_round(need.clients * need.nodes)} (it raises its ulimit-n itself)   "
                 f"nginx: worker_rlimit_nofile {_round(files)}; worker_connections {_round(files)};",
                 "two for each stream: to the client, and to the node; told for one proxy in one process")  # fmt: skip
    ports = None if has.ports is None else has.ports[1] - has.ports[0] + 1
    first, last = WIDEST_PORTS
    line = f'sysctl -w net.ipv4.ip_local_port_range="{first} {last}"'
    if need.clients > last - first + 1:
        ways = -(-need.clients // (last - first + 1))
        line += f", and {ways} addresses or ports for each node: one pair of addresses has no more"
    yield _line("net.ipv4.ip_local_port_range, at the proxy", need.clients, ports, line,
                "each connection from one address to one port of a node needs a port of its own")  # fmt: skip


def _line(limit: str, needs: int, has: int | None, line: str, why: str) -> LimitAdvice:
    return LimitAdvice(
        limit, f"{needs:,}", "" if has is None else f"{has:,}", line if has is not None and needs > has else "", why
    )


def _round(number: int) -> int:
    """A number that one would write: a tenth more, in whole thousands."""
    return -(-number * 11 // 10_000) * 1000


def _mib(number: float) -> str:
    return f"{number / 2**20:,.0f} MiB"


def _open_files() -> tuple[int | None, int | None]:
    try:
        import resource
    except ImportError:  # Windows, where sockets are not counted among the files
        return None, None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = resource.RLIM_INFINITY
    return (sys.maxsize if soft == most else soft), (sys.maxsize if hard == most else hard)


def _numbers(path: Path) -> list[int]:
    with contextlib.suppress(OSError, ValueError):
        return [int(word) for word in path.read_text("ascii").split()]
    return []


def _first(path: Path) -> int | None:
    return next(iter(_numbers(path)), None)


def _free_memory(proc: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in (proc / "meminfo").read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None
