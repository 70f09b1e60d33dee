"""A lesson that nobody works on any more comes to rest, so that its kernel costs nothing, and a hub can end it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from labkit.server.launch import LabServer, launched

#: After so long without a cell run. It is longer than anybody reads between two cells.
REST_AFTER_S = 15 * 60.0
WHY = "nobody has run a cell for a while, so what is played here rests. Run any cell, and it goes on"


class Alarm(Protocol):
    """What calls a function later, unless it is cancelled: a threading.Timer is one."""

    daemon: bool

    def start(self) -> None:
        """Begins to wait."""

    def cancel(self) -> None:
        """Does not call it any more."""


class Rest:
    """Pauses all launched servers some time after the last cell, and lets them go on with the next one.

    A server that was paused by hand stays paused.
    """

    def __init__(
        self,
        after_s: float = REST_AFTER_S,
        alarm: Callable[[float, Callable[[], None]], Alarm] = threading.Timer,
        servers: Callable[[], Iterable[LabServer]] = launched,
    ) -> None:
        self._after_s, self._make_alarm, self._servers = after_s, alarm, servers
        self._alarm: Alarm | None = None
        self._resting: list[LabServer] = []

    def begin_cell(self, *_: Any) -> None:
        """A cell begins: what rests goes on."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        resting, self._resting = self._resting, []
        for server in resting:
            if server.running:
                server.resume()
                if WHY in server.problems:
                    server.problems.remove(WHY)

    def end_cell(self, *_: Any) -> None:
        """A cell has ended: the time begins anew."""
        self.begin_cell()
        self._alarm = self._make_alarm(self._after_s, self._rest)
        self._alarm.daemon = True
        self._alarm.start()

    def _rest(self) -> None:
        for server in self._servers():
            if not server.paused and not server.down:
                server.pause()
                server.problems.append(WHY)
                self._resting.append(server)


def rest_when_left() -> None:
    """From here on the servers of this notebook rest when no cell was run for REST_AFTER_S. Once is enough."""
    from IPython.core.getipython import get_ipython

    shell = get_ipython()
    if shell is None or getattr(shell, "_labkit_rest", None) is not None:
        return
    rest = shell._labkit_rest = Rest()  # type: ignore[attr-defined]
    shell.events.register("pre_run_cell", rest.begin_cell)
    shell.events.register("post_run_cell", rest.end_cell)
