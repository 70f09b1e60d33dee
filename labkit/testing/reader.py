"""A reader of a stream that notes each event with the connection that brought it, and comes back after a cut."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from labkit.client import EventSource
from labkit.client.facts import StateReason
from labkit.clock import SystemClock, wait_until
from labkit.errors import LabError
from labkit.wire import Decoder, Event

#: An id that no server sends: in front of a connection's first own id it stands for "none".
_NO_ID = "\ufffe none \ufffe"
MISSED = 2  # events that are published while the reader is away: a loss must have something to lose
AWAY_S = 1.0  # it is not away for longer than that
AFTER_CUT = 3  # events that are enough behind the cut


@dataclass(frozen=True, slots=True)
class Asked:
    """The request that a reader sends: URL, headers and the body of a POST, as sse_endpoint() takes them."""

    url: str
    headers: Mapping[str, str]
    content: bytes | None
    verify: bool


@dataclass(frozen=True, slots=True)
class Received:
    """An event with an id of its own; the number of the connection that brought it, from 1; and when, in seconds."""

    event: Event
    connection: int
    at_s: float

    @property
    def id(self) -> str:
        """The event's own id."""
        return self.event.last_event_id


class StreamOver(Exception):
    """Raised where the reader would wait to come back, and the stream has come to its end."""


class EventReader:
    """Reads a stream until it ends in good order or has read enough. follow() does it.

    `received` are the events with an id of their own, `count` is the number of all. `returned_with` is the
    Last-Event-ID with which it came back, None if it did not. `problem` is why it could not go on. `over` says that it
    reads no more: since the stream `ended`, or since it had read `enough`, or for want of time.

    Args:
        asked: the request.
        reference: a reader of the same stream that is not cut. This one then comes back once, when that one has
            received MISSED events more, and stops when it has read enough. None: it is the reference itself.
        clean_cut: the cut looks like an end in good order.
    """

    def __init__(self, asked: Asked, reference: EventReader | None = None, clean_cut: bool = False) -> None:
        self._asked, self._reference, self._clean_cut = asked, reference, clean_cut
        self.received: list[Received] = []
        self.count = 0
        self.returned_with: str | None = None
        self.problem: LabError | None = None
        self.over = self.ended = self.enough = False
        self._in_force = _NO_ID
        self._decoder, self._connection = Decoder(), 0
        self._broken: LabError | None = None  # why the newest connection ended, if not in good order
        self._source: EventSource | None = None

    @property
    def opened(self) -> bool:
        """Whether an answer has begun, or never will."""
        return self.over or (self._source is not None and self._source.state == "open")

    @property
    def response_headers(self) -> dict[str, str]:
        """The headers of the newest answer, their names in lower case; none before the first."""
        headers = self._source.response_headers if self._source is not None else None
        return {} if headers is None else {name.lower(): value for name, value in headers.items()}

    def ids_of(self, connection: int) -> list[str]:
        """The ids that this connection brought, in order."""
        return [received.id for received in self.received if received.connection == connection]

    async def follow(self) -> None:
        """Reads until it is over. It raises nothing; `problem` says what went wrong."""
        headers = dict(self._asked.headers)
        if self._asked.content is not None:
            headers = {"Content-Type": "application/json", **headers}
        self._source = EventSource(
            self._asked.url,
            method="GET" if self._asked.content is None else "POST",
            headers=headers,
            content=self._asked.content,
            verify=self._asked.verify,
            resend=True,  # that is what is tested
            on_bytes=self._note_bytes,
            on_state=self._note_state,
            clock=_AwayClock(self),
        )
        try:
            async with self._source as source:
                async for _ in source:
                    if self._has_enough():
                        self.enough = True
                        return
            self.ended = True
        except StreamOver:
            self.ended = self._broken is None
            self.problem = self._broken
        except LabError as problem:
            self.problem = problem
        finally:
            self.over = True

    def _note_bytes(self, chunk: bytes) -> None:
        assert self._source is not None
        if self._source.connections != self._connection:
            self._connection = self._source.connections
            self._decoder, self._in_force = Decoder(last_event_id=_NO_ID), _NO_ID
        for signal in self._decoder.feed(chunk):
            if isinstance(signal, Event):
                self.count += 1
                if signal.last_event_id not in (self._in_force, ""):
                    self.received.append(Received(signal, self._connection, time.monotonic()))
                self._in_force = signal.last_event_id

    def _note_state(self, state: str, reason: StateReason) -> None:
        self._broken = reason.error if state == "connecting" else None

    def _has_enough(self) -> bool:
        if self._reference is None or self.returned_with is None:
            return False
        newest = self._reference.received[-1:]
        caught_up = self._reference.over and bool(newest) and newest[0].id in self.ids_of(2)
        return caught_up or len(self.ids_of(2)) >= AFTER_CUT

    async def come_back(self) -> None:
        """Waits until the reference is ahead, and returns when it is time to connect again.

        Raises:
            StreamOver: the stream has ended, and who comes back now would only ask for it once more.
        """
        assert self._source is not None
        reference = self._reference
        was_cut = self._broken is not None or self._clean_cut
        if reference is None or self.returned_with is not None or not was_cut:
            raise StreamOver
        self.returned_with = self._source.last_event_id
        newest = self.received[-1].id if self.received else ""

        def is_behind() -> bool:
            ids = [received.id for received in reference.received]
            return len(ids) >= MISSED + (ids.index(newest) + 1 if newest in ids else 0)

        await wait_until(lambda: reference.over or is_behind(), AWAY_S)


class _AwayClock(SystemClock):
    """The reader's clock: how long it is away is told by events, and not by the server's `retry`."""

    def __init__(self, reader: EventReader) -> None:
        self._reader = reader

    async def sleep_s(self, seconds: float) -> None:
        await self._reader.come_back()
