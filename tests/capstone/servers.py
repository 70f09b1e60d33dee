"""The status page in other frameworks, and many that are wrong in one thing, as learners write them."""

from __future__ import annotations

import asyncio
import functools
import html
import json
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from typing import Any

import flask
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response, StreamingResponse
from tornado.web import RequestHandler

from labkit.capstone import Settings, flaky_job, flaky_job_sync
from labkit.capstone.solution import JobLog, StartJob, StatusPage, StatusStream
from labkit.capstone.solution_asgi import status_app
from labkit.capstone.status_page import PAGE
from labkit.clock import wait_until
from labkit.server import Visit
from labkit.server.site import Routes
from labkit.wire import Frame, encode

#: Quick, and slow enough for a machine that is busy.
EVERY_S, PAUSE_S, BEAT_S = 0.06, 1.2, 0.2
SETTINGS = Settings(seconds=5.0, idle_s=0.9, notice_s=1.0, sleepers=6, browser=False)
quick_job = functools.partial(flaky_job, every_s=EVERY_S, pause_s=PAUSE_S)


def routes_of(
    log: JobLog | None = None,
    stream: type[StatusStream] = StatusStream,
    start: type[RequestHandler] = StartJob,
    page: type[RequestHandler] = StatusPage,
) -> Routes:
    log = log or JobLog(quick_job, BEAT_S)
    return {"/": page, "/start": (start, {"log": log}), "/events": (stream, {"log": log})}


# --- whole, in other frameworks


def fastapi_app() -> FastAPI:
    app, log = FastAPI(), JobLog(quick_job, BEAT_S)

    @app.get("/")
    async def page() -> HTMLResponse:
        return HTMLResponse(PAGE)

    @app.post("/start", status_code=202)
    async def start(job: str = "flaky") -> None:
        log.start(job)

    @app.get("/events")
    async def events(request: Request) -> Response:
        last_event_id = request.headers.get("last-event-id", "")
        if log.over and log.place_behind(last_event_id) == len(log.frames):
            return Response(status_code=204)
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return StreamingResponse(log.follow(last_event_id), media_type="text/event-stream", headers=headers)

    return app


def flask_app() -> flask.Flask:
    """WSGI: the job has a thread, each reader another one."""
    app, frames, changed, working = flask.Flask("status"), list[dict[str, Any]](), threading.Condition(), [False]

    def work(kind: str) -> None:
        for state in flaky_job_sync(kind, every_s=EVERY_S, pause_s=PAUSE_S):
            with changed:
                frames.append(state)
                changed.notify_all()
        with changed:
            working[0] = False
            changed.notify_all()

    def follow(place: int) -> Iterator[str]:
        while True:
            with changed:
                if place >= len(frames) and working[0]:
                    changed.wait(BEAT_S)
                news, over = frames[place:], not working[0]
            for state in news:
                place += 1
                yield f"id: {state['run']}-{place}\ndata: {json.dumps(state)}\n\n"
            if over:
                return
            if not news:
                yield ": still here\n\n"

    @app.get("/")
    def page() -> str:
        return PAGE

    @app.post("/start")
    def start() -> tuple[str, int]:
        with changed:
            if not working[0]:
                working[0] = True
                frames.clear()
                threading.Thread(target=work, args=(flask.request.args.get("job", "flaky"),), daemon=True).start()
        return "", 202

    @app.get("/events")
    def events() -> flask.Response:
        run, _, number = flask.request.headers.get("Last-Event-ID", "").rpartition("-")
        known = bool(frames) and run == frames[0]["run"] and number.isdecimal() and int(number) <= len(frames)
        place = int(number) if known else max(0, len(frames) - 1)
        if not working[0] and place == len(frames):
            return flask.Response(status=204)
        headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        return flask.Response(follow(place), mimetype="text/event-stream", headers=headers)

    return app


# --- wrong in one thing


def starts_nothing() -> Routes:
    return {path: route for path, route in routes_of().items() if path != "/start"}


class Blocking(StartJob):
    def post(self) -> None:
        for _ in flaky_job_sync(every_s=0.1, pause_s=2.2):
            pass


class PlainText(StatusStream):
    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.set_header("Content-Type", "text/plain")


class Collected(StatusStream):
    """What is never flushed goes out with the end."""

    async def get(self) -> None:
        if self.log.over and self.log.place_behind(self.last_event_id) == len(self.log.frames):
            self.set_status(204)
            return
        async for piece in self.log.follow(self.last_event_id):
            self.write(piece)


class Printing(JobLog):
    async def follow(self, last_event_id: str) -> AsyncGenerator[bytes, None]:
        async for piece in super().follow(last_event_id):
            data = piece.partition(b"data: ")[2].strip()
            yield encode(Frame(data=str(json.loads(data)))) if data else piece


def without_run(kind: str) -> AsyncIterator[dict[str, Any]]:
    async def play() -> AsyncIterator[dict[str, Any]]:
        async for state in quick_job(kind):
            yield {"step": state["step"], "of": state["of"], "state": state["state"]}

    return play()


