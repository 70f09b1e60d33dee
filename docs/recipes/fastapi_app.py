"""Server-sent events with FastAPI's own EventSourceResponse. Run it: TOKEN=sesame python docs/recipes/fastapi_app.py

Needs: pip install "fastapi>=0.135" uvicorn. FastAPI brings the format, X-Accel-Buffering and a heartbeat every 15 s; it
cancels the generator when the reader leaves. It brings no history, no end, and no news of a shutdown: see Server.
"""

import asyncio
import hmac
import os
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from types import FrameType
from typing import Annotated

import uvicorn
from fastapi import Cookie, Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.sse import EventSourceResponse, ServerSentEvent

TOKEN, PORT = os.environ["TOKEN"], int(os.environ.get("PORT", "8000"))
KEPT_EVENTS, MAX_BYTES = 1000, 16 * 1024  # events for those who come back, and how long one may be


class History:
    """The newest events, for all readers together. A slow reader has no queue of its own, only a place in here."""

    def __init__(self) -> None:
        self.events: deque[ServerSentEvent] = deque(maxlen=KEPT_EVENTS)
        self.newest = time.time_ns() // 1000  # so every id from before a restart is older than what is kept
        self.over = self.stopping = False
        self.changed = asyncio.Event()

    def publish(self, data: str, event: str) -> None:
        self.newest, self.over = self.newest + 1, event == "done"
        # raw_data, since FastAPI would write `data` as JSON, in quotes
        self.events.append(ServerSentEvent(raw_data=data, event=event or None, id=str(self.newest)))
        self.wake()

    def wake(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def place_of(self, last_event_id: str) -> int:
        """The number of the newest event that this reader has; 0 for an id that cannot be ours."""
        known = int(last_event_id) if re.fullmatch("[0-9]{1,18}", last_event_id) else 0
        return known if last_event_id else self.newest

    async def follow(self, place: int) -> AsyncIterator[ServerSentEvent]:
        yield ServerSentEvent(id=str(place), retry=2000)  # who is cut before its first event comes back to here
        while not self.stopping:
            changed, oldest = self.changed, self.newest - len(self.events)
            if not oldest <= place <= self.newest:  # a strange id, or a reader too slow for what is kept
                place = oldest
                yield ServerSentEvent(id=str(place), event="gap", raw_data="events were missed that are no longer kept")
            elif place < self.newest:
                place += 1
                yield self.events[place - oldest - 1]
            elif self.over:
                return  # the planned end
            else:
                await changed.wait()


app, history = FastAPI(), History()


def check(token: str) -> None:
    if not hmac.compare_digest(token.encode(), TOKEN.encode()):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


def may_read(authorization: Annotated[str, Header()] = "", session: Annotated[str, Cookie()] = "") -> None:
    check(authorization.removeprefix("Bearer ") or session)  # EventSource sends cookies, and no header of ours


def may_publish(authorization: Annotated[str, Header()] = "") -> None:
    check(authorization.removeprefix("Bearer "))  # no cookie: a foreign form may bring it


async def place_of_reader(
    response: Response,
    last_event_id: Annotated[str, Header()] = "",
    in_url: Annotated[str, Query(alias="lastEventId")] = "",  # for a page that makes a new EventSource
) -> int:
    response.headers["Cache-Control"] = "no-transform"  # beside FastAPI's no-cache: compressors hold events back
    place = history.place_of(last_event_id or in_url)
    if history.over and place == history.newest:
        raise HTTPException(204)  # the one answer in good order after which EventSource stays away
    return place


# Status and headers are chosen in dependencies: for what the generator says it is too late.
@app.get("/events", response_class=EventSourceResponse, dependencies=[Depends(may_read)])
async def events(place: Annotated[int, Depends(place_of_reader)]) -> AsyncIterator[ServerSentEvent]:
    async for event in history.follow(place):
        yield event


# A line end in the event's type would write fields of its own: the pattern refuses it.
@app.post("/publish", status_code=202, dependencies=[Depends(may_publish)])
async def publish(request: Request, event: Annotated[str, Query(pattern="^[a-z]{0,40}$")] = "") -> None:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BYTES:
            raise HTTPException(413)
    history.publish(body.decode("utf-8", "replace"), event)


class Server(uvicorn.Server):
    """uvicorn waits for open streams, and tells the app only after that. So the streams hear of the signal here."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        history.stopping = True
        history.wake()
        super().handle_exit(sig, frame)


if __name__ == "__main__":
    # A reader that does not take the end of its stream is cut after a second.
    Server(uvicorn.Config(app, host="127.0.0.1", port=PORT, timeout_graceful_shutdown=1)).run()
