"""Readers who sleep, and what the server's process takes for them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from labkit.capstone.flaky_job import NOISE_BYTES, NOISY_STEPS
from labkit.capstone.judging import Found, Untold
from labkit.capstone.runs import JobRuns
from labkit.errors import counted
from labkit.system.sockets import is_loopback
from labkit.system.usage import memory_bytes

#: What one reader who sleeps may cost. Precedent: a labkit Channel's 64 KiB of room; the rest is for what is in flight.
ROOM_BYTES = 512 * 1024
#: The log keeps what the job said: as text, as JSON, and as bytes.
COPIES = 3
ENOUGH_BYTES = NOISY_STEPS * NOISE_BYTES // 2
SAMPLE_S = 0.02
#: Small segments make the kernel's own buffer small: 100 KB instead of 3 MB on Linux, so the server's is seen at once.
SEGMENT_BYTES, RECEIVE_BYTES = 536, 4096
#: Two checks in one process would count each other's bytes.
_ONE_AT_A_TIME = threading.Lock()
PROC = Path("/proc")
LISTENING = "0A"


async def find_cost(runs: JobRuns) -> Found:
    """What a slow reader costs that has no bound; None where it is bounded.

    While readers sleep, a noisy job says 4 MB to one who is awake.
    """
    address = urlsplit(runs.target.events)
    host, port = address.hostname or "", address.port or 80
    if not runs.target.relayed:
        return Untold("its memory is looked at over http:// only")
    if not is_loopback(host):
        return Untold("it runs on another machine, whose memory is not seen from here")
    ids = None if runs.target.own_process else _processes_at(port)
    if ids == []:
        return Untold(
            "the process that listens there cannot be looked into. Give the app, or the file, and not its URL"
        )
    await asyncio.to_thread(_ONE_AT_A_TIME.acquire)
    try:
        return await _measure(runs, host, port, ids)
    finally:
        _ONE_AT_A_TIME.release()


async def _measure(runs: JobRuns, host: str, port: int, ids: list[int] | None) -> Found:
    count, url = runs.settings.sleepers, runs.target.events
    before_bytes = _memory_of(ids)
    answer = await runs.start("noisy")
    sleepers = [_sleeper(host, port, url) for _ in range(count)]
    try:
        awake = asyncio.ensure_future(_read_all(host, port, url))
        peak_bytes, deadline_s = 0, time.monotonic() + runs.settings.seconds
        while not awake.done() and time.monotonic() < deadline_s:
            await asyncio.sleep(SAMPLE_S)
            peak_bytes = max(peak_bytes, _memory_of(ids) - before_bytes)
        finished = awake.done()
        awake.cancel()
    finally:
        for sleeper in sleepers:
            sleeper.close()
    if not finished:
        asleep = f"while {counted(count, 'reader')} slept, one who was awake did not see the end of the job"
        return f"{asleep}: the job waits for the slowest. Let each reader read the list of states at its own pace"
    if awake.result() < ENOUGH_BYTES:
        came = f"of POST /start?job=noisy (answered {answer}) came {awake.result():,} bytes"
        return f"it cannot be seen: {came}. Start the job that ?job= names, flaky_job('noisy'), which says 4 MB"
    return _judge(peak_bytes, awake.result(), count)


def _judge(peak_bytes: int, read_bytes: int, count: int) -> Found:
    if not peak_bytes and not memory_bytes():
        return Untold("this machine does not tell how much memory a process has")
    allowed_bytes = COPIES * read_bytes + count * ROOM_BYTES
    if peak_bytes <= allowed_bytes:
        return None
    each = f"{(peak_bytes - read_bytes) / count / 1e6:.1f} MB for each"
    shown = f"while {counted(count, 'reader')} slept, it took {peak_bytes / 1e6:.0f} MB, some {each}"
    return (
        f"{shown}, of {read_bytes / 1e6:.0f} MB that the job said: what waits for a slow reader has no bound. Wait for "
        "each write (await), or end the stream of whoever is too far behind: it comes back, and resumes"
    )


def _sleeper(host: str, port: int, url: str) -> socket.socket:
    """A connection that has asked for the stream, and reads nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sleeper = socket.socket(family)
    sleeper.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
    with contextlib.suppress(OSError, AttributeError):
        sleeper.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
    sleeper.settimeout(2.0)
    with contextlib.suppress(OSError):  # one who is not let in costs nothing
        sleeper.connect((host, port))
        sleeper.sendall(_request(url))
    return sleeper


async def _read_all(host: str, port: int, url: str) -> int:
    """How many bytes come to a reader who is awake, to the end of the stream."""
    reader, writer = await asyncio.open_connection(host, port)
    try:
        writer.write(_request(url))
        count = 0
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 18):
                count += len(data)
        return count
    finally:
        writer.close()


def _request(url: str) -> bytes:
    address = urlsplit(url)
    target = (address.path or "/") + (f"?{address.query}" if address.query else "")
    lines = [f"GET {target} HTTP/1.1", f"Host: {address.netloc}", "Accept: text/event-stream", "Connection: close"]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _memory_of(ids: list[int] | None) -> int:
    """The memory of these processes, in bytes; of this one where there is no list."""
    if ids is None:
        return memory_bytes()
    pages = 0
    for id in ids:
        with contextlib.suppress(OSError, ValueError):
            pages += int((PROC / str(id) / "statm").read_text("ascii").split()[1])
    return pages * _page_bytes()


def _page_bytes() -> int:
    import resource  # not on Windows, which has no /proc either

    return resource.getpagesize()


def _processes_at(port: int) -> list[int]:
    """The processes that listen at this port, as far as this one may look into them."""
    sockets = {f"socket:[{inode}]" for inode in _listening_at(port)}
    found = []
    for place in PROC.glob("[0-9]*/fd") if sockets else ():
        with contextlib.suppress(OSError):
            if any(_target(link) in sockets for link in place.iterdir()):
                found.append(int(place.parent.name))
    return found


def _target(link: Path) -> str:
    with contextlib.suppress(OSError):
        return str(link.readlink())
    return ""


def _listening_at(port: int) -> list[str]:
    """The inodes of the sockets that listen at this port. Source: proc(5), /proc/net/tcp."""
    inodes = []
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(OSError):
            for line in (PROC / "net" / name).read_text("ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.append(fields[9])
    return inodes
