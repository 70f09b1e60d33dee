"""The solution of the exercise size, and what one tends to write."""

from __future__ import annotations

import math
from collections.abc import Callable

from labkit.check.exercise import Trap

Answer = tuple[int, int, int]
Size = Callable[..., Answer]


def size(
    clients: int, events_per_s: float, event_us: float, busy_share: float, process_kib: float, kernel_kib: float
) -> tuple[int, int, int]:
    """How many nodes there must be so that one may die, and the KiB and open files of each node then."""
    import math  # here, so that the source that is shown runs as it stands

    busy = clients * events_per_s * event_us / 1_000_000
    alive = max(1, math.ceil(busy / busy_share))
    readers = math.ceil(clients / alive)
    return alive + 1, math.ceil(readers * (process_kib + kernel_kib)), readers + 60


def _with(
    needed: Callable[..., float] = lambda clients, rate, us, share: clients * rate * us / 1e6 / share,
    whole: Callable[[float], int] = math.ceil,
    least: int = 1,
    spare: int = 1,
    share_out: Callable[[int, int], float] = lambda clients, alive: math.ceil(clients / alive),
    kib: Callable[[float, float, float], float] = lambda readers, process, kernel: readers * (process + kernel),
    files: Callable[[int], int] = lambda readers: readers + 60,
) -> Size:
    """The right rule, with one step changed."""

    def wrong(
        clients: int, events_per_s: float, event_us: float, busy_share: float, process_kib: float, kernel_kib: float
    ) -> Answer:
        alive = max(least, whole(needed(clients, events_per_s, event_us, busy_share)))
        readers = int(share_out(clients, alive))
        return alive + spare, math.ceil(kib(readers, process_kib, kernel_kib)), files(readers)

    return wrong


TRAPS = (
    Trap("no spare", _with(spare=0), "One node too few: if one dies, the others cannot hold what is left."),
    Trap("two spare", _with(spare=2), "One node too many: only one of them may die at a time."),
    Trap(
        "rounds down", _with(whole=math.floor), "The number of nodes was rounded down. A part of a node is a node more."
    ),
    Trap("rounds", _with(whole=round), "The number of nodes was rounded to the nearest. A part of a node is one more."),
    Trap(
        "one event for all",
        _with(lambda clients, rate, us, share: rate * us / 1e6 / share),
        "An event was counted once. It is written once for each reader.",
    ),
    Trap(
        "milliseconds",
        _with(lambda clients, rate, us, share: clients * rate * us / 1e3 / share),
        "Far too many nodes: microseconds were taken for milliseconds. A second has a million of them.",
    ),
    Trap(
        "wholly busy",
        _with(lambda clients, rate, us, share: clients * rate * us / 1e6),
        "The nodes are as busy as they can be. Only busy_share of each may be used.",
    ),
    Trap(
        "multiplies by the share",
        _with(lambda clients, rate, us, share: clients * rate * us / 1e6 * share),
        "The share was multiplied. The less of a node may be used, the more nodes are needed: divide by it.",
    ),
    Trap(
        "no kernel",
        _with(kib=lambda readers, process, kernel: readers * process),
        "The kernel's memory is missing. It holds buffers for each connection, beside the process.",
    ),
    Trap(
        "no process",
        _with(kib=lambda readers, process, kernel: readers * kernel),
        "The memory of the process is missing. Each reader costs something there, beside the kernel.",
    ),
    Trap(
        "all of them",
        _with(share_out=lambda clients, alive: clients),
        "Each node was given all of the clients. They are shared out.",
    ),
    Trap(
        "shared with the spare",
        _with(share_out=lambda clients, alive: math.ceil(clients / (alive + 1))),
        "Memory and files are enough while all nodes live. When one has died, the others hold its readers too.",
    ),
    Trap(
        "no own files", _with(files=lambda readers: readers), "The 60 files that a node opens for itself are missing."
    ),
    Trap(
        "two files",
        _with(files=lambda readers: 2 * readers + 60),
        "Each reader was given two files. That is so in a proxy; a node has one for each of them.",
    ),
    Trap(
        "no node",
        _with(least=0, share_out=lambda clients, alive: math.ceil(clients / alive)),
        "The function raises an error where no event comes. Readers must be held all the same: one node at least.",
    ),
)
