"""What pages are served that reconnect by a library: streams that break in several ways, and the pages themselves."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler

from labkit.server.site import Routes
from labkit.wire import Frame, encode

TICK_S = 0.1
#: Before the cut, and in all.
SEEN, ALL, TICKS = 3, 6, 60
#: Between the last event and the cut: what a page has not read by then, its browser throws away.
READ_S = 0.4
#: How soon the server asks its clients to come back, in milliseconds, by scenario.
RETRIES_MS = {"cut": 2000, "retry-alone": 2000}
RETRY_MS = 400
#: Who reads in the page, and the package that npm has it under ("" for what the browser itself has).
LIBRARIES = {
    "EventSource": "",
    "fetch-event-source": "@microsoft/fetch-event-source",
    "htmx": "htmx.org",
    "datastar": "@starfederation/datastar",
}
#: As npm installs them. datastar's 1.0 is not there: 1.0.0-beta.11 is the newest.
INSTALLED = ("htmx.org@4.0.1", "@microsoft/fetch-event-source@2.0.1", "@starfederation/datastar@1.0.0-beta.11")
SCRIPTS = {
    "/npm/fetch-event-source": "@microsoft/fetch-event-source/lib/esm/index.js",
    "/npm/fetch": "@microsoft/fetch-event-source/lib/esm/fetch.js",
    "/npm/parse": "@microsoft/fetch-event-source/lib/esm/parse.js",
    "/npm/htmx": "htmx.org/dist/htmx.js",
    "/npm/hx-sse": "htmx.org/dist/ext/hx-sse.js",
    "/npm/datastar": "@starfederation/datastar/dist/datastar.js",
}
_NOTE = '<!doctype html><meta charset="utf-8"><script>const note = (data) => parent.note("LIBRARY", data);</script>'
PAGES = {
    "EventSource": '<script>new EventSource("URL").onmessage = ({ data }) => note(data);</script>',
    "fetch-event-source": """<script type="module">
import { fetchEventSource } from "/npm/fetch-event-source";
await fetchEventSource("URL", { method: "METHOD", onmessage: ({ data }) => { if (data) note(data); } });
</script>""",
    "htmx": """<script src="/npm/htmx"></script><script src="/npm/hx-sse"></script>
<script>addEventListener("htmx:sse:after:message", ({ detail }) => note(detail.message.data));</script>
<div ASK></div>""",
    "datastar": """<script>document.addEventListener("datastar-sse", ({ detail }) => {
  if (detail.type === "datastar-merge-signals") note(detail.argsRaw.signals.match(/[0-9]+/)[0]);
});</script><script type="module" src="/npm/datastar"></script>
<div data-on-load="@ASK('URL')"></div>""",
}


@dataclass(slots=True)
class AskedFor:
    """One request of a page: how, with which id, and when, and when its stream was over, in seconds; 0: not yet."""

    method: str
    last_event_id: str
    at_s: float
    over_s: float = 0.0


@dataclass(slots=True)
class PageLog:
    """All requests for streams, by library and scenario."""

    asked: dict[tuple[str, str], list[AskedFor]] = field(default_factory=dict)


def page(library: str, scenario: str) -> str:
    """The page of a library for a scenario."""
    posts = "post" in scenario
    url, method = f"/stream?library={library}&scenario={scenario}", "POST" if posts else "GET"
    ask = {"datastar": method.lower()}.get(
        library, f'hx-post="{url}" hx-trigger="load"' if posts else f'hx-sse:connect="{url}"'
    )
    html = _NOTE + PAGES[library]
    for word, text in {"LIBRARY": library, "URL": url, "METHOD": method, "ASK": ask}.items():
        html = html.replace(word, text)
    return html


def routes(log: PageLog, packages: Path | None) -> Routes:
    """The pages, their streams, and the scripts from a folder of npm's packages; None: only what the browser has."""

    class Page(RequestHandler):
        def get(self) -> None:
            self.finish(page(self.get_argument("library"), self.get_argument("scenario")))

    class Script(RequestHandler):
        def get(self) -> None:
            assert packages is not None, "a page of a library needs npm's packages"
            self.set_header("Content-Type", "text/javascript; charset=utf-8")
            self.finish((packages / SCRIPTS[self.request.path]).read_text("utf-8"))

    class Stream(BreakingStream):
        def initialize(self) -> None:
            self.log = log

    found: Routes = {"/page": Page, "/stream": Stream}
    return {**found, **dict.fromkeys(SCRIPTS, Script)}


class BreakingStream(RequestHandler):
    """A stream that breaks as its scenario says, and resumes after the Last-Event-ID."""

    log: PageLog

    async def get(self) -> None:
        """Streams, or refuses."""
        library, scenario = self.get_argument("library"), self.get_argument("scenario")
        asked = self.log.asked.setdefault((library, scenario), [])
        last_id = self.request.headers.get("Last-Event-ID", "")
        asked.append(AskedFor(self.request.method or "", last_id, time.monotonic()))
        self._library, self._numbered = library, "unnumbered" not in scenario
        if (scenario, len(asked)) in (("refused", 2), ("refused-at-first", 1)):
            return self.set_status(503)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        try:
            await self._tell(scenario, asked, int(last_id or 0))
        except StreamClosedError:  # the page has gone
            return None
        return None

    post = get

    async def _tell(self, scenario: str, asked: list[AskedFor], last: int) -> None:
        if scenario == "retry-alone":
            self.write(encode(Frame(retry_ms=RETRIES_MS[scenario])))
        if scenario.startswith("hidden"):
            return await self._tick(asked[0].at_s, last)
        breaks = len(asked) == 1 and scenario != "refused-at-first"
        for number in range(last + 1, (SEEN if breaks else ALL) + 1):
            await self._send(number, None if scenario == "retry-alone" else RETRIES_MS.get(scenario, RETRY_MS))
            await asyncio.sleep(0.03)
        if not breaks:
            return await self._hold()
        if scenario != "end":
            self.write(b"data: the begin")
            await self.flush()
            await asyncio.sleep(READ_S)
            self.request.connection.stream.close()  # type: ignore[union-attr]
        asked[0].over_s = time.monotonic()
        return None

    async def _tick(self, start_s: float, last: int) -> None:
        """An event for each tenth of a second: those that the page has missed at once, if it says which."""
        number = last + 1 if last else self._now(start_s)
        while number <= TICKS:
            await asyncio.sleep(start_s + number * TICK_S - time.monotonic())
            await self._send(number, RETRY_MS)
            number += 1
        await self._hold()

    def _now(self, start_s: float) -> int:
        return int((time.monotonic() - start_s) / TICK_S) + 1

    async def _send(self, number: int, retry_ms: int | None) -> None:
        data, event = str(number), None
        if self._library == "datastar":
            data, event = "signals " + json.dumps({"number": number}), "datastar-merge-signals"
        id = str(number) if self._numbered else None
        self.write(encode(Frame(data=data, event=event, id=id, retry_ms=retry_ms)))
        await self.flush()

    async def _hold(self) -> None:
        for _ in range(100):
            await asyncio.sleep(TICK_S)
            if self.request.connection.stream.closed():  # type: ignore[union-attr]
                return
