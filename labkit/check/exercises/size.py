"""The exercise size: from what one reader costs to how many nodes there must be."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.size_traps import TRAPS, Answer, size
from labkit.check.values import Unreadable, shape

STUB = '''\
def size(
    clients: int, events_per_s: float, event_us: float, busy_share: float, process_kib: float, kernel_kib: float
) -> tuple[int, int, int]:
    """How many nodes there must be so that one may die, and the KiB and open files of each node then.

    Each client gets events_per_s; one event costs event_us microseconds of CPU for each reader. A node has one CPU, and
    no more than busy_share of it may be used, also when one node has died. One node more than that is the answer.
    Memory and files: what one of those alive needs when one has died and the clients are shared out (rounded up).
    A reader costs process_kib and kernel_kib, and one open file; each node opens 60 files beside. Round KiB up.
    Example:
    size(10_000, 20, 10, 0.5, 3, 4) -> (5, 17500, 2560)
    """
    ...
'''


def _samples(seed: str, ask: str) -> list[Sample]:
    rng = Random(seed)
    samples: list[Sample] = []
    while len(samples) < 40:
        clients, rate = rng.randrange(10_000, 90_000, 100), rng.choice((2, 5, 12, 20))
        if ask == "few" and rng.random() < 0.5:
            clients, rate = rng.randrange(1, 900), rng.choice((0, 0, 1, 2))
        given = (clients, rate, rng.choice((7, 10, 13)), rng.choice((0.5, 0.7, 0.8)), rng.choice((3, 3.5)), 4)
        needed = clients * rate * given[2] / 1e6 / given[3]
        if needed and abs(needed - round(needed)) < 1e-6:
            continue  # whole but for a float's last digit: another order of the same steps would round otherwise
        samples.append(Sample(given, size(*given)))
    return samples


def _read(returned: object, sample: Sample) -> Answer:
    parts = read.items(returned, "a tuple of three whole numbers: (nodes, KiB, files)")
    if len(parts) != 3:
        raise Unreadable(f"It returned {shape(returned)}; the check expects three numbers: (nodes, KiB, files).")
    nodes, kib, files = (read.whole_number(part, f"Part {number} is") for number, part in enumerate(parts))
    return nodes, kib, files


EXERCISE = Exercise(
    stub=STUB,
    solution=size,
    levels=(
        Level(
            "a crowd", "Each event is written once for each reader, and one node may die.", lambda: _samples("s/1", "")
        ),
        Level("other crowds", "Nodes, memory and files are rounded up.", lambda: _samples("s/2", "")),
        Level(
            "few", "Where little or nothing is sent, one node must live all the same.", lambda: _samples("s/3", "few")
        ),
    ),
    traps=TRAPS,
    hints=(
        "clients * events_per_s * event_us is the CPU time of a second, in microseconds. How many nodes is that, if "
        "busy_share of each may be used?",
        "`math.ceil` rounds up. One node at least must be alive, and one more is the answer.",
        "Share the clients out over the nodes that are alive when one has died.",
    ),
    praise="You can say what a deployment needs before it is built, and after one of its nodes has died.",
    read=_read,
)
