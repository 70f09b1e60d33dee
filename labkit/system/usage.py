"""What this process uses: processor time, memory, descriptors."""

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
    """The resources that this process uses: {"cpu_s", "memory_bytes", "descriptors"}.

    Memory and descriptors are 0 where the machine does not tell them.
    """
    return {"cpu_s": time.process_time(), "memory_bytes": memory_bytes(), "descriptors": descriptors()}


def memory_bytes() -> int:
    """How much memory this process has now, in bytes.

    It is the highest value so far where the machine tells no other, and 0 on Windows.
    """
    try:
        import resource
    except ImportError:  # Windows
        return 0
    with contextlib.suppress(OSError):
        return int(STATM.read_text("ascii").split()[1]) * resource.getpagesize()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def descriptors() -> int:
    """How many files and sockets this process has open; 0 where the machine does not tell."""
    for folder in DESCRIPTORS:
        with contextlib.suppress(OSError):
            return len(list(folder.iterdir())) - 1
    return 0


def allow_descriptors(count: int) -> int:
    """Raises this process's limit of open files and sockets to `count`, as far as it may. Returns the limit now.

    (A shell on macOS allows 256 until somebody asks for more.)
    """
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
    """Fills the memory that this process holds and does not use, so that whatever comes next needs new memory.

    What a start leaves free, a megabyte or two, would hold the first hundreds of connections, which would then seem to
    take nothing.
    """
    for size_bytes in SIZES_BYTES if memory_bytes() else ():
        full_bytes = memory_bytes() + GROWTH_BYTES
        for _ in range(FREE_BYTES // size_bytes):
            _FILLER.append(bytes(size_bytes))
            if memory_bytes() > full_bytes:
                break
