"""A job in a process pool as a tutorial writes it: who happens to watch is told of what happens to go well."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncGenerator
from pathlib import Path

from labkit.apps.job_progress.workers import Job, Workers, job_in
from labkit.apps.requests import ActionHandler, Values, text_in
from labkit.server.site import Routes
from labkit.wire import Frame


class NaiveJobProgress:
    """The naive server: a queue for each open page, and the jobs in memory."""

    def __init__(self, folder: Path) -> None:
        self.workers, self.jobs = Workers(), dict[str, tuple[Job, object]]()
        self.queues: list[asyncio.Queue[str]] = []
        self.numbers = itertools.count(1)
        self.routes: Routes = {
            "/start": (ActionHandler, {"act": self.start}),
            "/cancel": (ActionHandler, {"act": self.cancel}),
            "/events": self.events,
        }

    async def events(self, last_event_id: str) -> AsyncGenerator[Frame, None]:
        """All jobs' steps, from now on."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self.queues.append(queue)
        while True:
            yield Frame(data=await queue.get(), event="job")

    def tell(self, job: Job) -> None:
        """Tells all pages that are open."""
        for queue in self.queues:
            queue.put_nowait(json.dumps(job))

    async def start(self, values: Values) -> None:
        """Starts a job."""
        job = {**job_in(values), "id": str(next(self.numbers))}
        self.jobs[job["id"]] = job, asyncio.create_task(self.run(job))

    async def cancel(self, values: Values) -> None:
        """Ends a job after the step that it is in."""
        self.jobs[text_in(values, "id")][0]["state"] = "cancelled"

    async def run(self, job: Job) -> None:
        """Runs a job step by step, and tells of each."""
        while job["state"] == "running":
            self.tell(job)
            await self.workers.step(job)
        del self.jobs[job["id"]]
        self.tell(job)

    async def work(self) -> None:
        """Lets jobs run for as long as the server does; while it rests, they rest."""
        await self.workers.work()