class NoRun(JobLog):
    async def _note_all(self, kind: str) -> None:
        async for state in without_run(kind):
            self.frames.append(Frame(id=str(len(self.frames) + 1), data=json.dumps(state)))
            self._wake()
        asyncio.get_running_loop().call_soon(self._wake)


class JobForEach(StatusStream):
    async def get(self) -> None:
        self.log = JobLog(quick_job, BEAT_S)
        self.log.start("flaky")
        await super().get()


class Restarting(JobLog):
    def start(self, kind: str) -> None:
        if self._work is not None:
            self._work.cancel()
            self._work = None
        super().start(kind)

    async def follow(self, last_event_id: str) -> AsyncGenerator[bytes, None]:
        place = self.place_behind(last_event_id)
        while not self.over or place < len(self.frames):
            place = min(place, len(self.frames))
            for frame in self.frames[place:]:
                place += 1
                yield encode(frame)
            await asyncio.sleep(EVERY_S / 4)
            yield b": still here\n\n"


class NextOnly(JobLog):
    def place_behind(self, last_event_id: str) -> int:
        place = super().place_behind(last_event_id)
        return place if self.over or last_event_id.startswith(self.run or "?") else len(self.frames)


class FromTheBeginning(JobLog):
    def place_behind(self, last_event_id: str) -> int:
        return super().place_behind(last_event_id) if last_event_id else 0


class Deaf(JobLog):
    """To a reader who comes back it gives the newest state only; it knows who has seen the end."""

    def place_behind(self, last_event_id: str) -> int:
        place = super().place_behind(last_event_id)
        return place if place == len(self.frames) else max(0, len(self.frames) - 1)


class Live(JobLog):
    """While the job runs, who comes back goes on with what comes next, and not with what was missed."""

    def place_behind(self, last_event_id: str) -> int:
        known = self.run and last_event_id.startswith(f"{self.run}-")
        return len(self.frames) if known and not self.over else super().place_behind(last_event_id)


class GoneWhenOver(StatusStream):
    async def get(self) -> None:
        if self.log.over and self.last_event_id:
            self.set_status(204)
        else:
            await super().get()


class WithoutIds(JobLog):
    async def follow(self, last_event_id: str) -> AsyncGenerator[bytes, None]:
        async for piece in super().follow(last_event_id):
            yield piece[piece.index(b"data:") :] if piece.startswith(b"id:") else piece


class OnceMore(JobLog):
    def place_behind(self, last_event_id: str) -> int:
        place = super().place_behind(last_event_id)
        known = self.run and last_event_id.startswith(self.run) and 0 < place < len(self.frames)
        return place - 1 if known else place


class Numbered(JobLog):
    """It takes any number: behind the end, it waits for what may come."""

    def place_behind(self, last_event_id: str) -> int:
        return int(last_event_id) if last_event_id.isdecimal() else super().place_behind(last_event_id)

    async def follow(self, last_event_id: str) -> AsyncGenerator[bytes, None]:
        while self.place_behind(last_event_id) > len(self.frames) and not self.over:
            await asyncio.sleep(BEAT_S)
            yield b": still here\n\n"
        async for piece in super().follow(last_event_id):
            yield piece


class Crashing(StatusStream):
    def prepare(self) -> None:
        if self.last_event_id:
            int(self.last_event_id.rpartition("-")[2])

    def log_exception(self, *problem: Any) -> None:
        """Says nothing."""


class Endless(JobLog):
    async def follow(self, last_event_id: str) -> AsyncGenerator[bytes, None]:
        async for piece in super().follow(last_event_id):
            yield piece
        while True:
            await asyncio.sleep(BEAT_S)
            yield b": still here\n\n"


class StartsAgain(StatusStream):
    async def get(self) -> None:
        if self.log.over and self.log.run:
            self.log.start("flaky")
        await super().get()


class AlwaysOpen(StatusStream):
    """It gives an empty stream to who has seen the end, and its page does not hang up."""

    async def get(self) -> None:
        await self.send_all(self.log.follow(self.last_event_id), Visit(self.last_event_id))


class ClingingPage(RequestHandler):
    def get(self) -> None:
        self.finish(PAGE.replace(".close()", ""))


class Buffered(StatusStream):
    def set_default_headers(self) -> None:
        super().set_default_headers()
        self.clear_header("X-Accel-Buffering")


class Unbounded(StatusStream):
    """It writes for each reader, and does not wait until that has gone."""

    async def get(self) -> None:
        if self.log.over and self.log.place_behind(self.last_event_id) == len(self.log.frames):
            self.set_status(204)
            return
        async for piece in self.log.follow(self.last_event_id):
            self.write(bytes(bytearray(piece)))
            self.flush()


