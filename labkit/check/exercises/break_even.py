"""The exercise break_even: from bytes to the question how often one may ask."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Trap

STUB = '''\
def break_even(poll_bytes: float, beat_bytes: float, beat_s: float, late_s: float = 3600.0) -> float:
    """Seconds between polls that cost as much as a heartbeat every beat_s; at most late_s, even if those cost 0."""
    ...
'''


def break_even(poll_bytes: float, beat_bytes: float, beat_s: float, late_s: float = 3600.0) -> float:
    """Seconds between polls that cost as much as a heartbeat every beat_s; at most late_s, even if those cost 0."""
    if beat_bytes == 0:
        return late_s  # a stream that costs nothing: polling can only come as close as one may wait
    return min(poll_bytes * beat_s / beat_bytes, late_s)


def _samples(seed: str, kind: str) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for _ in range(30):
        poll, beat, every_s = rng.randrange(50, 900, 10), rng.choice((10, 20, 25, 40)), rng.choice((5, 15, 30, 60))
        if kind == "silent" and rng.random() < 0.4:
            beat = 0
        options = {} if kind == "bytes" else {"late_s": rng.choice((1, 10, 60, 3600))}
        args = (poll, beat, every_s)
        samples.append(Sample(args, break_even(*args, **options), options=options))
    return samples


def _read(returned: object, sample: Sample) -> float:
    return round(read.number(returned, "What it returned"), 6)


TRAPS = (
    Trap(
        "upside down",
        lambda poll, beat, every_s, late_s=3600.0: min(beat * every_s / max(poll, 1), late_s),
        "The two are exchanged: the dearer a poll, the longer one must wait between polls, not the shorter.",
    ),
    Trap(
        "forgets the interval",
        lambda poll, beat, every_s, late_s=3600.0: min(poll / beat, late_s) if beat else late_s,
        "That is how many heartbeats a poll costs. A heartbeat comes every beat_s: times that.",
    ),
    Trap(
        "bytes an hour",
        lambda poll, beat, every_s, late_s=3600.0: min(3600 / every_s * beat / poll, late_s),
        "That is how many polls an hour cost the same. The question is for the seconds between two of them.",
    ),
    Trap(
        "waits for ever",
        lambda poll, beat, every_s, late_s=3600.0: poll * every_s / beat if beat else 1e9,
        "It is longer than anybody waits: late_s is the most that may lie between two polls.",
    ),
    Trap(
        "waits too long on purpose",
        lambda poll, beat, every_s, late_s=3600.0: max(poll * every_s / beat, late_s) if beat else late_s,
        "The larger of the two was taken. late_s is a limit from above: the smaller one.",
    ),
    Trap(
        "divides by nothing",
        lambda poll, beat, every_s, late_s=3600.0: min(poll * every_s / beat, late_s),
        "A stream without heartbeats has beat_bytes 0, and a division by zero ends it. Such a stream costs nothing.",
    ),
    Trap(
        "asks all the time",
        lambda poll, beat, every_s, late_s=3600.0: min(poll * every_s / beat, late_s) if beat else 0.0,
        "Where the stream costs nothing, polling is never as cheap: ask as seldom as late_s allows, not without end.",
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=break_even,
    levels=(
        Level(
            "bytes",
            "So far apart, a poll costs what the heartbeats in between cost.",
            lambda: _samples("b/1", "bytes"),
        ),
        Level("patience", "late_s is the most that may lie between two polls.", lambda: _samples("b/2", "late")),
        Level("silence", "Heartbeats that cost 0 are never dearer: return late_s.", lambda: _samples("b/3", "silent")),
    ),
    traps=TRAPS,
    hints=(
        "In T seconds the stream costs T / beat_s heartbeats, and polling one poll. Set the bytes equal.",
        "min(...) keeps it below late_s.",
        "Look for beat_bytes == 0 before you divide.",
    ),
    praise="You can say for any service how often one may ask before a stream is cheaper.",
    read=_read,
)
