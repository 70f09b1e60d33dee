"""Reserved streams: all operations of a client go over one. Source: PROTOCOL.md, "Single connection mode"."""

from __future__ import annotations

import asyncio
import json
import secrets
import time

from labkit.apps.graphql.operations import Results
from labkit.errors import LabError
from labkit.server.channel import Channel

#: So long a reservation waits for its stream, at first and after a cut; its operations go on meanwhile.
PATIENCE_S = 30.0
MOST_RESERVATIONS = 1000
MOST_OPERATIONS = 100


class Reservation:
    """One client's stream and its operations. Results that it missed are kept for it, in `channel`."""

    def __init__(self) -> None:
        self.channel = Channel(retry_ms=1000)
        self.start_id = self.channel.last_event_id  # results may come before the stream is open
        self.operations: dict[str, asyncio.Task[None]] = {}
        self.seen_s = time.monotonic()
        self.channel.bind(asyncio.get_running_loop())

    def start(self, id: str, results: Results) -> None:
        """Sends these results under this id, and `complete` behind them."""
        task = self.operations[id] = asyncio.ensure_future(self._send(id, results))
        task.add_done_callback(lambda task: self._ended(id, task))

    def _ended(self, id: str, task: asyncio.Task[None]) -> None:
        if self.operations.get(id) is task:
            del self.operations[id]
        if not task.cancelled() and task.exception() is not None:
            self.close()  # the server stops: the client comes back, and asks again

    async def _send(self, id: str, results: Results) -> None:
        async for result in results:
            self.channel.publish(json.dumps({"id": id, "payload": result}), "next")
        self.channel.publish(json.dumps({"id": id}), "complete")

    def stop(self, id: str) -> None:
        """Ends an operation, if it is there, and says so."""
        task = self.operations.pop(id, None)
        if task is not None:
            task.cancel()
            self.channel.publish(json.dumps({"id": id}), "complete")

    def close(self) -> None:
        """Ends the stream and all operations."""
        for task in self.operations.values():
            task.cancel()
        self.channel.unbind()


class Reservations:
    """The reservations of a server, by their tokens."""

    def __init__(self) -> None:
        self.by_token: dict[str, Reservation] = {}

    def reserve(self) -> str:
        """A token for a new one.

        Raises:
            LabError: there are too many.
        """
        if len(self.by_token) >= MOST_RESERVATIONS:
            raise LabError(f"{MOST_RESERVATIONS} streams are reserved: try again in {PATIENCE_S:g} s")
        token = secrets.token_urlsafe()
        self.by_token[token] = Reservation()
        return token

    async def work(self) -> None:
        """Lets those go whose reader has left for good, until it is cancelled."""
        while True:
            await asyncio.sleep(1.0)
            self.let_go(time.monotonic())

    def let_go(self, now_s: float) -> None:
        """Closes those without a reader for PATIENCE_S."""
        for token, reservation in tuple(self.by_token.items()):
            if reservation.channel.clients:
                reservation.seen_s = now_s
            elif now_s - reservation.seen_s > PATIENCE_S:
                self.by_token.pop(token).close()
