"""The base of the widgets that read a stream, in the browser or in the kernel."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit

import traitlets

from labkit.clock import wait_until
from labkit.errors import LabError, counted
from labkit.system.ports import when_closed
from labkit.system.secrets import shown_url
from labkit.system.sockets import is_loopback
from labkit.widgets.assets import LabWidget, join_files
from labkit.wire import Event

#: To the screen ten times a second at most: a notebook server drops messages beyond a thousand a second.
BATCH_S = 0.1
KEPT_EVENTS = 10_000
SERVER_GONE = "the server was stopped: run the cell that launches it again, and then this one"


@dataclass(frozen=True, slots=True)
class ReceivedEvent:
    """An event and when it arrived: monotonic seconds in the kernel, the page's own seconds in the browser."""

    at_s: float
    event: Event


@dataclass(frozen=True, slots=True)
class StateChange:
    """A new state of the connection, when it began, in seconds, and why."""

    at_s: float
    state: str
    why: str


def checked_url(url: str) -> str:
    """The URL, unchanged, if it can be that of a stream.

    Raises:
        LabError: it is no http or https URL with a host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        wrong = shown_url(url)
        raise LabError(f"{wrong!r} is no URL of a stream: it must start with http:// or https:// and name a server")
    return url


class StreamClient(LabWidget):
    """The base of both clients: `received` (the newest 10,000 events), `changes` (of state), and a Cut button.

    The button calls `on_cut`: a function that makes the *server* cut, such as `channel.cut`, which cuts every reader.
    Without one there is no button. A client whose server or relay is stopped for good does not ask on.

    Raises:
        LabError: the URL is none.
    """

    _css = join_files("labkit.css", "clientview.css")
    url: Any = traitlets.Unicode().tag(sync=True)
    can_cut: Any = traitlets.Bool().tag(sync=True)
    server_gone: Any = traitlets.Unicode().tag(sync=True)
    reader_place = ""
    _call_off: Callable[[], None] | None = None  # ends the watch on the server

    def __init__(self, url: str, on_cut: Callable[[], object] | None = None, **settings: Any) -> None:
        self.received: deque[ReceivedEvent] = deque(maxlen=KEPT_EVENTS)
        self.changes: list[StateChange] = []
        self._on_cut = on_cut
        super().__init__(url=checked_url(url), can_cut=on_cut is not None, **settings)
        self.on_msg(self._hear)
        self._watch_server()

    def close(self) -> None:
        """Closes the widget, and with it the page's stream."""
        if self._call_off is not None:
            self._call_off()
        super().close()

    def _watch_server(self) -> None:
        """From here on it is told when its server is stopped for good, if that was launched in this kernel."""
        if self._call_off is not None:
            self._call_off()
        self.server_gone = ""
        parts = urlsplit(self.url)
        if is_loopback(parts.hostname or ""):
            self._call_off = when_closed(parts.port or 80, self._server_stopped)

    def _server_stopped(self) -> None:
        self.server_gone = SERVER_GONE

    @property
    def state(self) -> str:
        """ "connecting", "open" or "closed"."""
        return self.changes[-1].state if self.changes else "closed"

    @property
    def texts(self) -> list[str]:
        """The data of all events that were received, in order."""
        return [item.event.data for item in self.received]

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """The times without a connection, after the first: (start, end) in seconds, by the same clock as `received`."""
        spans: list[tuple[float, float]] = []
        lost_s: float | None = None
        for before, change in pairwise(self.changes):
            if before.state == "open" and change.state == "connecting":
                lost_s = change.at_s
            elif change.state == "open" and lost_s is not None:
                spans.append((lost_s, change.at_s))
                lost_s = None
        return spans

    async def connected(self, seconds: float = 10.0) -> None:
        """Waits until the connection has been open. What is published before that is not for us.

        Raises:
            LabError: it did not open within `seconds`.
        """
        await self._wait(lambda: any(change.state == "open" for change in self.changes), "no connection", seconds)

    async def until(self, events: int, seconds: float = 20.0) -> None:
        """Waits until so many events were received in all. The client goes on.

        Raises:
            LabError: they did not come within `seconds`.
        """
        await self._wait(lambda: len(self.received) >= events, f"fewer than {counted(events, 'event')} came", seconds)

    async def _wait(self, condition: Callable[[], bool], failure: str, seconds: float) -> None:
        if not await wait_until(condition, seconds):
            why = f" ({self.changes[-1].why})" if self.changes else ""
            raise LabError(f"{failure} within {seconds:g} s{why}. Run the cells above again, from the server's on")

    def _hear(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        if message.get("ask") == "cut" and self._on_cut is not None:
            self._on_cut()

    def __repr__(self) -> str:
        return f"A client {self.reader_place}: run this cell, and it shows each event as it comes"
