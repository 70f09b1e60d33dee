"""The same status page as a plain ASGI app, without any framework: what each framework does for you stands here.

Run it with `uvicorn status_page:app`. Its log is that of the other solution.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from labkit.capstone.flaky_job import KINDS, flaky_job
from labkit.capstone.solution import BEAT_S, Job, JobLog
from labkit.capstone.status_page import PAGE

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

STREAM = {"content-type": "text/event-stream", "cache-control": "no-cache", "x-accel-buffering": "no"}
HTML = {"content-type": "text/html; charset=utf-8"}


def status_app(job: Job = flaky_job, beat_s: float = BEAT_S) -> Callable[[Message, Receive, Send], Awaitable[None]]:
    """An ASGI app with a job log of its own."""
    log = JobLog(job, beat_s)

    async def app(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["path"] == "/events" and scope["method"] == "GET":
            headers = {name: value.decode("utf-8", "replace") for name, value in scope["headers"]}
            await _stream(log, headers.get(b"last-event-id", ""), receive, send)
        elif scope["path"] == "/start" and scope["method"] == "POST":
            kind = parse_qs(scope["query_string"].decode()).get("job", ["flaky"])[0]
            if kind in KINDS:
                log.start(kind)
            await _answer(send, 202 if kind in KINDS else 400, HTML)
        else:
            await _answer(send, 200 if scope["path"] == "/" else 404, HTML, PAGE.encode())

    return app


async def _stream(log: JobLog, last_event_id: str, receive: Receive, send: Send) -> None:
    if log.over and log.place_behind(last_event_id) == len(log.frames):
        return await _answer(send, 204, {})  # it has seen the end: a browser asks no more
    await _begin(send, 200, STREAM)

    async def write() -> None:
        async for piece in log.follow(last_event_id):
            await send({"type": "http.response.body", "body": piece, "more_body": True})  # waits for a slow reader
        await send({"type": "http.response.body", "body": b""})

    writing, leaving = asyncio.ensure_future(write()), asyncio.ensure_future(_until_it_left(receive))
    try:
        await asyncio.wait((writing, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (writing, leaving):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _until_it_left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _answer(send: Send, status: int, headers: dict[str, str], body: bytes = b"") -> None:
    await _begin(send, status, headers)
    await send({"type": "http.response.body", "body": body})


async def _begin(send: Send, status: int, headers: dict[str, str]) -> None:
    pairs = [(name.encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})


async def _live(receive: Receive, send: Send) -> None:
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


app = status_app()
