"""Polling and long polling: the routes for clients without a stream, for comparison."""

from __future__ import annotations

import asyncio
import functools
import json
from typing import Any
from urllib.parse import quote

from tornado.web import Finish, HTTPError, RequestHandler

from labkit.errors import ChannelStopped, LogFailed
from labkit.log import Replay
from labkit.server.channel import Channel
from labkit.server.connection import bound_send_buffer, taken
from labkit.server.gap import gap_frame
from labkit.server.guarded_log import Page
from labkit.server.handlers import allow_loopback, mount
from labkit.server.site import HandlerRoute
from labkit.wire import Frame

#: How long a question waits. Precedent: shorter than the shortest idle timer on the way, which is often 30 s or 60 s.
WAIT_S = 25.0


def polling(channel: Channel) -> HandlerRoute:
    """A route for polling: GET ?since=ID answers at once with the events after that id.

    The answer is JSON: {"events": [{"id", "type", "data"}], "last": ID}. Without `since` there are no events, and
    `last` is where to begin. Of more than the channel's `room_bytes` the answer has the beginning, and `last` is where
    to go on. Its ETag is the last id, percent-encoded: with If-None-Match, "nothing new" is a 304 without a body. In a
    tornado Application of your own the rule is `("/poll", *polling(channel))`.
    """
    return PollingHandler, {"channel": channel}


def long_polling(channel: Channel, wait_s: float = WAIT_S) -> HandlerRoute:
    """A route for long polling: as polling(), but the answer waits until there is an event, for `wait_s` at most.

    The channel must be mounted on the same server, by a route of its own; in a tornado Application of your own it need
    not be.
    """
    return LongPollingHandler, {"channel": channel, "wait_s": wait_s}


class PollingHandler(RequestHandler):
    """Answers at once with the events after an id. See polling()."""

    def initialize(self, channel: Channel) -> None:
        """Called by tornado with the route's settings."""
        self.channel = channel

    async def get(self) -> None:
        since = since_parameter(self)
        try:
            page = await self.page(since) if since else Page(Replay(()), self.channel.last_event_id)
        except LogFailed as problem:
            raise HTTPError(503, reason="the log failed", log_message=str(problem)) from None
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-cache")
        self.set_header("ETag", f'"{quote(page.last_id, safe="")}"')
        allow_loopback(self)
        if self.check_etag_header():
            self.set_status(304)
            self.finish()
        else:
            events = [event_as_dict(frame) for frame in frames_with_gap(page.replay, since)]
            stream = self.request.connection.stream  # type: ignore[union-attr]
            bound_send_buffer(stream)
            self.finish(json.dumps({"events": events, "last": page.last_id}))
            if stream.writing() and not await taken(stream):
                stream.close()

    def options(self) -> None:
        """Lets a page on another port of this machine send If-None-Match."""
        allow_loopback(self)
        self.set_status(204)

    async def page(self, since: str) -> Page:
        """The events after this id, and the id up to which they are all."""
        return await self.channel.page_after(since)


class LongPollingHandler(PollingHandler):
    """Answers as soon as there is an event after an id. See long_polling()."""

    def initialize(self, channel: Channel, wait_s: float = WAIT_S) -> None:
        """Called by tornado with the route's settings."""
        super().initialize(channel)
        self.wait_s = wait_s

    async def page(self, since: str) -> Page:
        """The events after this id, as soon as there are any; none when `wait_s` is over."""
        mount(self, self.channel)
        task = asyncio.ensure_future(self.wait_for_events(since))
        self.request.connection.set_close_callback(task.cancel)  # type: ignore[union-attr]
        try:
            async with asyncio.timeout(self.wait_s):
                return await task
        except TimeoutError:
            return Page(Replay(()), since)
        except asyncio.CancelledError:
            raise Finish from None  # the client has left

    async def wait_for_events(self, since: str) -> Page:
        """The channel's next events; none, after `wait_s`, if the channel stops."""
        try:
            return await self.channel.wait_for_events(since)
        except ChannelStopped:
            await asyncio.sleep(self.wait_s)  # an answer at once would be asked for again at once
            return Page(Replay(()), since)


def since_parameter(handler: RequestHandler) -> str:
    """The id after which a client wants events: the request's `since` parameter, or "".

    Raises:
        HTTPError: 400, it is not valid UTF-8.
    """
    try:
        return handler.get_query_argument("since", "")
    except HTTPError:
        raise HTTPError(400, reason="since is no text in UTF-8") from None


def frames_with_gap(replay: Replay, since: str) -> tuple[Frame, ...]:
    """The frames of a replay; if it has a gap, the gap event comes first."""
    return (gap_frame(since, replay.frames), *replay.frames) if replay.gap else replay.frames


def event_as_dict(frame: Frame) -> dict[str, Any]:
    """The event as a dictionary for JSON: its id, type and data."""
    return {"id": frame.id or "", "type": frame.event or "message", "data": frame.data or ""}


@functools.lru_cache(maxsize=100)
def event_as_json(frame: Frame) -> str:
    """The event as JSON text. It is made once, and shared by all readers."""
    return json.dumps(event_as_dict(frame), separators=(",", ":"))
