"""A network for the exercise listen: a server that resumes, connections that break, and a clock that is simulated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from labkit.check.exercise import RuleBroken
from labkit.errors import counted
from labkit.wire import Decoder

STREAM = "text/event-stream"


@dataclass(frozen=True, slots=True)
class Attempt:
    """What happens to one connection.

    Status 0: it cannot be made. After `bytes` bytes of the stream the connection breaks, if `breaks`, or the response
    ends.
    """

    status: int = 200
    content_type: str = STREAM
    bytes: int = 1_000_000
    breaks: bool = False

    @property
    def final(self) -> bool:
        """Whether a client must not reconnect after this answer."""
        return self.status != 0 and (self.status != 200 or not self.content_type.startswith(STREAM))

    def __repr__(self) -> str:
        if self.status == 0:
            return "no connection"
        if self.status != 200:
            return str(self.status)
        if self.final or self.content_type != STREAM:
            return f"200 {self.content_type}"
        return f"{'breaks' if self.breaks else 'ends'} after {counted(self.bytes, 'byte')}"


@dataclass
class Network:
    """A simulated server and network for the loop of a client.

    `connect(last_event_id)` gives (status, content type, chunks) or raises ConnectionError, as iterating over the
    chunks may; `wait(ms)` lets time pass.

    The server sends `texts` after the given id, and `retry_ms` first, where there is one. The ids of the texts are
    "e1", "e2", and so on. With `any_wait` every wait is long enough. `attempts` says what happens to each connection.
    """

    texts: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    retry_ms: int | None = None
    any_wait: bool = field(default=False, repr=False)
    _connections: int = field(default=0, repr=False)
    _wait_ms: int = field(default=3000, repr=False)
    _may_connect: bool = field(default=True, repr=False)

    def connect(self, last_event_id: str) -> tuple[int, str, Iterator[bytes]]:
        """The status, the content type and the chunks of the next connection.

        Raises:
            ConnectionError: this connection cannot be made.
            RuleBroken: the answer before was final, the client did not wait, or it sent an id that is not the server's.
        """
        if self._connections == len(self.attempts):
            answer = self.attempts[-1] if self.attempts else "none"
            raise RuleBroken(f"The client asked again, although the last answer was final: {answer}.")
        if not self._may_connect:
            raise RuleBroken("The client came back without waiting.")
        if last_event_id not in ("", *self.ids):
            raise RuleBroken(f"The client sent the id {last_event_id!r}, and the server never gave it out.")
        attempt = self.attempts[self._connections]
        self._connections += 1
        self._may_connect = False
        if attempt.status == 0:
            raise ConnectionError("no connection")
        if attempt.status != 200:
            return attempt.status, "", iter(())
        if attempt.final:
            return 200, attempt.content_type, iter([b"<p>data: a page</p>\n\ndata: not an event\n\n"])
        return 200, attempt.content_type, self._chunks(attempt, last_event_id)

    def wait(self, ms: float) -> None:
        """Lets `ms` milliseconds pass.

        Raises:
            RuleBroken: that is not the reconnection time.
        """
        if isinstance(ms, bool) or not isinstance(ms, int | float) or ms < 0:
            raise RuleBroken(f"The client called network.wait({ms!r}). It takes a number of milliseconds.")
        if self.any_wait and ms == 0:
            raise RuleBroken("The client waited 0 ms.")
        if not self.any_wait and ms != self._wait_ms:
            raise RuleBroken(f"The client waited {ms:g} ms, and the reconnection time is {self._wait_ms} ms.")
        self._may_connect = True

    def _chunks(self, attempt: Attempt, last_event_id: str) -> Iterator[bytes]:
        arriving = self.stream(last_event_id)[: attempt.bytes]
        decoder = Decoder()
        decoder.feed(arriving)
        self._wait_ms = self._wait_ms if decoder.reconnection_ms is None else decoder.reconnection_ms
        for place in range(0, len(arriving), 7):
            yield arriving[place : place + 7]
        if attempt.breaks:
            raise ConnectionError("the connection broke")

    def stream(self, last_event_id: str) -> bytes:
        """The bytes that the server sends after this id."""
        opening = b"" if self.retry_ms is None else b"retry: %d\n\n" % self.retry_ms
        start = self.ids.index(last_event_id) + 1 if last_event_id in self.ids else 0
        events = list(zip(self.ids, self.texts, strict=True))[start:]
        return opening + "".join(f"id: {id}\ndata: {text}\n\n" for id, text in events).encode()

    @property
    def ids(self) -> list[str]:
        """The ids of the texts."""
        return [f"e{number}" for number in range(1, len(self.texts) + 1)]

    def delivered(self) -> list[str]:
        """The texts that a right client receives in all."""
        id = ""
        for attempt in self.attempts:
            if attempt.status == 200 and not attempt.final:
                decoder = Decoder(last_event_id=id)
                decoder.feed(self.stream(id)[: attempt.bytes])
                id = decoder.last_event_id
        return list(self.texts[: self.ids.index(id) + 1 if id else 0])

    def __deepcopy__(self, memo: object) -> Self:
        return type(self)(self.texts, self.attempts, self.retry_ms, self.any_wait)

    def __repr__(self) -> str:
        retry = "" if self.retry_ms is None else f", retry {self.retry_ms}"
        return f"<network with {counted(len(self.texts), 'event')}{retry}: {', then '.join(map(repr, self.attempts))}>"
