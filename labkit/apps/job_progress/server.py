"""A job in a process pool: started, watched by many, cancelled, and never lost without a word."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path

from labkit.apps.job_progress.workers import Job, Workers, job_in
from labkit.apps.requests import ActionHandler, Values, text_in
from labkit.errors import LabError
from labkit.log import SQLiteLog
from labkit.server import Channel
from labkit.server.site import Routes


class JobProgress:
    """The server. Each step of a job is an event, with all that there is to say of that job."""

    def __init__(self, folder: Path) -> None:
        self.workers, self.jobs = Workers(), dict[str, tuple[Job, object]]()
        # A log in a file: whoever comes later, or was cut off, has all jobs from it, and watches like the others.
        self.channel = Channel(SQLiteLog(folder / "jobs.db", max_events=2000, epoch="jobs"), retry_ms=1000)
        logged = [json.loads(frame.data or "") for frame in self.channel.log.since("jobs-0").frames]
        # What runs by the log died with the server that ran it. Unsaid, its bar would stand still for ever.
        for job in {job["id"]: job for job in logged}.values():
            if job["state"] == "running":
                lost = {"state": "lost", "error": "the server was restarted while it ran; start it again"}
                self.channel.publish(json.dumps(job | lost), "job")
        self.numbers = itertools.count(1 + max((int(job["id"]) for job in logged), default=0))
        self.routes: Routes = {
            "/start": (ActionHandler, {"act": self.start}),
            "/cancel": (ActionHandler, {"act": self.cancel}),
            "/events": self.channel,
        }

    async def start(self, values: Values) -> None:
        """Starts a job."""
        # A hundred impatient clicks would be a hundred jobs, which all wait for the same two processes.
        if len(self.jobs) >= 4:
            raise LabError("4 jobs run already. Cancel one, or wait until one is done")
        job = {**job_in(values), "id": str(next(self.numbers))}
        self.jobs[job["id"]] = job, asyncio.create_task(self.run(job))

    async def cancel(self, values: Values) -> None:
        """Ends a job after the step that it is in."""
        # Somebody else was quicker, or the page has not heard yet that the job is done.
        if text_in(values, "id") not in self.jobs:
            raise LabError("that job does not run any more")
        self.jobs[text_in(values, "id")][0]["state"] = "cancelled"

    async def run(self, job: Job) -> None:
        """Runs a job step by step, and tells of each."""
        try:
            while job["state"] == "running":
                await self.channel.publish_async(json.dumps(job), "job")
                await self.workers.step(job)
        # What a task raises reaches no page. It must be told, or the bar stands still.
        except Exception as problem:
            job |= {"state": "failed", "error": f"{type(problem).__name__}: {problem}"}
            # A pool that has lost a process takes no work any more: all later jobs would fail as well.
            self.workers.renew_if_broken()
        del self.jobs[job["id"]]
        await self.channel.publish_async(json.dumps(job), "job")

    async def work(self) -> None:
        """Lets jobs run for as long as the server does; while it rests, they rest."""
        await self.workers.work()
