"""The exercise held: from two columns of times to what happened on the way."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Trap, Unreadable

Times = list[float]

WORDS = ("live", "lumps", "at the end")
LATE_S = 0.1
TOGETHER_S = 0.05

STUB = '''\
def held(sent_s: list[float], arrived_s: list[float]) -> str:
    """Was it "live" (lags differ by less than 0.1 s), "at the end" (all came within 0.05 s), or else "lumps"?"""
    ...
'''


def held(sent_s: list[float], arrived_s: list[float]) -> str:
    """Was it "live" (lags differ by less than 0.1 s), "at the end" (all came within 0.05 s), or else "lumps"?"""
    lags_s = [arrived - sent for sent, arrived in zip(sent_s, arrived_s, strict=True)]
    if not lags_s or max(lags_s) - min(lags_s) < 0.1:  # all equally late: two clocks, or a long way
        return "live"
    return "at the end" if arrived_s[-1] - arrived_s[0] < 0.05 else "lumps"


def _samples(seed: str, kinds: tuple[str, ...], skewed: bool = False) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for place in range(40):
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
    every_s = rng.choice((0.1, 0.2, 0.5))
    if kind == "batches":  # the sender itself sends four at a time
        return [batch * 4 * every_s for batch in range(rng.randrange(3, 6)) for _ in range(4)]
    if kind == "at once":  # and here all of them
        return [1.0] * rng.randrange(4, 12)
    return [number * every_s for number in range(rng.randrange(8, 16))]


def _arrived(rng: Random, kind: str, sent: Times) -> Times:
    way_s = rng.choice((0.001, 0.02, 0.06))
    if kind == "at the end":
        return [sent[-1] + way_s + 0.001 * place for place in range(len(sent))]
    if kind == "lumps":
        size = rng.randrange(3, 5)
        return [sent[min(place // size * size + size - 1, len(sent) - 1)] + way_s for place in range(len(sent))]
    if kind == "far":  # steadily half a second late: a long way, and nothing is held
        way_s = 0.5
    return [at + way_s + rng.uniform(0, 0.02) for at in sent]


def _sample(sent: Times, arrived: Times) -> Sample:
    return Sample((sent, arrived), held(sent, arrived))


def _read(returned: object, sample: Sample) -> str:
    word = read.text(returned, "What it returned")
    if word not in WORDS:
        raise Unreadable(f"It returned {word[:30]!r}. It is one of: {', '.join(map(repr, WORDS))}.")
    return word


def _looks_at_arrivals_only(sent_s: Times, arrived_s: Times) -> str:
    if len(arrived_s) > 1 and arrived_s[-1] - arrived_s[0] < TOGETHER_S:
        return "at the end"
    return held(sent_s, arrived_s)


def _believes_both_clocks(sent_s: Times, arrived_s: Times) -> str:
    lags_s = [arrived - sent for sent, arrived in zip(sent_s, arrived_s, strict=True)]
    if not lags_s or max(lags_s) < LATE_S:
        return "live"
    return "at the end" if arrived_s[-1] - arrived_s[0] < TOGETHER_S else "lumps"


def _looks_at_the_last(sent_s: Times, arrived_s: Times) -> str:
    if sent_s and arrived_s[-1] - sent_s[-1] < LATE_S:
        return "live"
    return held(sent_s, arrived_s)


def _bursts_are_lumps(sent_s: Times, arrived_s: Times) -> str:
    gaps = [after - before for before, after in pairwise(arrived_s)]
    if any(gap < 0.03 for gap in gaps) and any(gap > 0.03 for gap in gaps):
        return "lumps"
    return held(sent_s, arrived_s)


def _never_at_the_end(sent_s: Times, arrived_s: Times) -> str:
    return "lumps" if held(sent_s, arrived_s) == "at the end" else held(sent_s, arrived_s)


def _always_at_the_end(sent_s: Times, arrived_s: Times) -> str:
    return "at the end" if held(sent_s, arrived_s) == "lumps" else held(sent_s, arrived_s)


def _forgets_nothing_came(sent_s: Times, arrived_s: Times) -> str:
    lags_s = [arrived - sent for sent, arrived in zip(sent_s, arrived_s, strict=True)]
    return "live" if max(lags_s) - min(lags_s) < LATE_S else held(sent_s, arrived_s)


LEVELS = (
    Level(
        "live, or at the end",
        "The lag of an event is arrived - sent. Where all lags are nearly the same, nothing was held.",
        lambda: _samples("held/1", ("live", "at the end")),
    ),
    Level(
        "lumps, and servers that send in batches",
        "What was sent together may arrive together. Held is what was sent apart and arrived together.",
        lambda: _samples("held/2", ("lumps", "batches", "at the end", "at once", "live", "far")),
    ),
    Level(
        "two clocks",
        "Your clock and the sender's may differ by any amount: only differences between lags mean something. No event "
        "at all, or only one, is live.",
        lambda: _samples("held/3", ("lumps", "live", "batches", "none", "at the end", "far", "one"), skewed=True),
    ),
)

TRAPS = (
    Trap(
        "arrivals only",
        _looks_at_arrivals_only,
        "Events that were sent at one moment, and arrived at one moment, were called held. When were they sent?",
    ),
    Trap(
        "both clocks",
        _believes_both_clocks,
        "A stream whose events are all equally late was called held. Two clocks seldom agree, and a long way is no "
        "buffer: compare the lags with one another.",
    ),
    Trap(
        "the last event",
        _looks_at_the_last,
        "Only the last event's lag was looked at. A buffer that was just emptied delivers its last event at once: the "
        "first ones waited.",
    ),
    Trap(
        "bursts",
        _bursts_are_lumps,
        "Bursts were taken for lumps. This server sends several events at a time: they were never held.",
    ),
    Trap(
        "never the end",
        _never_at_the_end,
        "Everything arrived together, and was called lumps. All at one moment is 'at the end'.",
    ),
    Trap(
        "always the end",
        _always_at_the_end,
        "Several lumps, one after the other, were called 'at the end'. Is the first arrival far from the last?",
    ),
    Trap(
        "nothing came",
        _forgets_nothing_came,
        "With no event at all there is no largest lag. A stream that was silent held nothing: 'live'.",
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=held,
    levels=LEVELS,
    traps=TRAPS,
    hints=(
        "Print the lags of a stream that was held to the end: the first event has the longest one, the last the "
        "shortest. And of one that is live, but far away?",
        "If the largest and the smallest lag are less than 0.1 s apart, nothing was held, however late everything is.",
        "Something was held. If the first and the last arrival are less than 0.05 s apart, it was held to the end.",
    ),
    praise="You have written the heart of labkit doctor.",
    read=_read,
)
