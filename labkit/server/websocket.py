"""Events over a WebSocket: the route to compare with SSE."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tornado.iostream import IOStream
from tornado.websocket import WebSocketClosedError, WebSocketHandler

from labkit.errors import ChannelStopped, LabError
from labkit.server.channel import HEARTBEAT_S, ROOM_BYTES, Channel
from labkit.server.connection import bound_send_buffer, taken
from labkit.server.handlers import mount, register_sender
from labkit.server.origins import is_own_page
from labkit.server.polling import event_as_json, frames_with_gap, since_parameter
from labkit.server.site import HandlerRoute
from labkit.wire import Frame


def websocket(channel: Channel, ping_interval_s: float = HEARTBEAT_S, compression: bool = False) -> HandlerRoute:
    """A route for a WebSocket: a client with ?since=ID gets the events after that id, and then each new one.

    Each is a JSON message {"id", "type", "data"}. A client without an id is first told where it begins, by {"id"}
    alone. The channel must be mounted on the same server, by its own route. In a tornado Application of your own the
    rule is `("/socket", *websocket(channel))`, and needs no other.

    Args:
        channel: where the events come from.
        ping_interval_s: how often the server pings.
        compression: offers permessage-deflate (RFC 7692), which browsers take. It takes memory for each connection.

    Source: RFC 6455.
    """
    return ChannelSocket, {"channel": channel, "ping_interval_s": ping_interval_s, "compression": compression}


class ChannelSocket(WebSocketHandler):
    """Sends a channel's events to one client over a WebSocket. See websocket()."""

    _send_task: asyncio.Task[None] | None = None
    tells_position = True

    def initialize(self, channel: Channel, ping_interval_s: float = HEARTBEAT_S, compression: bool = False) -> None:
        """Called by tornado with the route's settings."""
        self.channel, self.compression = channel, compression
        self.ping_interval_s = ping_interval_s

    @property
    def ping_interval(self) -> float:
        """How often tornado pings, in seconds."""
        return self.ping_interval_s

    def get_compression_options(self) -> dict[str, Any] | None:
        """What tornado compresses with: an empty dict switches compression on, None off."""
        return {} if self.compression else None

    @property
    def max_message_size(self) -> int:
        """How large a message of the client may be: none is listened to."""
        return ROOM_BYTES

    @staticmethod
    def text_of(frame: Frame) -> str:
        """The event as the text of a message."""
        return event_as_json(frame)

    def check_origin(self, origin: str) -> bool:
        """Whether this page may open the WebSocket: only pages of this machine, and the server's own."""
        # CORS does not guard WebSockets: without this, every site could read the stream with the visitor's cookies.
        return is_own_page(origin, self.request.host)

    def prepare(self) -> None:
        self.since = since_parameter(self)  # before the handshake: then a refusal is an answer

    def open(self, *args: Any, **kwargs: Any) -> None:
        self.set_nodelay(True)
        mount(self, self.channel)
        # From now on, and not from when the task comes to run: the client may say something at once, and wait for it.
        since = self.since or self.channel.last_event_id
        stream = self.ws_connection.stream if self.ws_connection is not None else None
        assert stream is not None  # the handshake was sent over it
        bound_send_buffer(stream)
        if not self.since and self.tells_position:
            self.write_message(json.dumps({"id": since}))  # cut before its first event, the client resumes from here
        self._send_task = asyncio.ensure_future(self._send_all(since, stream))
        register_sender(self, self._send_task, stream)

    async def _send_all(self, since: str, stream: IOStream) -> None:
        try:
            while True:
                page = await self.channel.wait_for_events(since)
                for frame in frames_with_gap(page.replay, since):
                    sending = self.write_message(self.text_of(frame))
                    sending.add_done_callback(lambda sent: sent.cancelled() or sent.exception())  # the client may leave
                    if stream.writing() and not await taken(stream):
                        stream.close()  # a close frame would wait behind what it does not read
                    await sending
                since = page.last_id
        except WebSocketClosedError:
            pass  # on_close is called as well
        except (ChannelStopped, asyncio.CancelledError):
            self.close(1001, "the server stops, or the route is gone")  # "going away". Source: RFC 6455, 7.4.1
        except LabError as problem:
            self.close(1011, str(problem).encode()[:123].decode(errors="ignore"))  # it comes back. Source: 5.5
        except BaseException:
            self.close(1011, "an event could not be sent")
            raise

    def on_message(self, message: str | bytes) -> None:
        """Ignores what the client sends."""

    def on_close(self) -> None:
        if self._send_task is not None:
            self._send_task.cancel()
