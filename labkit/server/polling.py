"""What is left without a stream: a client that asks again and again, and one whose question waits for its answer."""

from __future__ import annotations

import asyncio
import functools
import json
from typing import Any
from urllib.parse import quote

from tornado.web import Finish, HTTPError, RequestHandler

from labkit.errors import ChannelStopped
from labkit.log import Replay
from labkit.server.channel import Channel
from labkit.server.gap import gap_frame
from labkit.server.handlers import allow_loopback, mount
from labkit.server.site import HandlerRoute
from labkit.wire import Frame

#: How long a question waits. Precedent: shorter than the shortest idle timer on the way, which is often 30 s or 60 s.
WAIT_S = 25.0


def polling(channel: Channel) -> HandlerRoute:
    """A route: GET ?since=ID answers at once with what came after it.

    The answer is JSON: {"events": [{"id", "type", "data"}], "last": ID}. Without `since` there are no events, and
    `last` is where to begin. Its ETag is the last id, percent-encoded: with If-None-Match, "nothing new" is a 304
    without a body.
    """
    return PollingHandler, {"channel": channel}


def long_polling(channel: Channel, wait_s: float = WAIT_S) -> HandlerRoute:
    """A route as polling(), whose answer waits until there is something, for `wait_s` at most. The channel is mounted
    on the same server, by a route of its own."""
    return LongPollingHandler, {"channel": channel, "wait_s": wait_s}


class PollingHandler(RequestHandler):
    """Answers at once: see polling()."""

    def initialize(self, channel: Channel) -> None:
        self.channel = channel

    async def get(self) -> None:
        since = since_parameter(self)
        replay, last_id = await self.replay(since) if since else self.channel.since("")
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("ETag", f'"{quote(last_id, safe="")}"')
        allow_loopback(self)
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
        else:
            self.finish(
                json.dumps(
                    {"events": [event_as_dict(frame) for frame in frames_with_gap(replay, since)], "last": last_id}
                )
            )

    def options(self) -> None:
        """A page on another port of this machine may send If-None-Match."""
        allow_loopback(self)
        self.set_status(204)

    async def replay(self, since: str) -> tuple[Replay, str]:
        return self.channel.since(since)


class LongPollingHandler(PollingHandler):
    """Answers when there is something: see long_polling()."""

    def initialize(self, channel: Channel, wait_s: float = WAIT_S) -> None:
        super().initialize(channel)
        self.wait_s = wait_s

    async def replay(self, since: str) -> tuple[Replay, str]:
        mount(self, self.channel)
        task = asyncio.ensure_future(self.wait_for_events(since))
        self.request.connection.set_close_callback(task.cancel)  # type: ignore[union-attr]
        try:
            async with asyncio.timeout(self.wait_s):
                return await task
        except TimeoutError:
            return Replay(()), since
        except asyncio.CancelledError:
            raise Finish from None  # the client has left

    async def wait_for_events(self, since: str) -> tuple[Replay, str]:
        try:
            return await self.channel.wait_for_events(since)
        except ChannelStopped:
            await asyncio.sleep(self.wait_s)  # an answer at once would be asked for again at once
            return Replay(()), since


def since_parameter(handler: RequestHandler) -> str:
    """The id behind which a client wants to go on: the request's `since`, or "".

    Raises:
        HTTPError: 400, it is no text in UTF-8.
    """
    try:
        return handler.get_query_argument("since", "")
    except HTTPError:
        raise HTTPError(400, reason="since is no text in UTF-8") from None


def frames_with_gap(replay: Replay, since: str) -> tuple[Frame, ...]:
    """The frames of a replay, behind one that tells of the hole where there is one."""
    return (gap_frame(since, replay.frames), *replay.frames) if replay.gap else replay.frames


def event_as_dict(frame: Frame) -> dict[str, Any]:
    """The event, as JSON has it."""
    return {"id": frame.id or "", "type": frame.event or "message", "data": frame.data or ""}


@functools.lru_cache(maxsize=100)
def event_as_json(frame: Frame) -> str:
    """The event in JSON, made once for all readers."""
    return json.dumps(event_as_dict(frame), separators=(",", ":"))
