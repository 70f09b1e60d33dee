"""Events over a WebSocket: each a message, with what SSE gives for nothing written by hand."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from tornado.web import RequestHandler
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from labkit.errors import ChannelStopped
from labkit.server.channel import HEARTBEAT_S, Channel
from labkit.server.origins import is_own_page
from labkit.server.polling import as_text, asked_since, told


def websocket(
    channel: Channel, ping_interval_s: float = HEARTBEAT_S, compression: bool = False
) -> type[RequestHandler]:
    """A route: a WebSocket at which a client with ?since=ID gets what came after it, and then all that comes, each as
    JSON {"id", "type", "data"}. The channel is mounted on the same server, by a route of its own.

    With `compression` a client that offers permessage-deflate (RFC 7692) gets it: a browser does. It takes memory for
    each connection."""
    options: dict[str, Any] | None = {} if compression else None  # what tornado wants to hear
    made = {"channel": channel, "ping_interval": ping_interval_s, "get_compression_options": lambda self: options}
    return type("Socket", (_Socket,), made)


class _Socket(WebSocketHandler):
    channel: ClassVar[Channel]
    ping_interval: ClassVar[float]
    _sending: asyncio.Task[None] | None = None
    as_text = staticmethod(as_text)

    def check_origin(self, origin: str) -> bool:
        # CORS does not guard WebSockets: without this, every site could read the stream with the visitor's cookies.
        return is_own_page(origin, self.request.host)

    def prepare(self) -> None:
        self.since = asked_since(self)  # before the handshake: then a refusal is an answer

    def open(self, *args: Any, **kwargs: Any) -> None:
        self.set_nodelay(True)
        # From now on, and not from when the task comes to run: the client may say something at once, and wait for it.
        since = self.since or self.channel.last_event_id
        self._sending = asyncio.ensure_future(self._send_all(since))
        self.settings["sending"][self._sending] = type(self)  # for the site, which ends what it stops
        self._sending.add_done_callback(lambda task: self.settings["sending"].pop(task, None))

    async def _send_all(self, since: str) -> None:
        try:
            while True:
                replay, last = await self.channel.news(since)
                for frame in told(replay, since):
                    await self.write_message(self.as_text(frame))
                since = last
        except WebSocketClosedError:
            pass  # on_close is called as well
        except (ChannelStopped, asyncio.CancelledError):
            self.close(1001, "the server stops, or the route is gone")  # "going away". Source: RFC 6455, 7.4.1
        except BaseException:
            self.close(1011, "an event could not be sent")
            raise

    def on_message(self, message: str | bytes) -> None:
        """What the client says is not for this channel."""

    def on_close(self) -> None:
        if self._sending is not None:
            self._sending.cancel()
