"""Server-sent events with aiohttp. Run it: TOKEN=sesame python docs/recipes/aiohttp_app.py

Needs: pip install aiohttp. Without handler_cancellation=True a handler learns of a reader who left at its next write.
"""

import asyncio
import hmac
import os
import re
import time
from collections import deque
from collections.abc import AsyncIterator

from aiohttp import web

TOKEN, PORT = os.environ["TOKEN"], int(os.environ.get("PORT", "8000"))
HEARTBEAT_S = float(os.environ.get("HEARTBEAT_S", "15"))  # many proxies end what is silent for 60 s
KEPT_EVENTS, MAX_BYTES = 1000, 16 * 1024  # events for those who come back, and how long one may be
# no-transform: a proxy must not compress it, since compressors hold events back. The last one is for nginx.
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


class History:
    """The newest events, for all readers together. A slow reader has no queue of its own, only a place in here."""

    def __init__(self) -> None:
        self.blocks: deque[bytes] = deque(maxlen=KEPT_EVENTS)
        self.newest = time.time_ns() // 1000  # so every id from before a restart is older than what is kept
        self.over = self.stopping = False
        self.changed = asyncio.Event()

    def publish(self, data: str, event: str) -> None:
        self.newest, self.over = self.newest + 1, event == "done"
        kind = f"event: {event}\n" if event else ""
        lines = "".join(f"data: {line}\n" for line in re.split("\r\n|\r|\n", data))
        self.blocks.append(f"id: {self.newest}\n{kind}{lines}\n".encode())
        self.wake()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def place_of(self, last_event_id: str) -> int:
        """The number of the newest event that this reader has; 0 for an id that cannot be ours."""
        known = int(last_event_id) if re.fullmatch("[0-9]{1,18}", last_event_id) else 0
        return known if last_event_id else self.newest

    async def follow(self, place: int) -> AsyncIterator[bytes]:
        yield f"id: {place}\nretry: 2000\n\n".encode()  # who is cut before its first event comes back to here
        while not self.stopping:
            changed, oldest = self.changed, self.newest - len(self.blocks)
            if not oldest <= place <= self.newest:  # a strange id, or a reader too slow for what is kept
                place = oldest
                yield f"id: {place}\nevent: gap\ndata: events were missed that are no longer kept\n\n".encode()
            elif place < self.newest:
                place += 1
                yield self.blocks[place - oldest - 1]
            elif self.over:
                return  # the planned end
            else:
                try:
                    await asyncio.wait_for(changed.wait(), HEARTBEAT_S)
                except TimeoutError:
                    yield b": still here\n\n"


def check(token: str) -> None:
    if not hmac.compare_digest(token.encode(), TOKEN.encode()):
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": "Bearer"})


async def events(request: web.Request) -> web.StreamResponse:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    check(bearer or request.cookies.get("session", ""))  # EventSource sends cookies, and no header of ours
    history = request.app[HISTORY]
    place = history.place_of(request.headers.get("Last-Event-ID") or request.query.get("lastEventId", ""))
    if history.over and place == history.newest:
        return web.Response(status=204)  # the one answer in good order after which EventSource stays away
    response = web.StreamResponse(headers=HEADERS)
    await response.prepare(request)
    async for block in history.follow(place):
        await response.write(block)  # waits here for a slow reader
    return response


async def publish(request: web.Request) -> web.Response:
    check(request.headers.get("Authorization", "").removeprefix("Bearer "))  # no cookie: a foreign form may bring it
    event, data = request.query.get("event", ""), await request.text()
    if not re.fullmatch("[a-z]{0,40}", event):  # a line end in here would write fields of its own
        raise web.HTTPBadRequest(text="event: at most 40 small letters\n")
    request.app[HISTORY].publish(data, event)
    return web.Response(status=202)


async def end_streams(app: web.Application) -> None:
    app[HISTORY].stopping = True
    app[HISTORY].wake()


async def make_app() -> web.Application:
    app = web.Application(client_max_size=MAX_BYTES)
    app[HISTORY] = History()
    app.on_shutdown.append(end_streams)
    app.add_routes([web.get("/events", events), web.post("/publish", publish)])
    return app


HISTORY = web.AppKey("history", History)
if __name__ == "__main__":
    # A reader that does not take the end of its stream is cut after a second.
    web.run_app(make_app(), host="127.0.0.1", port=PORT, handler_cancellation=True, shutdown_timeout=1)
