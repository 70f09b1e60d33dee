"""Server-sent events with Django. Run it: TOKEN=sesame python docs/recipes/django_app.py

Needs: pip install django uvicorn. It needs ASGI: under WSGI, and so with its own `runserver`, Django collects what an
async generator yields, and sends nothing before its end. In a project of yours: `uvicorn project.asgi:application`.
"""

import asyncio
import hmac
import os
import re
import time
from collections import deque
from collections.abc import AsyncIterator
from types import FrameType

import django
import uvicorn
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.urls import path

TOKEN, PORT = os.environ["TOKEN"], int(os.environ.get("PORT", "8000"))
HEARTBEAT_S = float(os.environ.get("HEARTBEAT_S", "15"))  # many proxies end what is silent for 60 s
KEPT_EVENTS, MAX_BYTES = 1000, 16 * 1024  # events for those who come back, and how long one may be
# no-transform: a proxy must not compress it, since compressors hold events back. The last one is for nginx.
HEADERS = {"Cache-Control": "no-cache, no-transform", "X-Accel-Buffering": "no"}


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


history = History()
REFUSED = {"status": 401, "headers": {"WWW-Authenticate": "Bearer"}}


def knows(token: str) -> bool:
    return hmac.compare_digest(token.encode(), TOKEN.encode())


async def events(request: HttpRequest) -> HttpResponseBase:
    bearer = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not knows(bearer or request.COOKIES.get("session", "")):  # EventSource sends cookies, and no header of ours
        return HttpResponse(**REFUSED)
    place = history.place_of(request.headers.get("Last-Event-ID") or request.GET.get("lastEventId", ""))
    if history.over and place == history.newest:
        return HttpResponse(status=204)  # the one answer in good order after which EventSource stays away
    return StreamingHttpResponse(history.follow(place), content_type="text/event-stream", headers=HEADERS)


async def publish(request: HttpRequest) -> HttpResponse:
    event = request.GET.get("event", "")
    if not knows(request.headers.get("Authorization", "").removeprefix("Bearer ")):  # no cookie: see CSRF
        return HttpResponse(**REFUSED)
    if request.method != "POST" or not re.fullmatch("[a-z]{0,40}", event):  # a line end would write fields of its own
        return HttpResponse(status=400)
    history.publish(request.body.decode("utf-8", "replace"), event)
    return HttpResponse(status=202)


class Server(uvicorn.Server):
    """uvicorn waits for open streams, and Django is told nothing. So the streams hear of the signal here."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        history.stopping = True
        history.wake()
        super().handle_exit(sig, frame)


urlpatterns = [path("events", events), path("publish", publish)]
settings.configure(
    ROOT_URLCONF=__name__, ALLOWED_HOSTS=["127.0.0.1", "localhost"], DATA_UPLOAD_MAX_MEMORY_SIZE=MAX_BYTES
)
django.setup()
application = get_asgi_application()
if __name__ == "__main__":
    # A reader that does not take the end of its stream is cut after a second.
    config = uvicorn.Config(application, host="127.0.0.1", port=PORT, lifespan="off", timeout_graceful_shutdown=1)
    Server(config).run()
