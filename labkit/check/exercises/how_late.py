"""The exercise how_late: a benchmark that is unfair in three ways, to be mended."""

# ruff: noqa: UP037  (the solution is shown, and must run where Servers is not defined)

from __future__ import annotations

from collections.abc import Mapping
from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.how_late_servers import NAMES, Servers
from labkit.check.exercises.how_late_traps import TRAPS, measures
from labkit.check.values import Unreadable, shape, value_text

__all__ = ["EXERCISE", "how_late", "measures"]

TOLERANCE_MS = 0.5

STUB = '''\
def how_late(servers: "Servers", events: int = 20) -> dict[str, float]:
    """How late an event of each server is on average, in ms, in the middle of its stream.

    The servers are called "SSE" and "WebSocket", and so are the keys of the result.
    servers.connect(name, nodelay) opens a connection. With nodelay=True its server does not hold small writes back.
    connection.take(count) gives the next events, each as (sent_s, came_s): when it was sent, by the server's clock, and
    when it came, by yours. connection.ahead_s is how much the server's clock shows more than yours.
    Example, with: from labkit.check import Servers
    how_late(Servers({"SSE": 9.0, "WebSocket": 2.0})) -> {"SSE": 9.0, "WebSocket": 2.0}
    """
    ...
'''


def how_late(servers: "Servers", events: int = 20) -> dict[str, float]:
    """How late an event of each server is on average, in ms, in the middle of its stream."""
    late = {}
    for name in ("SSE", "WebSocket"):
        connection = servers.connect(name, nodelay=True)  # the same for both
        connection.take(5)  # warm-up: these do not count
        lags = [came_s - (sent_s - connection.ahead_s) for sent_s, came_s in connection.take(events)]
        late[name] = 1000 * sum(lags) / len(lags)
    return late


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
    expected_shape = 'a dict with two keys: {"SSE": ..., "WebSocket": ...}'
    if not isinstance(returned, dict):
        raise Unreadable(f"It returned {shape(returned)}; the check expects {expected_shape}.")
    if set(returned) != set(NAMES):
        raise Unreadable(f"It returned a dict with other keys; the check expects {expected_shape}.")
    expected: Mapping[str, float] = dict(sample.expected)  # type: ignore[call-overload]
    values_ms = {name: read.number(returned[name], f"The value for {name} is") for name in NAMES}
    is_near = {name: abs(ms - expected[name]) <= TOLERANCE_MS for name, ms in values_ms.items()}
    return tuple((name, expected[name] if is_near[name] else round(values_ms[name], 1)) for name in NAMES)


def _show_returned(returned: object) -> str:
    """The text of what was returned, with a tenth of a millisecond: more says nothing."""
    if not isinstance(returned, dict):
        return value_text(returned)
    rounded = {name: round(ms, 1) if isinstance(ms, float) else ms for name, ms in returned.items()}
    return value_text(rounded)


EXERCISE = Exercise(
    stub=STUB,
    solution=how_late,
    levels=(
        Level(
            "a cold start",
            "The first events of a server that has just started are slow. The question is for the middle of a stream.",
            lambda: _samples("h/1", "cold"),
        ),
        Level(
            "two clocks",
            "sent_s is the time of the server's clock, which is ahead of yours by connection.ahead_s.",
            lambda: _samples("h/2", "cold", "clock"),
        ),
        Level(
            "Nagle's algorithm",
            "Nagle's algorithm holds small writes back. Each of the two servers has to send without it.",
            lambda: _samples("h/3", "cold", "clock", "nagle"),
        ),
    ),
    traps=TRAPS,
    hints=(
        "For level 1: print the lags of one connection, one by one. Which of them did you not expect?",
        "For level 2: each time that was read from a clock holds what this clock is ahead. `connection.ahead_s` says "
        "how much that is.",
        "For level 3: compare the two calls of `connect()`. Does each server get the same kind of connection?",
    ),
    praise="Your benchmark is fair: both servers are warm, on one clock, and over the same kind of connection.",
    read=_read,
    show_returned=_show_returned,
    show_expected=lambda pairs: value_text(dict(pairs)),  # type: ignore[call-overload]
    imports=("from labkit.check import Servers",),
)
