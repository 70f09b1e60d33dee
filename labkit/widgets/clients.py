"""The same stream on the screen twice: read by the kernel, and by the browser."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from labkit.client import EventSource, State
from labkit.errors import LabError
from labkit.wire import Event

HERE = Path(__file__).parent
#: To the screen ten times a second at most: a notebook server drops messages beyond a thousand a second.
BATCH_S = 0.1
KEPT_EVENTS = 10_000


@dataclass(frozen=True, slots=True)
class Received:
    """An event and when it came: monotonic seconds in the kernel, the page's own seconds in the browser."""

    at_s: float
    event: Event


@dataclass(frozen=True, slots=True)
class Change:
    """A new state of the connection, when, and why."""

    at_s: float
    state: str
    why: str


class StreamClient(anywidget.AnyWidget):
    """What both clients have: `received` (the newest 10,000 events, in order), `changes`, and a Cut button.

    The button calls `on_cut`; give it what makes the *server* cut, such as `channel.cut`.
    """

    _css = HERE / "clientview.css"
    url: Any = traitlets.Unicode().tag(sync=True)
    who = ""

    def __init__(self, url: str, on_cut: Callable[[], object] | None = None, **settings: Any) -> None:
        self.received: deque[Received] = deque(maxlen=KEPT_EVENTS)
        self.changes: list[Change] = []
        self._on_cut = on_cut
        super().__init__(url=url, **settings)
        self.on_msg(self._hear)

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
        """The spans without a connection, after the first: from and to, in seconds of the same clock as `received`."""
        first = self.changes[:1]
        connecting = [(lost, back) for lost, back in pairwise(self.changes) if lost.state == "connecting"]
        return [(lost.at_s, back.at_s) for lost, back in connecting if lost not in first]

    async def connected(self, seconds: float = 10.0) -> None:
        """Waits until the connection has been open. What is published before that is not for us.

        Raises:
            LabError: it did not open within `seconds`.
        """
        await self._wait(lambda: any(change.state == "open" for change in self.changes), "no connection", seconds)

    async def until(self, events: int, seconds: float = 20.0) -> None:
        """Waits until so many events are here; the client goes on.

        Raises:
            LabError: they did not come within `seconds`.
        """
        await self._wait(lambda: len(self.received) >= events, f"fewer than {events} events came", seconds)

    async def _wait(self, done: Callable[[], bool], otherwise: str, seconds: float) -> None:
        deadline_s = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline_s:
                why = f" ({self.changes[-1].why})" if self.changes else ""
                raise LabError(
                    f"{otherwise} within {seconds:g} s{why}. Run the cells above again, from the server's on"
                )
            await asyncio.sleep(BATCH_S / 2)

    def _hear(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        if message.get("ask") == "cut" and self._on_cut is not None:
            self._on_cut()

    def __repr__(self) -> str:
        return f"A client {self.who}: run this cell, and it shows each event as it comes"

    def _repr_mimebundle_(self, **settings: Any) -> Any:
        bundle: Any = super()._repr_mimebundle_(**settings)
        data, *rest = bundle  # the data, and where there is any the metadata
        return ({**data, "text/plain": repr(self)}, *rest)


class KernelClient(StreamClient):
    """labkit's own EventSource, in the kernel. It starts at once; `start()` and `stop()` as you like."""

    _esm = (HERE / "clientview.js").read_text("utf-8") + (HERE / "kernelclient.js").read_text("utf-8")
    who = "in the kernel"

    def __init__(self, url: str, on_cut: Callable[[], object] | None = None) -> None:
        self._unsent: list[dict[str, object]] = []
        self._reading: asyncio.Task[None] | None = None
        super().__init__(url, on_cut)
        self.start()

    def start(self) -> None:
        """Connects, and goes on from the last event ID."""
        if self._reading is None or self._reading.done():
            self._reading = asyncio.ensure_future(self._read())

    def stop(self) -> None:
        """Closes the connection. What was received stays."""
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self) -> None:
        last_event_id = self.received[-1].event.last_event_id if self.received else ""
        sending = asyncio.ensure_future(self._send_batches())
        try:
            async with EventSource(self.url, last_event_id=last_event_id, on_state=self._change) as source:
                self._change("connecting", "the kernel asks")
                async for event in source:
                    self.received.append(Received(time.monotonic(), event))
                    self._unsent.append(_item(self.received[-1]))
        except LabError as problem:
            self._change("closed", str(problem))
        except asyncio.CancelledError:
            self._change("closed", "stopped by you")
        finally:
            sending.cancel()
            self._flush()

    async def _send_batches(self) -> None:
        while True:
            await asyncio.sleep(BATCH_S)
            self._flush()

    def _flush(self) -> None:
        if self._unsent:
            self.send({"events": self._unsent})
            self._unsent = []

    def _change(self, state: State, why: str) -> None:
        if self.state == "closed" and state == "closed":
            return  # the reason that was given first says more
        self.changes.append(Change(time.monotonic(), state, why))
        self._flush()
        self.send({"state": state, "why": why})

    def _hear(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        super()._hear(widget, message, buffers)
        if message.get("ask") == "start":
            self.start()
        elif message.get("ask") == "stop":
            self.stop()
        elif message.get("ask") == "history":
            sent = len(self.received) - len(self._unsent)
            self.send({"events": [_item(item) for item in list(self.received)[:sent][-100:]]})
            if self.changes:
                self.send({"state": self.state, "why": self.changes[-1].why})


class BrowserClient(StreamClient):
    """The browser's native EventSource. It starts when it is shown, and closes when its output goes.

    `route` is "direct", "proxy" (through Jupyter's own port, as on a hub), or "auto": direct where the page comes from
    this machine. Only events of the `types` are heard: a browser has no listener for all.
    """

    _esm = (HERE / "clientview.js").read_text("utf-8") + (HERE / "browserclient.js").read_text("utf-8")
    route: Any = traitlets.Enum(["auto", "direct", "proxy"], "auto").tag(sync=True)
    types: Any = traitlets.List(traitlets.Unicode()).tag(sync=True)
    who = "in the browser"

    def __init__(
        self,
        url: str,
        on_cut: Callable[[], object] | None = None,
        *,
        route: str = "auto",
        types: tuple[str, ...] = ("message", "gap"),
    ) -> None:
        super().__init__(url, on_cut, route=route, types=list(types))

    def start(self) -> None:
        """Asks the page to open a stream."""
        self.send({"ask": "start"})

    def stop(self) -> None:
        """Asks the page to close its stream."""
        self.send({"ask": "stop"})

    def _hear(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        super()._hear(widget, message, buffers)
        for item in message.get("events", []):
            event = Event(item["data"], item["type"], item["id"])
            self.received.append(Received(item["at"] / 1000, event))
        if "state" in message:
            self.changes.append(Change(message["at"] / 1000, message["state"], message["why"]))


def _item(received: Received) -> dict[str, object]:
    event = received.event
    return {"type": event.type, "data": event.data, "id": event.last_event_id, "at": received.at_s * 1000}
