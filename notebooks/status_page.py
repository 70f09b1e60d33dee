"""A status page for a flaky job, as one writes it at first. Begin here, save, and let `labkit capstone FILE` check it.

Run it with `python FILE`, and look at http://127.0.0.1:8000
"""

from __future__ import annotations

from tornado.web import RequestHandler

from labkit.capstone.flaky_job import flaky_job
from labkit.server.site import Routes

PAGE = """<!doctype html><meta charset="utf-8"><title>The job</title>
<h1>The job</h1> <button id="start">Start</button> <p id="state">no news yet</p> <p id="note"></p>
<script>
const byId = (id) => document.getElementById(id);
function listen() {
  const source = new EventSource("/events");
  source.onmessage = (message) => {
    byId("note").innerHTML = message.data;
  };
}
byId("start").onclick = async () => { await fetch("/start", { method: "POST" }); listen(); };
listen();
</script>
"""


class NaivePage(RequestHandler):
    """GET / shows the page."""

    def get(self) -> None:
        self.finish(PAGE)


class NaiveStart(RequestHandler):
    """POST /start starts the job; /start?job=short starts the short one."""

    def post(self) -> None:
        self.set_status(202)  # "accepted". And nothing is started: each reader of /events runs a job of its own


class NaiveEvents(RequestHandler):
    """GET /events is the stream of what the job says."""

    async def get(self) -> None:
        async for state in flaky_job():
            self.write(f"data: {state}\n\n")


def routes() -> Routes:
    """What this server serves."""
    return {"/": NaivePage, "/start": NaiveStart, "/events": NaiveEvents}


if __name__ == "__main__":
    import asyncio

    from labkit.server import serve

    async def run() -> None:
        """Serves until Ctrl-C."""
        async with serve(routes(), port=8000) as server:
            print(f"{server.base_url}  (Ctrl-C stops it)")
            await asyncio.Event().wait()

    asyncio.run(run())
