"""A network for the exercise listen: a server that resumes, connections that break, and a clock that is simulated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

from labkit.wire import Decoder

STREAM = "text/event-stream"


class TooEarly(Exception):
    """The client came back without waiting."""


class WrongWait(Exception):
    """The client waited, but not for the reconnection time."""


class AskedAgain(Exception):
    """The client came back although the answer before was final."""


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
        if self.final or self.content_type != STREAM:
            return f"{self.status} {self.content_type}".strip()
        return f"{'breaks' if self.breaks else 'ends'} after {self.bytes} bytes"


@dataclass
class Network:
    """A simulated server and network for the loop of a client.

    `connect(last_event_id)` gives (status, content type, chunks) or raises ConnectionError, as iterating over the
    chunks may; `wait(ms)` lets time pass.

    The server sends `texts`, whose ids count from 1, after the given id; `retry_ms` first, where there is one.
    """

    texts: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    retry_ms: int | None = None
    _connections: int = 0
    _wait_ms: int = field(default=3000, repr=False)
    _may_connect: bool = field(default=True, repr=False)

    def connect(self, last_event_id: str) -> tuple[int, str, Iterator[bytes]]:
        """The status, the content type and the chunks of the next connection.

        Raises:
            ConnectionError: this connection cannot be made.
            AskedAgain: the answer before was final.
            TooEarly: the client did not wait.
        """
        if self._connections == len(self.attempts):
            raise AskedAgain(f"the answer was {self.attempts[-1]}, which is final, and you asked again")
        if not self._may_connect:
            raise TooEarly("you came back without waiting")
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

    def wait(self, ms: int) -> None:
        """Lets `ms` milliseconds pass.

        Raises:
            WrongWait: that is not the reconnection time.
        """
        if ms != self._wait_ms:
            raise WrongWait(f"the reconnection time was {self._wait_ms} ms, and you waited {ms}")
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
        start = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else 0
        opening = b"" if self.retry_ms is None else b"retry: %d\n\n" % self.retry_ms
        blocks = [f"id: {number}\ndata: {text}\n\n" for number, text in enumerate(self.texts, 1) if number > start]
        return opening + "".join(blocks).encode()

    def delivered(self) -> list[str]:
        """The texts that a right client receives in all."""
        id = ""
        for attempt in self.attempts:
            if attempt.status == 200 and not attempt.final:
                decoder = Decoder(last_event_id=id)
                decoder.feed(self.stream(id)[: attempt.bytes])
                id = decoder.last_event_id
        return list(self.texts[: int(id or 0)])

    def __deepcopy__(self, memo: object) -> Self:
        return type(self)(self.texts, self.attempts, self.retry_ms)

    def __repr__(self) -> str:
        retry = "" if self.retry_ms is None else f", retry {self.retry_ms}"
        return f"<network with {len(self.texts)} events{retry}: {', then '.join(map(repr, self.attempts))}>"
