"""What one tends to write instead of the solution of the exercise how_late."""

from __future__ import annotations

from collections.abc import Callable
from statistics import mean

from labkit.check.exercise import Trap
from labkit.check.exercises.how_late_servers import NAMES, Servers


def measures(
    *,
    warm_up: Callable[[str], int] = lambda name: 5,
    sign: int = 1,
    nodelay: Callable[[str], bool] = lambda name: True,
    unit: float = 1000.0,
    summary: Callable[[list[float]], float] = mean,
) -> Callable[..., dict[str, float]]:
    """A version of the benchmark, by default the right one. Each argument changes one part, as a trap needs it."""

    def how_late(servers: Servers, events: int = 20) -> dict[str, float]:
        lateness_ms = {}
        for name in NAMES:
            connection = servers.connect(name, nodelay(name))
            counted_events = connection.take(events + warm_up(name))[warm_up(name) :]
            lags_s = [came_s - sent_s + sign * connection.ahead_s for sent_s, came_s in counted_events]
            lateness_ms[name] = unit * summary(lags_s)
        return lateness_ms

    return how_late


def _clock_of(affected: str) -> Callable[..., dict[str, float]]:
    """A version that corrects the clock of the other server only."""

    def how_late(servers: Servers, events: int = 20) -> dict[str, float]:
        right, wrong = measures()(servers, events), measures(sign=0)(servers, events)
        return {name: wrong[name] if name == affected else right[name] for name in NAMES}

    return how_late


def _distance(servers: Servers, events: int = 20) -> dict[str, float]:
    return {name: abs(ms) for name, ms in measures(sign=0)(servers, events).items()}


def _distance_twice(servers: Servers, events: int = 20) -> dict[str, float]:
    return {name: abs(ms) for name, ms in measures(sign=-1)(servers, events).items()}


def _exchanged(servers: Servers, events: int = 20) -> dict[str, float]:
    late_ms = measures()(servers, events)
    return {"SSE": late_ms["WebSocket"], "WebSocket": late_ms["SSE"]}


TRAPS = (
    Trap(
        "counts everything",
        measures(warm_up=lambda name: 0),
        "The first events are counted. A server that has just started is cold: it still imports, and fills its caches. "
        "The middle of a stream begins later.",
    ),
    Trap(
        "leaves out one",
        measures(warm_up=lambda name: 1),
        "Only the very first event is left out. The second and the third are still slow, and they are counted.",
    ),
    Trap(
        "warms one up",
        measures(warm_up=lambda name: 5 if name == "SSE" else 0),
        "Only one of the two servers was warmed up, and then it looks faster than the other one. What you do for one "
        "you have to do for both.",
        also=(measures(warm_up=lambda name: 0 if name == "SSE" else 5),),
    ),
    Trap(
        "the slowest",
        measures(summary=max),
        "That is the lag of the slowest event. One slow event says little about the others: the question is for the "
        "average.",
        also=(measures(summary=max, warm_up=lambda name: 0),),
    ),
    Trap(
        "the fastest",
        measures(summary=min),
        "That is the lag of the fastest event. One fast event says little about the others: the question is for the "
        "average.",
        also=(measures(summary=min, warm_up=lambda name: 0),),
    ),
    Trap(
        "the sum",
        measures(summary=sum),
        "That is the lag of all events together. It grows with their number: the question is for one event.",
        also=(measures(summary=sum, warm_up=lambda name: 0),),
    ),
    Trap(
        "one event",
        measures(summary=lambda lags_s: lags_s[0]),
        "That is the lag of one event only. Events differ: the question is for the average.",
        also=(
            measures(summary=lambda lags_s: lags_s[-1]),
            measures(summary=lambda lags_s: lags_s[len(lags_s) // 2]),
            measures(summary=lambda lags_s: lags_s[0], warm_up=lambda name: 0),
        ),
    ),
    Trap(
        "negative",
        measures(unit=-1000.0),
        "The lags are negative. A lag is the time of coming minus the time of sending.",
        also=(measures(unit=-1000.0, warm_up=lambda name: 0),),
    ),
    Trap(
        "divided by all",
        measures(warm_up=lambda name: 0, summary=lambda lags_s: sum(lags_s[5:]) / len(lags_s)),
        "The lags of some events were divided by the number of all, so the average is too small.",
    ),
    Trap(
        "the servers exchanged",
        _exchanged,
        "The two servers are exchanged: each has the number of the other one.",
    ),
    Trap(
        "in another unit",
        measures(unit=1.0),
        "The numbers are too small, a thousandth or less: the times are in seconds, and the answer is in milliseconds.",
        also=(measures(unit=0.001), measures(unit=1.0, warm_up=lambda name: 0)),
    ),
    Trap(
        "two clocks",
        measures(sign=0),
        "sent_s is a time of the server's clock, and came_s is one of yours. The difference of the two clocks is in "
        "every lag.",
    ),
    Trap(
        "one clock of two",
        _clock_of("SSE"),
        "The clock of one server is taken into account, and that of the other one is not. What you do for one you have "
        "to do for both.",
        also=(_clock_of("WebSocket"),),
    ),
    Trap(
        "the wrong way round",
        measures(sign=-1),
        "The correction of the clock went the wrong way, so the difference is in the lags twice. The server's clock "
        "shows more than yours by ahead_s.",
        also=(_distance_twice,),
    ),
    Trap(
        "without its sign",
        _distance,
        "The difference of the clocks is still in the lags, and only their sign is gone. A lag that is negative says "
        "that two clocks were mixed.",
    ),
    Trap(
        "Nagle for one",
        measures(nodelay=lambda name: name == "WebSocket"),
        "The events of one server are held back and those of the other are not: SSE got another kind of connection "
        "than the WebSocket.",
    ),
    Trap(
        "Nagle for the other",
        measures(nodelay=lambda name: name == "SSE"),
        "The events of one server are held back and those of the other are not: the WebSocket got another kind of "
        "connection than SSE.",
    ),
    Trap(
        "Nagle for both",
        measures(nodelay=lambda name: False),
        "Nagle's algorithm is on for both servers, so one that has it is 40 ms too late. Servers that push events turn "
        "it off.",
    ),
)
