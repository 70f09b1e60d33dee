"""A status page for a flaky job that passes the whole checklist, on labkit.server. Look here last."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

from tornado.web import RequestHandler

from labkit.capstone.flaky_job import KINDS, flaky_job
from labkit.capstone.status_page import PAGE
from labkit.server import StreamHandler, Visit
from labkit.server.site import Routes
from labkit.wire import Frame, encode

BEAT_S = 0.4  # 15 s at work; the checklist's proxy is impatient

Job = Callable[[str], AsyncIterator[dict[str, Any]]]


class JobLog:
    """One job at a time, and all that it has said: readers read it at their own pace, and own nothing but a place."""

    def __init__(self, job: Job = flaky_job, beat_s: float = BEAT_S) -> None:
        self._job, self._beat_s = job, beat_s
        self.run, self.frames, self.readers = "", list[Frame](), 0
        self._work: asyncio.Task[None] | None = None
        self._news = asyncio.Event()

    @property
    def over(self) -> bool:
        """Whether no job runs."""
        return self._work is None or self._work.done()

    def start(self, kind: str) -> None:
        """Starts a job, unless one runs already."""
        if self.over:
            self.run, self.frames = "", []
            self._work = asyncio.ensure_future(self._note_all(kind))

    async def _note_all(self, kind: str) -> None:
        async for state in self._job(kind):
            self.run = state["run"]
            self.frames.append(Frame(id=f"{self.run}-{len(self.frames) + 1}", data=json.dumps(state)))
            self._wake()
        asyncio.get_running_loop().call_soon(self._wake)  # when the task is done

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def place_behind(self, last_event_id: str) -> int:
        """Where a reader goes on: behind its id; with an id of another run, or none, at the newest state."""
        run, _, number = last_event_id.rpartition("-")
        if run == self.run and number.isdecimal() and int(number) <= len(self.frames):
            return int(number)
        return max(0, len(self.frames) - 1)

    async def follow(self, last_event_id: str) -> AsyncGenerator[bytes, None]:
        """The frames from there on, and a comment in each silence, until the job is over."""
        run, place = self.run, self.place_behind(last_event_id)
        while run in ("", self.run):  # not into the next run
            run, news = self.run, self._news
            for frame in self.frames[place:]:
                place += 1
                yield encode(frame)
            if self.over:
                return
            try:
                await asyncio.wait_for(news.wait(), self._beat_s)
            except TimeoutError:
                yield b": still here\n\n"


class StatusPage(RequestHandler):
    """GET / shows the page."""

    def get(self) -> None:
        self.finish(PAGE)


class StartJob(RequestHandler):
    """POST /start?job=KIND starts the job, unless it runs."""

    def initialize(self, log: JobLog) -> None:
        """Called by tornado with the route's settings."""
        self.log = log

    def post(self) -> None:
        kind = self.get_query_argument("job", "flaky")
        self.set_status(202 if kind in KINDS else 400)
        if kind in KINDS:
            self.log.start(kind)


class StatusStream(StreamHandler):
    """GET /events; its base sets the media type, Cache-Control and X-Accel-Buffering."""

    def initialize(self, log: JobLog) -> None:
        """Called by tornado with the route's settings."""
        self.log = log

    def prepare(self) -> None:
        self.set_header("Labkit-Readers", str(self.log.readers + (self.request.method == "GET")))

    async def get(self) -> None:
        if self.log.over and self.log.place_behind(self.last_event_id) == len(self.log.frames):
            self.set_status(204)  # it has seen the end: a browser asks no more
            return
        self.log.readers += 1
        try:
            await self.send_all(self.log.follow(self.last_event_id), Visit(self.last_event_id))
        finally:
            self.log.readers -= 1


def routes(job: Job = flaky_job, beat_s: float = BEAT_S) -> Routes:
    """What this server serves."""
    log = JobLog(job, beat_s)
    return {"/": StatusPage, "/start": (StartJob, {"log": log}), "/events": (StatusStream, {"log": log})}
