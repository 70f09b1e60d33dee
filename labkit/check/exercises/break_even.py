"""The exercise break_even: from bytes to the question how often one may ask."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.break_even_traps import TRAPS

STUB = '''\
def break_even(poll_bytes: float, beat_bytes: float, beat_s: float, late_s: float = 3600.0) -> float:
    """The seconds between two polls with which polling costs as many bytes as a stream.

    A poll costs poll_bytes. The stream costs beat_bytes for each heartbeat, and one comes every beat_s seconds.
    No event may be more than late_s seconds late, so the answer is late_s at most, also where the stream costs nothing.
    Example:
    break_even(600, 20, 15) -> 450.0
    """
    ...
'''


def break_even(poll_bytes: float, beat_bytes: float, beat_s: float, late_s: float = 3600.0) -> float:
    """The seconds between two polls with which polling costs as many bytes as a stream."""
    if beat_bytes == 0:
        return late_s  # a stream that costs nothing: polling can only come as close as one may wait
    return min(poll_bytes * beat_s / beat_bytes, late_s)


def _samples(seed: str, kind: str) -> list[Sample]:
    rng = Random(seed)
    samples: list[Sample] = []
    while len(samples) < 40:
        poll, beat, every_s = rng.randrange(50, 900, 10), rng.choice((10, 20, 25, 40)), rng.choice((5, 15, 30, 60))
        if kind == "bytes" and poll * every_s / beat >= 3600:
            continue  # the limit is the next level's
        if kind == "silent" and rng.random() < 0.4:
            beat = 0
        options = {} if kind == "bytes" else {"late_s": rng.choice((1, 10, 60, 600, 3600, 7200))}
        args = (poll, beat, every_s)
        samples.append(Sample(args, break_even(*args, **options), options=options))
    return samples


def _read(returned: object, sample: Sample) -> float:
    return round(read.number(returned, "It returned"), 6)


EXERCISE = Exercise(
    stub=STUB,
    solution=break_even,
    levels=(
        Level(
            "bytes",
            "Between two polls so many heartbeats come that they cost as much as one poll.",
            lambda: _samples("b/1", "bytes"),
        ),
        Level(
            "patience",
            "No more than late_s seconds may lie between two polls.",
            lambda: _samples("b/2", "late"),
        ),
        Level(
            "silence",
            "Heartbeats that cost 0 bytes never cost as much as a poll: then the answer is late_s.",
            lambda: _samples("b/3", "silent"),
        ),
    ),
    traps=TRAPS,
    hints=(
        "In T seconds the stream costs T / beat_s heartbeats, and polling costs one poll. Set the bytes equal.",
        "The answer is no more than late_s: `min(...)` takes the smaller of two numbers.",
        "Look for `beat_bytes == 0` before you divide.",
    ),
    praise="You can say for any service how often one may ask before a stream is cheaper.",
    read=_read,
)
