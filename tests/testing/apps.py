"""Apps of several frameworks, whole and broken, as people write them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
import time
import types
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Annotated, Any

import flask
import sse_starlette
from fastapi import FastAPI, Header
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response, StreamingResponse
from starlette.routing import Route

COUNT = 6
PAUSE_S = 0.03
NO_CACHE = {"Cache-Control": "no-cache"}

Pieces = AsyncIterator[str]


def event(number: int, data: str = "") -> str:
    return f"id: {number}\ndata: {data or f'tick {number}'}\n\n"


def streaming(pieces: Callable[[int], Pieces]) -> Callable[[Request], Any]:
    """A handler that calls `pieces` with the Last-Event-ID, 0 without one."""

    async def handle(request: Request) -> Response:
        last_event_id = int(request.headers.get("last-event-id", "0"))
        return StreamingResponse(pieces(last_event_id), media_type="text/event-stream", headers=NO_CACHE)

    return handle


async def whole(last: int) -> Pieces:
    for number in range(last + 1, COUNT + 1):
        await asyncio.sleep(PAUSE_S)
        yield event(number)


async def deaf(last: int) -> Pieces:
    async for piece in whole(0):
        yield piece


async def one_too_early(last: int) -> Pieces:
    async for piece in whole(max(0, last - 1)):
        yield piece


async def one_too_late(last: int) -> Pieces:
    async for piece in whole(last + 1 if last else 0):
        yield piece


async def rewritten(last: int) -> Pieces:
    for number in range(last + 1, COUNT + 1):
        await asyncio.sleep(PAUSE_S)
        yield event(number, f"again {number}" if last else "")


async def backwards(last: int) -> Pieces:
    for number in range(COUNT, last, -1) if last else range(1, COUNT + 1):
        await asyncio.sleep(PAUSE_S)
        yield event(number)


async def of_each_client(last: int) -> Pieces:
    yield "event: hello\ndata: welcome\n\n"
    async for piece in whole(last):
        yield piece.replace("tick", f"{time.monotonic_ns()}")


async def without_ids(last: int) -> Pieces:
    for number in range(COUNT):
        await asyncio.sleep(PAUSE_S)
        yield f"data: {number}\n\n"


async def collected(last: int) -> Pieces:
    await asyncio.sleep(0.4)
    yield "".join(event(number) for number in range(1, COUNT))


async def collected_in_pieces(last: int) -> Pieces:
    await asyncio.sleep(0.4)
    for number in range(1, 20):  # as where a framework makes a list of a generator, and sends it item by item
        yield event(number)


async def raising(last: int) -> Pieces:
    yield event(1)
    raise RuntimeError("in mid-stream, on purpose")


async def talking(last: int) -> Pieces:
    yield "".join(event(number) for number in range(last + 1, 3)) or ": nothing new\n\n"
    while True:
        await asyncio.sleep(0.04)
        yield ": still here\n\n"


async def comments(last: int) -> Pieces:
    while True:
        yield ": nothing yet\n\n"
        await asyncio.sleep(0.04)


async def silent(last: int) -> Pieces:
    yield event(1)
    await asyncio.sleep(30)


async def finished(last: int) -> Pieces:
    async for piece in whole(last):
        yield piece
    yield "event: done\ndata:\n\n"


class News:
    """Numbers that are published for all, whoever listens. It keeps what was, and a deaf handler forgets it."""

    def __init__(self) -> None:
        self.began_s = time.monotonic()

    async def _from(self, number: int) -> Pieces:
        for n in itertools.count(number):
            await asyncio.sleep(max(0.0, self.began_s + n * PAUSE_S - time.monotonic()))
            yield event(n)

    def newest(self) -> int:
        return int((time.monotonic() - self.began_s) / PAUSE_S)

    def kept(self, last: int) -> Pieces:
        return self._from((last or self.newest()) + 1)

    def forgotten(self, last: int) -> Pieces:
        return self._from(self.newest() + 1)


NEWS = News()
ROUTES = {
    "/whole": whole, "/deaf": deaf, "/one-too-early": one_too_early, "/one-too-late": one_too_late,
    "/rewritten": rewritten, "/backwards": backwards, "/of-each-client": of_each_client, "/without-ids": without_ids,
    "/collected": collected, "/collected-in-pieces": collected_in_pieces, "/raising": raising, "/talking": talking, "/comments": comments, "/silent": silent, "/finished": finished,
    "/news": NEWS.kept, "/forgotten-news": NEWS.forgotten,
}  # fmt: skip


async def page(request: Request) -> Response:
    return HTMLResponse("<!doctype html><title>Sign in</title>")


async def refused(request: Request) -> Response:
    if "last-event-id" in request.headers:
        return Response("Bad Request", 400)
    answer: Response = await streaming(whole)(request)
    return answer


async def echoed(request: Request) -> Response:
    body = (await request.body()).decode()
    return StreamingResponse(iter([f"data: {request.method} {body}\n\n"]), media_type="text/event-stream")


async def by_sse_starlette(request: Request) -> Response:
    async def pieces() -> AsyncIterator[dict[str, str]]:
        for number in range(int(request.headers.get("last-event-id", "0")) + 1, COUNT + 1):
            await asyncio.sleep(PAUSE_S)
            yield {"id": str(number), "data": "tick"}

    return sse_starlette.EventSourceResponse(pieces())


lived: list[str] = []


@contextlib.asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    lived.append("began")
    yield
    lived.append("ended")


starlette_app = Starlette(
    lifespan=lifespan,
    routes=[
        *(Route(path, streaming(pieces)) for path, pieces in ROUTES.items()),
        Route("/page", page),
        Route("/refused", refused),
        Route("/echoed", echoed, methods=["POST"]),
        Route("/sse-starlette", by_sse_starlette),
    ],
)


@contextlib.asynccontextmanager
async def failing_lifespan(app: Starlette) -> AsyncIterator[None]:
    raise RuntimeError("no database")
    yield


without_database = Starlette(lifespan=failing_lifespan)
fastapi_app = FastAPI()


@fastapi_app.get("/events", response_class=EventSourceResponse)
async def fastapi_events(last_event_id: Annotated[int, Header()] = 0) -> AsyncIterator[ServerSentEvent]:
    for number in range(last_event_id + 1, COUNT + 1):
        await asyncio.sleep(PAUSE_S)
        yield ServerSentEvent(id=str(number), data={"tick": number})


@fastapi_app.get("/deaf", response_class=EventSourceResponse)
async def fastapi_deaf() -> AsyncIterator[ServerSentEvent]:
    async for sent in fastapi_events():
        yield sent


flask_app = flask.Flask("shop")


@flask_app.get("/events")
def flask_events() -> flask.Response:
    last = int(flask.request.headers.get("Last-Event-ID", "0"))

    def pieces() -> Iterator[str]:
        for number in range(last + 1, COUNT + 1):
            time.sleep(PAUSE_S)
            yield event(number)

    return flask.Response(pieces(), mimetype="text/event-stream", headers=NO_CACHE)


@flask_app.get("/collected")
def flask_collected() -> flask.Response:
    def pieces() -> Iterator[str]:
        for number in range(1, 5):
            time.sleep(0.1)
            yield event(number)

    return flask.Response("".join(pieces()), mimetype="text/event-stream", headers=NO_CACHE)


def django_apps() -> tuple[Any, Any]:
    """Django's ASGI and WSGI application, each with an async generator and a plain one."""
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(SECRET_KEY="for tests", ROOT_URLCONF="django_urls", ALLOWED_HOSTS=["*"], MIDDLEWARE=[])
        django.setup()
    from django.core.asgi import get_asgi_application
    from django.core.wsgi import get_wsgi_application
    from django.http import StreamingHttpResponse
    from django.urls import path

    def streaming_response(pieces: Any) -> Any:
        return StreamingHttpResponse(pieces, content_type="text/event-stream", headers=NO_CACHE)

    def plain(last: int) -> Iterator[str]:
        for number in range(last + 1, COUNT + 1):
            time.sleep(0.08)
            yield event(number)

    def last_event_id(request: Any) -> int:
        return int(request.headers.get("Last-Event-ID", "0"))

    urls = types.ModuleType("django_urls")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("async", lambda request: streaming_response(whole(last_event_id(request)))),
        path("plain", lambda request: streaming_response(plain(last_event_id(request)))),
    ]
    sys.modules["django_urls"] = urls
    return get_asgi_application(), get_wsgi_application()


async def never_leaves(scope: Any, receive: Any, send: Any) -> None:
    """An ASGI app that does not listen for the reader's leaving, for six seconds."""
    await receive()
    headers = [(b"content-type", b"text/event-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for number in range(60):
        with contextlib.suppress(OSError):
            await send({"type": "http.response.body", "body": event(number).encode(), "more_body": True})
        await asyncio.sleep(0.1)
