"""The tornado handlers of event streams: which headers go out, who may read, and who writes the body."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable
from typing import Any

from tornado.web import RequestHandler

from labkit.server.channel import ROOM_BYTES, Channel
from labkit.server.connection import Connection, ReaderStream, Visit
from labkit.server.framed import FramedStream
from labkit.wire import Frame, encode
from labkit.wire.chunked import chunk

#: A function that is called once for each client, with its Last-Event-ID ("" if it sent none).
EventGenerator = Callable[[str], AsyncGenerator[Frame, None]]

# A page on this machine, on any port: JupyterLab, a demo page. No other site may read the learner's streams.
LOOPBACK_ORIGIN = re.compile(r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?")


#: The query parameter that stands for the Last-Event-ID header.
ID_PARAMETER = "lastEventId"
#: As much is kept of a User-Agent, for each of the newest 1000 clients.
MAX_AGENT_CHARACTERS = 300

#: Under this name a Site keeps, in its Application's settings, who sends a stream: task -> path and connection. A
#: tornado Application of somebody else has none, and there nobody ends the streams of a route that is taken away.
SENDERS_SETTING = "labkit_sending"
Senders = dict[asyncio.Task[Any], tuple[str, ReaderStream]]


def register_sender(handler: RequestHandler, task: asyncio.Task[Any], stream: ReaderStream) -> None:
    """Tells the Site that this task sends a stream, so that it can end it. No other Application is told."""
    senders: Senders | None = handler.settings.get(SENDERS_SETTING)
    if senders is not None:
        senders[task] = (handler.request.path, stream)
        task.add_done_callback(lambda task: senders.pop(task, None))


def mount(handler: RequestHandler, channel: Channel) -> None:
    """Ties the channel to the running loop, in a tornado Application that is not a Site (a Site does so itself).

    Raises:
        LabError: it is mounted on another loop.
    """
    if SENDERS_SETTING not in handler.settings:
        channel.bind(asyncio.get_running_loop())


def allow_loopback(handler: RequestHandler) -> None:
    """Adds the CORS headers that let pages on this machine read the answer.

    Source: Fetch, "CORS protocol".
    """
    origin = handler.request.headers.get("Origin", "")
    if LOOPBACK_ORIGIN.fullmatch(origin):
        # A page of this machine may send whatever headers it likes: they are how a lesson tries things out.
        requested_headers = handler.request.headers.get("Access-Control-Request-Headers")
        handler.set_header("Access-Control-Allow-Origin", origin)
        if requested_headers:
            handler.set_header("Access-Control-Allow-Headers", requested_headers)
        handler.set_header("Vary", "Origin")


class StreamHandler(RequestHandler):
    """The base of every handler that sends an event stream: its headers, and its answers to HEAD and OPTIONS."""

    def set_default_headers(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")  # or a cache gives the next client a recording
        self.set_header("X-Accel-Buffering", "no")  # nginx in front then passes each event on at once
        allow_loopback(self)

    def head(self) -> None:
        """The headers of the stream, and no stream; no Content-Length either, which tornado would make up."""
        self.take_stream().close()

    def options(self) -> None:
        self.clear_header("Content-Type")
        self.set_status(204)

    @property
    def last_event_id(self) -> str:
        """The request's Last-Event-ID, or without one its parameter `lastEventId`; "" if it has neither.

        A page that makes a new EventSource cannot set the header. When a browser comes back by itself it sends the
        header, which is newer than the URL.
        """
        # Browsers send the id as raw UTF-8, and tornado reads every header as Latin-1.
        raw: str = self.request.headers.get("Last-Event-ID", "")
        given = raw.encode("latin-1", "replace") or b"".join(self.request.query_arguments.get(ID_PARAMETER, [])[-1:])
        return given.decode("utf-8", "replace")

    @property
    def agent(self) -> str:
        """The client's User-Agent, of which the beginning is enough; "" if it sent none."""
        agent: str = self.request.headers.get("User-Agent", "")
        return agent[:MAX_AGENT_CHARACTERS]

    @property
    def chunked(self) -> bool:
        """Whether we chunk the response: not in HTTP/1.0, where the end of the connection ends the response."""
        framed = isinstance(getattr(self.request.connection, "stream", None), FramedStream)
        return self.request.version == "HTTP/1.1" and not framed

    def take_stream(self) -> ReaderStream:
        """Sends the head and returns the connection; tornado has nothing more to do with it."""
        # The connection ends with the stream. tornado turns Nagle's algorithm back on between responses: off with it.
        self.set_header("Connection", "close")
        self.request.connection.stream.set_nodelay(True)  # type: ignore[union-attr]
        self.flush()
        stream: ReaderStream = self.detach()
        # tornado does this when a response is finished. Here it never is, and a handler in a cycle with its own
        # templates would keep 6 KiB for each reader until the garbage collector comes by.
        self._break_cycles()
        return stream

    async def send_all(self, pieces: AsyncGenerator[bytes, None], visit: Visit) -> None:
        """Sends the pieces at the client's pace, and closes their generator when the client leaves.

        If the generator raises, the stream breaks in mid-response, and the visit holds the exception.
        """
        task = asyncio.current_task()
        assert task is not None
        stream = self.take_stream()
        register_sender(self, task, stream)
        connection = Connection(stream, self.chunked, ROOM_BYTES, visit, on_close=lambda _: task.cancel())
        try:
            async with contextlib.aclosing(pieces):
                async for piece in pieces:
                    connection.send(chunk(piece) if self.chunked else piece)
                    await connection.drain()
            connection.end("the source ended")
        except asyncio.CancelledError:
            connection.cut("server stopped")  # no news where the client left first
        except Exception as problem:  # the source's own; raised further, tornado would leave the stream open
            connection.cut(f"the source failed: {type(problem).__name__}: {problem}")


class ChannelHandler(StreamHandler):
    """Adds each client to the readers of a channel.

    In a tornado Application of your own: `("/events", ChannelHandler, {"channel": Channel()})`.
    """

    def initialize(self, channel: Channel) -> None:
        """Called by tornado with the route's settings."""
        self.channel = channel

    def prepare(self) -> None:
        # How many readers there are, this one included: so a client that left can ask whether that was noticed.
        self.set_header("Labkit-Readers", str(self.channel.clients + (self.request.method == "GET")))

    def get(self) -> None:
        mount(self, self.channel)
        self.channel.open(self.take_stream(), self.last_event_id, self.chunked, self.agent)


class SourceHandler(StreamHandler):
    """Runs one generator for each client, at the client's pace, and closes it when the client leaves.

    In a tornado Application of your own: `("/events", SourceHandler, {"source": generator_function})`. `visits`, where
    it is given, gets a Visit for each client.
    """

    def initialize(self, source: EventGenerator, visits: deque[Visit] | None = None) -> None:
        """Called by tornado with the route's settings."""
        self.source = source
        self.visits = visits

    async def get(self) -> None:
        visit = Visit(self.last_event_id, agent=self.agent)
        if self.visits is not None:
            self.visits.append(visit)
        await self.send_all(_encode_frames(self.source, visit.last_event_id), visit)


async def _encode_frames(source: EventGenerator, last_event_id: str) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(source(last_event_id)) as frames:
        async for frame in frames:
            yield encode(frame)
