"""A page that shows live events in a browser, and the streams behind it."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncGenerator, Collection
from datetime import UTC, datetime
from pathlib import Path

from tornado.web import RequestHandler

from labkit.pages.file import File
from labkit.server.channel import Channel
from labkit.server.origins import FOREIGN_PAGE, is_own_page
from labkit.server.site import Routes
from labkit.wire import Frame

#: Long enough to be seen, short enough to wait for. A browser's own is 3 to 5 s.
RETRY_MS = 1000

# Lewis Carroll, Alice's Adventures in Wonderland (1865), chapter I; in the public domain.
TEXT = (
    "Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do: "
    "once or twice she had peeped into the book her sister was reading, but it had no pictures or conversations in it, "
    "“and what is the use of a book,” thought Alice “without pictures or conversations?” "
    "So she was considering in her own mind (as well as she could, for the hot day made her feel very sleepy and "
    "stupid), whether the pleasure of making a daisy-chain would be worth the trouble of getting up and picking the "
    "daisies, when suddenly a White Rabbit with pink eyes ran close by her."
)


def routes(words: Channel, allowed: Collection[str] = ()) -> Routes:
    """The page at /live, a channel with the words, a clock, and what the page's Cut button asks for. Pages of `allowed`
    origins may ask for it too."""
    page = (File, {"path": Path(__file__).with_name("live.html")})
    return {
        "/live": page,
        "/events": words,
        "/clock": clock,
        "/cut": (CutHandler, {"channel": words, "allowed": allowed}),
    }


async def clock(last_event_id: str) -> AsyncGenerator[Frame, None]:
    """One event at each full second, with the time as JSON. No ids: a second that is over is of no use to anybody."""
    for number in itertools.count(1):
        await asyncio.sleep(1 - time.time() % 1)
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        yield Frame(event="tick", data=json.dumps({"tick": number, "time": now}))


class CutHandler(RequestHandler):
    """Cuts every reader of the channel; 403 for a page of another site."""

    def initialize(self, channel: Channel, allowed: Collection[str] = ()) -> None:
        self.channel, self.allowed = channel, allowed

    def post(self) -> None:
        if not is_own_page(self.request.headers.get("Origin"), self.request.host, self.allowed):
            self.set_status(403)
            self.finish(f"{FOREIGN_PAGE}\n")
            return
        self.channel.cut()
        self.set_status(204)