class Waiting(JobLog):
    """The job waits until each reader has taken each state."""

    def __init__(self) -> None:
        super().__init__(quick_job, BEAT_S)
        self._behind = 0

    async def _note_all(self, kind: str) -> None:
        async for state in self._job(kind):
            self.run = state["run"]
            self.frames.append(Frame(id=f"{self.run}-{len(self.frames) + 1}", data=json.dumps(state)))
            self._wake()
            await asyncio.sleep(0)
            await wait_until(lambda: not self._behind, 60.0)
        asyncio.get_running_loop().call_soon(self._wake)

    async def follow(self, last_event_id: str) -> AsyncGenerator[bytes, None]:
        async for piece in super().follow(last_event_id):
            self._behind += 1
            try:
                yield piece
            finally:
                self._behind -= 1


class RunningPage(RequestHandler):
    def get(self) -> None:
        self.finish(PAGE.replace('byId("note").textContent', 'byId("note").innerHTML'))


def escaping_job(kind: str) -> AsyncIterator[dict[str, Any]]:
    async def play() -> AsyncIterator[dict[str, Any]]:
        async for state in quick_job(kind):
            yield {**state, "note": html.escape(state["note"], quote=False)}

    return play()


def deaf_to_leaving() -> Callable[..., Any]:
    """An ASGI app that never asks whether its reader is still there."""
    app = status_app(quick_job, BEAT_S)

    async def deaf(scope: Any, receive: Any, send: Any) -> None:
        async def never() -> Any:
            message = await receive()
            if message["type"] == "http.disconnect":
                await asyncio.Event().wait()
            return message

        await app(scope, receive if scope["type"] == "lifespan" else never, send)

    return deaf


def silent() -> Routes:
    return routes_of(JobLog(quick_job, 60.0))


def log_routes(kind: type[JobLog]) -> Callable[[], Routes]:
    return lambda: routes_of(kind(quick_job, BEAT_S))


def stream_routes(kind: type[StatusStream]) -> Callable[[], Routes]:
    return lambda: routes_of(stream=kind)


#: Name -> what makes it, the line that it fails, and words that are said.
WRONG: dict[str, tuple[Callable[[], Any], str, str]] = {
    "starts nothing": (starts_nothing, "starts", "POST /start was answered 404"),
    "blocking": (lambda: routes_of(start=Blocking), "starts", "begin the job, and answer at once"),
    "plain text": (stream_routes(PlainText), "stream", "The media type is not text/event-stream [wrong-media-type]"),
    "collected": (stream_routes(Collected), "streams", "All events come at once, with the end [held-to-the-end]"),
    "printed": (log_routes(Printing), "says", "An object was printed, and not made into JSON [printed-object]"),
    "without a run": (log_routes(NoRun), "says", "has no 'run'. Each event is like {\"run\""),
    "a job for each": (stream_routes(JobForEach), "once", "each GET begins a job of its own"),
    "restarting": (log_routes(Restarting), "once", "one button, two jobs"),
    "next only": (log_routes(NextOnly), "snapshot", "a reader without an id received "),
    "from the beginning": (log_routes(FromTheBeginning), "snapshot", "who comes late sees the past"),
    "deaf": (log_routes(Deaf), "resumes", "did not come"),
    "live": (log_routes(Live), "resumes", "seen   after a cut behind event "),
    "gone when over": (stream_routes(GoneWhenOver), "resumes", "did not come (it answered 204)"),
    "without ids": (log_routes(WithoutIds), "resumes", "Events carry no ids [ids-missing]"),
    "once more": (log_routes(OnceMore), "doubles", "came twice: go on behind that id, not with it"),
    "any number": (log_routes(Numbered), "unknown", "with the unknown Last-Event-ID '999999' received nothing"),
    "crashing": (stream_routes(Crashing), "unknown", "was answered 500"),
    "endless": (log_routes(Endless), "ends", "it is still open"),
    "starts again": (stream_routes(StartsAgain), "ends", "a finished job answers 204, or its last state"),
    "asked again": (
        lambda: routes_of(stream=AlwaysOpen, page=ClingingPage),
        "ends",
        "The stream ended, and EventSource will ask again [asks-again]",
    ),
    "silent": (silent, "beats", "a proxy that allows 0.9 s of silence cut it"),
    "buffered": (stream_routes(Buffered), "proxy", "X-Accel-Buffering: no forbids that"),
    "deaf to leaving": (deaf_to_leaving, "leaves", "The server is not told that a reader left [leaving-unnoticed]"),
    "unbounded": (stream_routes(Unbounded), "slow", "what waits for a slow reader has no bound"),
    "waiting": (lambda: routes_of(Waiting()), "slow", "the job waits for the slowest"),
    "running page": (lambda: routes_of(page=RunningPage), "text", "with .innerHTML ="),
    "escaping": (lambda: routes_of(JobLog(escaping_job, BEAT_S)), "text", "the note with < and > comes changed"),
}
RIGHT: dict[str, Callable[[], Any]] = {
    "labkit": routes_of,
    "asgi": lambda: status_app(quick_job, BEAT_S),
    "fastapi": fastapi_app,
    "flask": flask_app,
}
