"""What a process has used, told by itself."""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path

STATM = Path("/proc/self/statm")
#: Where a process finds its own open descriptors: Linux, and macOS.
DESCRIPTORS = (Path("/proc/self/fd"), Path("/dev/fd"))
#: From what Python manages itself (up to 512) to what it asks the system's allocator for.
SIZES_BYTES = (32, 48, 64, 96, 128, 160, 192, 256, 320, 384, 448, 512, 1024, 4096, 16384, 65536)
GROWTH_BYTES = 1 << 16
FREE_BYTES = 1 << 24  # more than that no start leaves free
_FILLER: list[bytes] = []


def resource_usage() -> dict[str, float]:
    """{"cpu_s", "memory_bytes", "descriptors"} of this process; memory and descriptors are 0 where the machine does not
    tell them."""
    return {"cpu_s": time.process_time(), "memory_bytes": memory_bytes(), "descriptors": descriptors()}


def memory_bytes() -> int:
    """What of this process is in memory now; at its highest, where the machine does not tell more."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    with contextlib.suppress(OSError):
        return int(STATM.read_text("ascii").split()[1]) * resource.getpagesize()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def descriptors() -> int:
    """How many files and sockets this process has open; the one that is needed to look is not counted."""
    for folder in DESCRIPTORS:
        with contextlib.suppress(OSError):
            return len(list(folder.iterdir())) - 1
    return 0


def allow_descriptors(count: int) -> int:
    """How many files and sockets this process may have open at the same time; as many as it wants, where that is up to
    the process itself. (A shell on macOS allows 256 until somebody asks for more.)"""
    try:
        import resource
    except ImportError:  # Windows, where sockets are not counted among the files
        return sys.maxsize
    soft_limit, hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = count if hard_limit == resource.RLIM_INFINITY else min(count, hard_limit)
    if resource.RLIM_INFINITY != soft_limit < limit:
        with contextlib.suppress(OSError, ValueError):  # the system has not so many
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard_limit))
            soft_limit = limit
    return sys.maxsize if soft_limit == resource.RLIM_INFINITY else soft_limit


def fill_free_memory() -> None:
    """Makes objects of all sizes until each more is new memory, and keeps them. What a start leaves free, a megabyte or
    two, would hold the first hundreds of connections, which would then seem to take nothing."""
    for size_bytes in SIZES_BYTES if memory_bytes() else ():
        full_bytes = memory_bytes() + GROWTH_BYTES
        for _ in range(FREE_BYTES // size_bytes):
            _FILLER.append(bytes(size_bytes))
            if memory_bytes() > full_bytes:
                break
