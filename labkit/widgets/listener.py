"""A stream, read by the kernel, on the screen."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import ipywidgets as widgets

from labkit.client import EventSource, State
from labkit.errors import LabError
from labkit.wire import Event

#: The screen is drawn ten times a second at most: a notebook server drops messages long before a stream runs dry.
REDRAW_S = 0.1
SHOWN_CHARACTERS = 600


@dataclass(frozen=True, slots=True)
class Received:
    """An event and when it came, in monotonic seconds."""

    at_s: float
    event: Event


class Listener(widgets.VBox):  # type: ignore[misc]
    """Words as they arrive, the state of the connection, and a button that asks the server to cut it.

    `received` holds every event in order, `states` every change as (monotonic seconds, state, reason).
    """

    def __init__(self, url: str, on_cut: Callable[[], object] | None, joiner: str) -> None:
        self.received: list[Received] = []
        self.states: list[tuple[float, State, str]] = []
        self._joiner = joiner
        self._source = EventSource(url, on_state=self._on_state)
        self._words = widgets.Textarea(disabled=True, rows=5, layout=widgets.Layout(width="100%"))
        self._words.add_class("labkit-words")
        self._status = widgets.Label("connecting")
        wide = widgets.Layout(width="auto")
        self._cut = widgets.Button(description="Cut the connection", icon="scissors", layout=wide)
        self._cut.disabled = on_cut is None
        self._stop = widgets.Button(description="Stop listening", icon="stop", layout=wide)
        if on_cut is not None:
            self._cut.on_click(lambda _: on_cut())
        self._stop.on_click(lambda _: self.stop())
        super().__init__([widgets.HBox([self._cut, self._stop]), self._status, self._words])
        self._reading = asyncio.ensure_future(self._read())
        self._drawing = asyncio.ensure_future(self._redraw())

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """The spans without a connection, after the first: from and to, in monotonic seconds."""
        changes = [(at_s, state) for at_s, state, _ in self.states]
        return [(lost_s, back_s) for (lost_s, state), (back_s, _) in pairwise(changes) if state == "connecting"]

    def stop(self) -> None:
        """Closes the connection. What was received stays."""
        self._reading.cancel()

    async def connected(self, seconds: float = 10.0) -> None:
        """Waits until the connection is open. What is published before that is not for us.

        Raises:
            LabError: it did not open within `seconds`.
        """
        await self._wait(lambda: any(state == "open" for _, state, _ in self.states), "no connection", seconds)

    async def until(self, events: int, seconds: float = 20.0) -> None:
        """Waits until so many events are here; the listener goes on.

        Raises:
            LabError: they did not come within `seconds`, or the stream ended before.
        """
        await self._wait(lambda: len(self.received) >= events, f"fewer than {events} events came", seconds)

    async def _wait(self, done: Callable[[], bool], otherwise: str, seconds: float) -> None:
        deadline_s = time.monotonic() + seconds
        while not done():
            if self._reading.done() or time.monotonic() > deadline_s:
                why = "the stream was closed" if self._reading.done() else f"{seconds:g} s have passed"
                raise LabError(f"{otherwise}, and {why}. Run the cells above again, from the server's on")
            await asyncio.sleep(REDRAW_S / 2)

    async def _read(self) -> None:
        try:
            async with self._source:
                async for event in self._source:
                    self.received.append(Received(time.monotonic(), event))
        except LabError as problem:
            self.states.append((time.monotonic(), "closed", str(problem)))

    async def _redraw(self) -> None:
        while not self._reading.done():
            self._draw()
            await asyncio.sleep(REDRAW_S)
        self._draw()
        self._cut.disabled = self._stop.disabled = True

    def _draw(self) -> None:
        text = self._joiner.join(item.event.data for item in self.received[-200:])
        self._words.value = text[-SHOWN_CHARACTERS:]
        state, why = (self.states[-1][1], self.states[-1][2]) if self.states else ("connecting", "")
        last_id = self._source.last_event_id or "none"
        self._status.value = f"{state} · {len(self.received)} events · last event ID {last_id} · {why}"

    def _on_state(self, state: State, why: str) -> None:
        self.states.append((time.monotonic(), state, why))

    def __repr__(self) -> str:
        return "Listener: run this cell, and the words type themselves here"


def listen(url: str, on_cut: Callable[[], object] | None = None, joiner: str = " ") -> Listener:
    """A widget that reads the stream with labkit's EventSource, in the kernel, while you go on.

    `on_cut` is called by its button; give it what makes the server cut, such as `channel.cut`.
    """
    return Listener(url, on_cut, joiner)
