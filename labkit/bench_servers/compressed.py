"""The transports with compression: one compressor for the whole stream, or a new one for each answer."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from typing import Any

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from labkit.bench_servers.null_servers import frames_since
from labkit.errors import ChannelStopped
from labkit.server import Channel
from labkit.server.polling import LongPollingHandler, PollingHandler
from labkit.server.site import HandlerRoute
from labkit.wire import encode


def path(plain: str) -> str:
    """Where the compressed one of a route is: as long as the plain one's, so that a request takes no more for it."""
    return plain[:-1] + "z"


def stream(channel: Channel) -> HandlerRoute:
    """A route: the channel as an event stream that one compressor goes through, flushed behind each event."""
    return CompressedStream, {"channel": channel}


class CompressedStream(RequestHandler):
    """The channel as an event stream, through one compressor."""

    def initialize(self, channel: Channel) -> None:
        self.channel = channel

    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Content-Encoding", "gzip")
        compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)  # of gzip, not of zlib
        self.request.connection.stream.set_nodelay(True)  # type: ignore[union-attr]
        since = self.request.headers.get("Last-Event-ID", "") or self.channel.last_event_id
        with contextlib.suppress(StreamClosedError, ChannelStopped):
            await self.flush()
            async with contextlib.aclosing(frames_since(self.channel, since)) as frames:
                async for frame in frames:
                    # Without the flush the compressor keeps events back until it has seen enough of them.
                    self.write(compressor.compress(encode(frame)) + compressor.flush(zlib.Z_SYNC_FLUSH))
                    await self.flush()


def answers(channel: Channel, wait: bool) -> HandlerRoute:
    """A route as polling() or long_polling(), each answer compressed by itself."""
    return CompressedLongPolling if wait else CompressedPolling, {"channel": channel}


class _Compressing(RequestHandler):
    def finish(self, chunk: Any = None) -> Any:
        if chunk is None:
            return super().finish()
        self.set_header("Content-Encoding", "gzip")
        return super().finish(gzip.compress(chunk.encode(), mtime=0))


class CompressedPolling(_Compressing, PollingHandler):
    """As polling(), compressed."""


class CompressedLongPolling(_Compressing, LongPollingHandler):
    """As long_polling(), compressed."""
