"""The transports with compression: one compressor for the whole stream, or a new one for each answer."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from typing import Any, ClassVar

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from labkit.errors import ChannelStopped
from labkit.measured.nulls import coming
from labkit.server import Channel, long_polling, polling
from labkit.wire import encode


def path(plain: str) -> str:
    """Where the compressed one of a route is: as long as the plain one's, so that a request takes no more for it."""
    return plain[:-1] + "z"


def stream(channel: Channel) -> type[RequestHandler]:
    """A route: the channel as an event stream that one compressor goes through, flushed behind each event."""
    return type("Compressed", (_Stream,), {"channel": channel})


class _Stream(RequestHandler):
    channel: ClassVar[Channel]

    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Content-Encoding", "gzip")
        compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)  # of gzip, not of zlib
        self.request.connection.stream.set_nodelay(True)  # type: ignore[union-attr]
        since = self.request.headers.get("Last-Event-ID", "") or self.channel.last_event_id
        with contextlib.suppress(StreamClosedError, ChannelStopped):
            await self.flush()
            async with contextlib.aclosing(coming(self.channel, since)) as frames:
                async for frame in frames:
                    # Without the flush the compressor keeps events back until it has seen enough of them.
                    self.write(compressor.compress(encode(frame)) + compressor.flush(zlib.Z_SYNC_FLUSH))
                    await self.flush()


def answers(channel: Channel, wait: bool) -> type[RequestHandler]:
    """A route as polling() or long_polling(), each answer compressed by itself."""
    return type("Compressed", (_Answer, long_polling(channel) if wait else polling(channel)), {})


class _Answer(RequestHandler):
    def finish(self, chunk: Any = None) -> Any:
        if chunk is None:
            return super().finish()
        self.set_header("Content-Encoding", "gzip")
        return super().finish(gzip.compress(chunk.encode(), mtime=0))
