"""The exercise how_late: a benchmark that is unfair in three ways, to be mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Trap, Unreadable
from labkit.check.exercises.how_late_servers import Servers

NAMES = ("SSE", "WebSocket")
TOLERANCE_MS = 0.5

STUB = '''\
def how_late(servers: Any, events: int = 20) -> dict[str, float]:
    """How late is an event of each server, in ms, in the middle of its stream? {"SSE": ..., "WebSocket": ...}"""
    ...
'''


def how_late(servers: Any, events: int = 20) -> dict[str, float]:
    """How late is an event of each server, in ms, in the middle of its stream? {"SSE": ..., "WebSocket": ...}"""
    late = {}
    for name in ("SSE", "WebSocket"):
        connection = servers.connect(name, nodelay=True)  # the same for both
        connection.take(5)  # warm-up: these do not count
        lags = [came_s - (sent_s - connection.ahead_s) for sent_s, came_s in connection.take(events)]
        late[name] = 1000 * sum(lags) / len(lags)
    return late


def measures(
    *,
    warm_up: Callable[[str], int] = lambda name: 5,
    sign: int = 1,
    nodelay: Callable[[str], bool] = lambda name: True,
    unit: float = 1000.0,
) -> Callable[..., dict[str, float]]:
    """A version of the benchmark, by default the right one. Each argument changes one part, as a trap needs it."""

    def how_late(servers: Servers, events: int = 20) -> dict[str, float]:
        lateness_ms = {}
        for name in NAMES:
            connection = servers.connect(name, nodelay(name))
            counted_events = connection.take(events + warm_up(name))[warm_up(name) :]
            lags_s = [came_s - sent_s + sign * connection.ahead_s for sent_s, came_s in counted_events]
            lateness_ms[name] = unit * sum(lags_s) / len(lags_s)
        return lateness_ms

    return how_late


def _samples(seed: str, *faults: str) -> list[Sample]:
    rng = Random(seed)
    samples = []
    for number in range(30):
        lags_ms = {name: rng.choice((2.0, 4.0, 9.0)) for name in NAMES}
        affected = (NAMES[number % 2],) if number % 3 else NAMES
        cold, nagle = (affected if fault in faults else () for fault in ("cold", "nagle"))
        ahead_s = {name: rng.choice((-3600.0, -0.015, 0.02, 7.5)) for name in affected if "clock" in faults}
        samples.append(Sample((Servers(lags_ms, cold, ahead_s, nagle),), tuple(lags_ms.items())))
    return samples


def _read(returned: object, sample: Sample) -> tuple[tuple[str, float], ...]:
    read.no_coroutine(returned)
    if not isinstance(returned, dict) or set(returned) != set(NAMES):
        raise Unreadable('It returns a dict with two keys: {"SSE": ..., "WebSocket": ...}.')
    expected: Mapping[str, float] = dict(sample.expected)  # type: ignore[call-overload]
    values_ms = {name: read.number(returned[name], f"The value for {name}") for name in NAMES}
    is_near = {name: abs(ms - expected[name]) <= TOLERANCE_MS for name, ms in values_ms.items()}
    return tuple((name, expected[name] if is_near[name] else round(values_ms[name], 1)) for name in NAMES)


def _show(value: object) -> str:
    pairs: Any = value
    return ", ".join(f"{name} {ms:g} ms" for name, ms in pairs)


TRAPS = (
    Trap(
        "counts everything",
        measures(warm_up=lambda name: 0),
        "The first events are in the mean. A server that has just started is cold: imports, caches, connections of its "
        "own. Let a few events of each pass before you count.",
    ),
    Trap(
        "leaves out one",
        measures(warm_up=lambda name: 1),
        "Only the very first event was left out. The next ones are still slow: let a few pass.",
    ),
    Trap(
        "warms one up",
        measures(warm_up=lambda name: 5 if name == "SSE" else 0),
        "Only SSE was warmed up. What you do for one you have to do for both.",
    ),
    Trap(
        "two clocks",
        measures(sign=0),
        "sent_s was read from the server's clock, and came_s from yours: the difference of the clocks is in every lag. "
        "connection.ahead_s is what the server's clock is ahead.",
    ),
    Trap(
        "the wrong way round",
        measures(sign=-1),
        "The correction went the wrong way. The server's clock shows too much by ahead_s: take that off sent_s.",
    ),
    Trap(
        "Nagle for one",
        measures(nodelay=lambda name: name == "WebSocket"),
        "Nagle's algorithm holds the events of one server back and not those of the other: the two got different "
        "connections. Open both alike.",
    ),
    Trap(
        "Nagle for the other",
        measures(nodelay=lambda name: name == "SSE"),
        "Now it is the WebSocket that Nagle's algorithm holds back: the two still get different connections.",
    ),
    Trap(
        "Nagle for both",
        measures(nodelay=lambda name: False),
        "Nagle's algorithm is on for both: who has it is 40 ms too late. Servers that push events turn it off.",
    ),
    Trap(
        "in seconds",
        measures(unit=1.0),
        "Next to nothing, for both. Are these seconds? The answer is in milliseconds. Or was nothing measured?",
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=how_late,
    levels=(
        Level("a cold start", "Let a few events of each pass before you count.", lambda: _samples("h/1", "cold")),
        Level("two clocks", "Correct sent_s by connection.ahead_s.", lambda: _samples("h/2", "cold", "clock")),
        Level(
            "Nagle's algorithm",
            "Turn it off for both: nodelay=True.",
            lambda: _samples("h/3", "cold", "clock", "nagle"),
        ),
    ),
    traps=TRAPS,
    hints=(
        "For level 1: print the lags of one connection, one by one. Which would you not have expected?",
        "For level 2: what a clock is ahead is in each time that was read from it. connection.ahead_s says how much.",
        "For level 3: compare the two calls of connect(). Does each server get the same connection?",
    ),
    praise="Your benchmark is fair: both warm, on one clock, over the same kind of connection.",
    read=_read,
    show_result=_show,
    show_expected=_show,
)
