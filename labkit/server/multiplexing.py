"""Many logical streams in one connection: a reader names topics, and gets the events of these types alone.

One log, and so one id, stands behind all topics. The other design, a log and an id for each topic, needs a vector of
ids in each event's `id` field, which grows with the topics and must be parsed by each server; and between two topics
there would be no order. The price of one id: while a reader's topics are silent, its id grows old, and a log that
forgets would tell it of a gap where it missed nothing. So each heartbeat carries the id up to which the reader has all.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Collection

from tornado.web import HTTPError

from labkit.errors import ChannelStopped
from labkit.server.channel import Channel
from labkit.server.connection import Visit
from labkit.server.gap import gap_frame
from labkit.server.guarded_log import Page
from labkit.server.handlers import StreamHandler, mount
from labkit.server.site import HandlerRoute
from labkit.wire import Frame, encode

#: The query parameter that names topics, with commas between them.
TOPICS_PARAMETER = "topics"
#: Precedent: a URL of 2,000 characters passes everywhere, and a list of so many names fits into it.
MAX_TOPICS = 100


def multiplex(channel: Channel) -> HandlerRoute:
    """A route for GET ?topics=a,b: of the channel's events those whose type is "a" or "b", over one connection.

    An event's topic is its type: `channel.publish(data, "prices")`; without one it is "message", as in a browser. A
    page listens with `source.addEventListener("prices", …)`. Without `topics` it is everything. A reader resumes all
    its topics by one Last-Event-ID, and may come back with other topics: what these brought meanwhile is sent too. The
    gap event is sent whatever the topics are.

    The channel must be mounted on the same server, by a route of its own. Each reader asks the log by itself: where
    all want everything, the channel's own route costs less.
    """
    return MultiplexHandler, {"channel": channel}


class MultiplexHandler(StreamHandler):
    """Sends each client the events of the topics that it names. See multiplex()."""

    def initialize(self, channel: Channel) -> None:
        """Called by tornado with the route's settings."""
        self.channel = channel

    async def get(self) -> None:
        mount(self, self.channel)
        topics = self._topics()
        visit = Visit(self.last_event_id, agent=self.agent)
        await self.send_all(_encoded(topic_frames(self.channel, topics, visit.last_event_id)), visit)

    def _topics(self) -> frozenset[str] | None:
        given = self.get_query_argument(TOPICS_PARAMETER, None)
        names = [name for name in (given or "").split(",") if name]
        if len(names) > MAX_TOPICS:
            raise HTTPError(400, reason=f"at most {MAX_TOPICS} topics")
        return None if given is None else frozenset(names)


async def topic_frames(
    channel: Channel, topics: Collection[str] | None, last_event_id: str
) -> AsyncGenerator[Frame, None]:
    """The frames for one reader, for ever, or until the channel's server stops.

    Args:
        channel: it is mounted on a server on this loop.
        topics: the types that the reader wants; None: all.
        last_event_id: where the reader has got; "" begins with what is published next.

    Raises:
        LabError: the log could not be read.
    """
    seen = last_event_id or channel.last_event_id
    told = seen  # the id that the reader would come back with
    yield Frame(comment="the stream is open", id=None if last_event_id else seen)
    loop = asyncio.get_running_loop()
    quiet_since = loop.time()
    with contextlib.suppress(ChannelStopped):
        while True:
            page: Page | None = None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(quiet_since + channel.heartbeat_s):
                    page = await channel.wait_for_events(seen)
            if page is None:
                yield Frame(comment="heartbeat", id=seen if seen != told else None)
                told, quiet_since = seen, loop.time()
                continue
            if page.replay.gap:
                yield gap_frame(seen, page.replay.frames)
            for frame in page.replay.frames:
                if topics is None or (frame.event or "message") in topics:
                    yield frame
                    told, quiet_since = frame.id or told, loop.time()
            seen = page.last_id


async def _encoded(frames: AsyncGenerator[Frame, None]) -> AsyncGenerator[bytes, None]:
    async with contextlib.aclosing(frames):
        async for frame in frames:
            yield encode(frame)
