"""The exercise held: from two columns of times to what happened on the way."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.held_traps import TRAPS, Times, held
from labkit.check.values import Unreadable

WORDS = ("live", "lumps", "at the end")

STUB = '''\
def held(sent_s: list[float], arrived_s: list[float]) -> str:
    """What happened on the way: "live", "at the end" or "lumps".

    Each event has a time at which it was sent, and one at which it arrived, by another clock. Its lag is the second
    minus the first. "live": the largest and the smallest lag differ by less than 0.1 s. Otherwise something was held:
    "at the end", if the last event arrived less than 0.05 s after the first one, else "lumps". A stream without events
    is "live".
    Example:
    held([0.0, 1.0, 2.0], [2.5, 2.5, 2.5]) -> "at the end"
    """
    ...
'''


def _samples(seed: str, kinds: tuple[str, ...], skewed: bool = False) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for place in range(48):
        kind = kinds[place % len(kinds)]
        sent = _sent(rng, kind)
        arrived = _arrived(rng, kind, sent)
        offset_s = rng.choice((-3600.0, -7.5, 0.5, 12.25, 86400.0)) if skewed else 0.0
        samples.append(_sample([round(at + offset_s, 3) for at in sent], [round(at, 3) for at in arrived]))
    return samples


def _sent(rng: Random, kind: str) -> Times:
    if kind == "none":
        return []
    if kind == "one":
        return [0.0]
    every_s = 0.15 if kind == "pairs" else rng.choice((0.1, 0.2, 0.5))
    if kind == "batches":  # the sender itself sends four at a time
        return [batch * 4 * every_s for batch in range(rng.randrange(3, 6)) for _ in range(4)]
    if kind == "at once":  # and here all of them
        return [1.0] * rng.randrange(4, 12)
    return [number * every_s for number in range(rng.randrange(8, 16))]


def _arrived(rng: Random, kind: str, sent: Times) -> Times:
    way_s = rng.choice((0.001, 0.02, 0.06))
    if kind == "at the end":
        return [sent[-1] + way_s + 0.001 * place for place in range(len(sent))]
    if kind in ("lumps", "pairs"):
        size = 2 if kind == "pairs" else rng.randrange(3, 5)
        return [sent[min(place // size * size + size - 1, len(sent) - 1)] + way_s for place in range(len(sent))]
    if kind == "stall":  # nothing comes for a while in the middle, and then what was held comes together
        first, last = 2, rng.randrange(4, len(sent) - 2)
        return [sent[last if first <= place <= last else place] + way_s for place in range(len(sent))]
    if kind == "far":  # steadily half a second late: a long way, and nothing is held
        way_s = 0.5
    return [at + way_s + rng.uniform(0, 0.02) for at in sent]


def _near_the_limit() -> list[Sample]:
    """Streams with one lag that is larger or smaller, or with half of them larger, and streams that were held nearly to
    the end: another measure than the lags' range, or another limit, gives another answer here."""
    all_lags_s = [[0.02, 0.09, 0.05, 0.03] * 4, [0.18] * 7 + [0.02] + [0.18] * 8]
    for late_s in (0.18, 0.27, 0.47):
        all_lags_s += [[0.02] * 7 + [late_s] + [0.02] * 8, [0.02, late_s] * 8]
    sent = [number * 0.5 for number in range(16)]
    samples = [_sample(sent, [round(at + lag, 3) for at, lag in zip(sent, lags, strict=True)]) for lags in all_lags_s]
    for gap_s in (0.002, 0.005, 0.01, 0.02, 0.04, 0.1):  # all late, and the arrivals nearly together
        samples.append(_sample(sent, [round(8.0 + place * gap_s, 3) for place in range(16)]))
    return samples


def _sample(sent: Times, arrived: Times) -> Sample:
    return Sample((sent, arrived), held(sent, arrived))


def _read(returned: object, sample: Sample) -> str:
    word = read.text(returned, "It returned")
    if word not in WORDS:
        raise Unreadable(f"It returned another text. The check expects one of {', '.join(map(repr, WORDS))}.")
    return word


EXERCISE = Exercise(
    stub=STUB,
    solution=held,
    levels=(
        Level(
            "live, or at the end",
            "The lag of an event is arrived - sent. Where all lags are nearly the same, nothing was held.",
            lambda: _samples("held/1", ("live", "at the end")),
        ),
        Level(
            "lumps, and servers that send in batches",
            "What was sent together may arrive together. Held is what was sent apart and arrived together.",
            lambda: [
                *_samples("held/2", ("lumps", "batches", "at the end", "at once", "live", "far", "stall", "pairs")),
                *_near_the_limit(),
            ],
        ),
        Level(
            "two clocks",
            "Your clock and the sender's may differ by any amount: only differences between lags mean something. A "
            "stream with no event at all, or with only one, is live.",
            lambda: _samples(
                "held/3",
                ("lumps", "live", "batches", "none", "at the end", "far", "one", "stall", "pairs"),
                skewed=True,
            ),
        ),
    ),
    traps=TRAPS,
    hints=(
        "Print the lags of a stream that was held to the end: the first event has the longest one, the last one has "
        "the shortest. Which lags do you expect of a stream that is live, but far away?",
        "If the largest and the smallest lag are less than 0.1 s apart, nothing was held, however late everything is.",
        "Otherwise something was held. If the first and the last arrival are less than 0.05 s apart, it was held to "
        "the end.",
    ),
    praise="You have written the heart of `labkit doctor`.",
    read=_read,
)
