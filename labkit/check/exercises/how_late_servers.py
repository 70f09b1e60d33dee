"""Two servers for the exercise how_late, whose times are made up: they start cold, keep clocks of their own, and let
Nagle's algorithm hold events back, unless it is turned off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

NAMES = ("SSE", "WebSocket")
EVERY_S = 0.05
#: What the first events of a server take longer, where it starts cold.
COLD_S = (0.3, 0.04, 0.012)
#: No event is as late as the other: in turns by so much, and none on average. One event alone is no average.
UNEVEN_S = (0.0007, 0.001, -0.0011, 0.0, -0.0006)
NAGLE_S = 0.04  # so long Linux holds an acknowledgement back, and Nagle's algorithm waits for it


class MadeUpEvent(NamedTuple):
    """One event: when it was sent, by the server's clock, and when it came, by yours."""

    sent_s: float
    came_s: float


@dataclass
class MadeUpConnection:
    """A connection to a made-up server. `take(count)` gives the next events; its clock is `ahead_s` of yours."""

    lag_s: float
    ahead_s: float
    cold_s: list[float]  # of the server: what its next events take longer
    _taken: int = 0

    def take(self, count: int) -> list[MadeUpEvent]:
        """The next `count` events, one every 50 ms."""
        return [self._next() for _ in range(count)]

    def close(self) -> None:
        """Closes the connection. Nothing happens: it is made up."""

    def _next(self) -> MadeUpEvent:
        number, self._taken = self._taken, self._taken + 1
        lag_s = self.lag_s + UNEVEN_S[number % len(UNEVEN_S)]
        if self.cold_s:
            lag_s += self.cold_s.pop(0)
        sent_s = 1000 + number * EVERY_S
        return MadeUpEvent(sent_s + self.ahead_s, sent_s + lag_s)


@dataclass
class Servers:
    """`connect(name, nodelay)` opens a connection to "SSE" or "WebSocket". `lags_ms` is how late their events are;
    `cold` says who starts cold, `ahead_s` what their clocks are ahead, `nagle` who has Nagle's algorithm."""

    lags_ms: Mapping[str, float]
    cold: tuple[str, ...] = ()
    ahead_s: Mapping[str, float] = field(default_factory=dict)
    nagle: tuple[str, ...] = ()
    _cold_s: dict[str, list[float]] = field(default_factory=dict)

    def connect(self, name: str, nodelay: bool = False) -> MadeUpConnection:
        """A new connection to the server `name`. With `nodelay` Nagle's algorithm is off."""
        nagle_delay_s = NAGLE_S if name in self.nagle and not nodelay else 0.0
        cold_s = self._cold_s.setdefault(name, list(COLD_S) if name in self.cold else [])
        return MadeUpConnection(self.lags_ms[name] / 1000 + nagle_delay_s, self.ahead_s.get(name, 0.0), cold_s)

    def __deepcopy__(self, memo: object) -> Self:
        return type(self)(self.lags_ms, self.cold, self.ahead_s, self.nagle)

    def __repr__(self) -> str:
        facts = [f"{name} {ms:g} ms" for name, ms in self.lags_ms.items()]
        facts += [f"{name} starts cold" for name in self.cold]
        facts += [f"the clock of {name} {s:+g} s" for name, s in self.ahead_s.items()]
        facts += [f"Nagle for {name}" for name in self.nagle]
        return f"<servers: {', '.join(facts)}>"
