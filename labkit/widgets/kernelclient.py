"""A widget that reads a stream in the kernel."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

from labkit.client import EventSource, State
from labkit.errors import LabError, StreamRejected
from labkit.widgets.assets import FIGURES, join_files
from labkit.widgets.streamclient import BATCH_S, SERVER_GONE, ReceivedEvent, StateChange, StreamClient

HISTORY = 100


class KernelClient(StreamClient):
    """A client that reads a stream in the kernel, with labkit's EventSource. It starts at once.

    Raises:
        LabError: the URL is not that of a stream.
    """

    _esm = join_files(FIGURES, "elements.js", "clientview.js", "kernelclient.js")
    reader_place = "in the kernel"

    def __init__(self, url: str, on_cut: Callable[[], object] | None = None) -> None:
        self._unsent: list[dict[str, object]] = []
        self._count = 0  # events ever received: the number of the newest, by which a view knows what it has
        self._reading: asyncio.Task[None] | None = None
        self._source: EventSource | None = None
        self._status: int | None = None
        super().__init__(url, on_cut)
        self.start()

    def start(self) -> None:
        """Connects, and resumes from the last event ID. Does nothing while it reads."""
        if self._reading is None or self._reading.done():
            self._watch_server()
            self._reading = asyncio.ensure_future(self._read())

    def stop(self) -> None:
        """Closes the connection. The events received so far stay."""
        self._stop("stopped by you")

    def _stop(self, why: str) -> None:
        if self._reading is not None and not self._reading.done():
            self._change("closed", why)
            self._reading.cancel()

    def _server_stopped(self) -> None:
        loop = self._reading.get_loop() if self._reading is not None else None
        if loop is not None and not loop.is_closed():  # whoever stops a server may do so from any thread
            loop.call_soon_threadsafe(self._stop, SERVER_GONE)

    async def _read(self) -> None:
        last_event_id = self.received[-1].event.last_event_id if self.received else ""
        sending = asyncio.ensure_future(self._send_batches())
        try:
            async with EventSource(self.url, last_event_id=last_event_id, on_state=self._change) as self._source:
                onward = f", and goes on after {last_event_id}" if last_event_id else ""
                self._change("connecting", f"the kernel asks{onward}")
                async for event in self._source:
                    self.received.append(ReceivedEvent(time.monotonic(), event))
                    self._count += 1
                    self._unsent.append(_item(self.received[-1], self._count))
        except LabError as problem:
            if self.state == "closed":  # the source has said so in three words; the error says what to do as well
                self.changes.pop()
            self._change("closed", str(problem), problem.status if isinstance(problem, StreamRejected) else None)
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

    def _change(self, state: State, why: str, status: int | None = None) -> None:
        if self.state == "closed" and state == "closed":
            return  # the reason that was given first says more
        self._status = None if status == 200 else status  # of an answer that opened no stream
        self.changes.append(StateChange(time.monotonic(), state, why))
        self._flush()
        wait_s = self._source.retry_in_s if self._source is not None else 0.0
        self.send({"state": state, "why": why, "wait_ms": wait_s * 1000, "status": self._status})

    def _hear(self, widget: object, message: dict[str, Any], buffers: object) -> None:
        super()._hear(widget, message, buffers)
        if message.get("ask") == "start":
            self.start()
        elif message.get("ask") == "stop":
            self.stop()
        elif message.get("ask") == "history":
            # Every view hears it, and live events may overtake it: each event has a number, and views count on that.
            newest = list(enumerate(reversed(self.received)))[:HISTORY]
            self.send({"history": [_item(item, self._count - age) for age, item in reversed(newest)]})
            if self.changes:
                self.send({"state": self.state, "why": self.changes[-1].why, "status": self._status})


def _item(received: ReceivedEvent, number: int) -> dict[str, object]:
    event = received.event
    return {
        "number": number,
        "type": event.type,
        "data": event.data,
        "id": event.last_event_id,
        "at": received.at_s * 1000,
    }
