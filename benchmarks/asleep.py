"""What becomes of a page's stream while page, browser or network are away, and what a service worker changes.

    uv run python benchmarks/asleep.py [--store]

A server publishes a number every 100 ms, with an id; a page reads by EventSource. For each situation: how many numbers
the page lost and how many it got twice, how often it asked, whether it asked with an id, and the longest time without
an event. With --store the table goes to labkit/lab/recorded/asleep.json, which lesson 05 shows, and docs/measured.md.

It needs a Chromium, to which it speaks by the DevTools protocol (CDP): a tab behind another one is frozen, as one is
that was there for long (Page.setWebLifecycleState); the network is emulated away (Network.emulateNetworkConditions),
which leaves a connection that is open alone. All processes of the browser are stopped by a signal: that is as near to
a laptop that sleeps as a machine comes that stays awake, for its kernel goes on answering for the browser.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import signal
import tempfile
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
import httpx
import psutil
from rich.console import Console
from rich.table import Table
from tornado.web import RequestHandler
from tornado.websocket import WebSocketClientConnection, websocket_connect

from labkit.clock import wait_until
from labkit.errors import LabError
from labkit.lab.engines import QUIET, find_browser
from labkit.log import MemoryLog
from labkit.server import Channel, LabServer, launch
from labkit.system.child import Child

ROOT = Path(__file__).parent.parent
RECORDED = ROOT / "labkit/lab/recorded/asleep.json"
MEASURED = ROOT / "docs/measured.md"
MARKS = ("<!-- asleep -->", "<!-- end of asleep -->")
AWAY_S = 8.0
LONG_S = 90.0
EVERY_S = 0.1

PAGE = """<!doctype html><meta charset="utf-8"><title>a page</title><script>
window.got = JSON.parse(sessionStorage.got ?? "[]"); // of this tab, also before it was loaded anew
window.told = [];
window.shown = [];
const keep = !location.search.includes("closes");
const resumes = location.search.includes("id");
let newest = "";
function open() {
  window.source = new EventSource(resumes && newest ? `/events?lastEventId=${newest}` : "/events");
  source.onopen = () => told.push("open");
  source.onerror = () => told.push(source.readyState === 2 ? "closed" : "connecting");
  source.onmessage = ({ data, lastEventId }) => {
    newest = lastEventId;
    got.push([Number(data), Date.now()]);
  };
}
addEventListener("pageshow", ({ persisted }) => {
  shown.push(persisted);
  if (persisted && !keep) open();
});
addEventListener("pagehide", () => {
  sessionStorage.got = JSON.stringify(got);
  if (!keep) source.close();
});
if (!location.search.includes("worker")) open(); // there it is opened when the worker is ready
</script>"""
#: What a service worker does with the page's request for the stream: it answers with what that gives, or lets it go by.
WORKERS = {"answers": "event.respondWith(fetch(event.request))", "lets-by": "null"}
WORKER = """
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("fetch", (event) => { if (event.request.url.includes("/events")) %s; });
"""


class Story:
    """A server that publishes all the time, and what it saw of one page."""

    def __init__(self, name: str) -> None:
        self.channel = Channel(MemoryLog(epoch="e"), retry_ms=500, heartbeat_s=1.0)
        self.published = 0
        routes: dict[str, Any] = {"/": _answer(PAGE), "/other": _answer("<!doctype html>another page")}
        for worker, does in WORKERS.items():
            routes[f"/{worker}.js"] = _answer(WORKER % does, "text/javascript")
        self._pages = routes
        self.server: LabServer = launch({**routes, "/events": self.channel}, name=name)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._publish, daemon=True)
        self._thread.start()

    def _publish(self) -> None:
        while not self._ended.wait(EVERY_S):
            self.published += 1
            self.channel.publish(str(self.published))

    def end_answers(self) -> None:
        """Ends each answer in good order, and serves the stream on."""
        self.server.replace(self._pages)
        self.server.replace({**self._pages, "/events": self.channel})

    def end(self) -> None:
        """Stops publishing, and the server."""
        self._ended.set()
        self._thread.join()
        self.server.stop()

    def row(self, got: list[tuple[int, float]], situation: str, at_the_end: str) -> dict[str, Any]:
        """What the page has got, and how often it asked. What was published in the last second may be on its way."""
        numbers, times = [number for number, _ in got], [at_ms for _, at_ms in got]
        due = range(numbers[0], self.published - int(1 / EVERY_S))
        return {
            "situation": situation,
            "lost": len(set(due) - set(numbers)),
            "twice": len(numbers) - len(set(numbers)),
            "asked": len(self.channel.visits),
            "silence_s": round(max(after - before for before, after in pairwise(times)) / 1000, 1),
            "at_the_end": at_the_end,
        }


class Tab:
    """A tab of a Chromium, driven by the DevTools protocol."""

    def __init__(self, address: str, id: str, socket: WebSocketClientConnection, root: int) -> None:
        self.address, self.id, self.root = address, id, root
        self._socket, self._count = socket, 0

    async def call(self, method: str, **given: Any) -> dict[str, Any]:
        """The result of one method."""
        self._count += 1
        await self._socket.write_message(json.dumps({"id": self._count, "method": method, "params": given}))
        while True:
            answer = json.loads(await self._socket.read_message() or "{}")
            if answer.get("id") == self._count:
                result: dict[str, Any] = answer.get("result", {})
                return result

    async def value(self, expression: str) -> Any:
        """What the expression gives in the page."""
        asked = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        return asked.get("result", {}).get("value")

    async def until(self, expression: str, seconds: float = 20.0) -> None:
        """Waits until it is true in the page."""
        for _ in range(int(seconds / 0.1)):
            if await self.value(expression):
                return
            await asyncio.sleep(0.1)
        raise LabError(f"the page never came to: {expression}")

    async def behind(self) -> None:
        """Opens another tab in front of this one."""
        async with httpx.AsyncClient() as client:
            other = (await client.put(f"{self.address}/json/new?about:blank")).json()
            await client.get(f"{self.address}/json/activate/{other['id']}")
        await self.until("document.visibilityState === 'hidden'")

    async def in_front(self) -> None:
        """Shows this tab again."""
        async with httpx.AsyncClient() as client:
            await client.get(f"{self.address}/json/activate/{self.id}")


def _answer(body: str, content_type: str = "text/html") -> type[RequestHandler]:
    class Answer(RequestHandler):
        def get(self) -> None:
            self.set_header("Content-Type", f"{content_type}; charset=utf-8")
            self.finish(body)

    return Answer


async def nothing(tab: Tab, story: Story) -> None:
    """Nothing happens."""
    await asyncio.sleep(AWAY_S)


async def long_nothing(tab: Tab, story: Story) -> None:
    """The same, for long."""
    await asyncio.sleep(LONG_S)


async def cut(tab: Tab, story: Story) -> None:
    """The server cuts the connection, and the page comes back."""
    story.channel.cut()
    await asyncio.sleep(AWAY_S / 2)


async def ended(tab: Tab, story: Story) -> None:
    """The server ends the answer in good order, and the page comes back."""
    story.end_answers()
    await asyncio.sleep(AWAY_S / 2)


async def hidden(tab: Tab, story: Story) -> None:
    """Another tab is in front."""
    await tab.behind()
    await asyncio.sleep(AWAY_S)
    await tab.in_front()


async def frozen(tab: Tab, story: Story) -> None:
    """The tab is frozen, as one that was long behind another."""
    await tab.behind()
    await tab.call("Page.setWebLifecycleState", state="frozen")
    await asyncio.sleep(AWAY_S)
    await tab.call("Page.setWebLifecycleState", state="active")
    await tab.in_front()


async def offline(tab: Tab, story: Story) -> None:
    """The network is away for the page."""
    speed = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    await tab.call("Network.enable")
    await tab.call("Network.emulateNetworkConditions", offline=True, **speed)
    await asyncio.sleep(AWAY_S)
    await tab.call("Network.emulateNetworkConditions", offline=False, **speed)


async def stopped(tab: Tab, story: Story) -> None:
    """All processes of the browser stand still."""
    processes = [psutil.Process(tab.root), *psutil.Process(tab.root).children(recursive=True)]
    for process in processes:
        process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(AWAY_S)
    for process in reversed(processes):
        process.send_signal(signal.SIGCONT)


async def worker_stopped(tab: Tab, story: Story) -> None:
    """The browser ends the service worker, as it does with one that is idle."""
    await asyncio.sleep(AWAY_S / 4)
    await tab.call("ServiceWorker.enable")
    await tab.call("ServiceWorker.stopAllWorkers")
    await asyncio.sleep(AWAY_S / 2)


async def away_and_back(tab: Tab, story: Story, seconds: float = AWAY_S) -> None:
    """The user goes to another page, and back."""
    await tab.value("void (location = '/other')")
    await asyncio.sleep(seconds)
    await tab.value("history.back()")


async def long_away(tab: Tab, story: Story) -> None:
    """The same, for long."""
    await away_and_back(tab, story, LONG_S)


Happening = Callable[[Tab, Story], Awaitable[None]]
SITUATIONS: dict[str, tuple[str, Happening]] = {
    "nothing happens": ("/", nothing),
    f"another tab in front, {AWAY_S:g} s": ("/", hidden),
    f"the tab is frozen, {AWAY_S:g} s": ("/", frozen),
    f"no network (emulated), {AWAY_S:g} s": ("/", offline),
    f"the browser stands still, {AWAY_S:g} s": ("/", stopped),
    f"another page, back after {AWAY_S:g} s": ("/", away_and_back),
    f"another page, back after {LONG_S:g} s": ("/", long_away),
    f"back after {AWAY_S:g} s, closed and opened anew": ("/?closes", away_and_back),
    f"back after {AWAY_S:g} s, opened anew with the id": ("/?closes&id", away_and_back),
    "the server cuts": ("/", cut),
    "the server ends the answer in order": ("/", ended),
    f"a service worker answers, {LONG_S:g} s": ("/?worker=answers", long_nothing),
    "a worker answers, and the server cuts": ("/?worker=answers", cut),
    "a worker answers, an end in order": ("/?worker=answers", ended),
    "a worker answers, and is stopped": ("/?worker=answers", worker_stopped),
    "a worker lets it by, the server cuts": ("/?worker=lets-by", cut),
}


async def watch(path: str, situation: str) -> tuple[dict[str, Any], str]:
    """One row of the table, and the browser's name."""
    query, happening = SITUATIONS[situation]
    story = Story(situation)
    try:
        async with chromium(path, story.server.url + query) as tab:
            if worker := query.partition("worker=")[2]:
                await tab.until("location.pathname === '/' && document.readyState === 'complete'")
                await tab.value(f"navigator.serviceWorker.register('/{worker}.js').then(() => 1)")
                await tab.until("navigator.serviceWorker.controller !== null")
                await tab.value("open()")
            await tab.until("got.length > 10")
            await happening(tab, story)
            await asyncio.sleep(4)
            await tab.until("got.length > 10")
            version = (await tab.call("Browser.getVersion"))["product"]
            state = ("connecting", "open", "closed")[await tab.value("source.readyState")]
            return story.row(
                await tab.value("got"), situation, state
            ), f"Chromium {version.partition('/')[2].split('.')[0]}"
    finally:
        story.end()


async def watch_all(path: str, situations: list[str]) -> list[tuple[dict[str, Any], str]]:
    """All of them, three at a time: each has a browser and a server of its own."""
    places = asyncio.Semaphore(3)

    async def one(situation: str) -> tuple[dict[str, Any], str]:
        async with places:
            found = await watch(path, situation)
            click.echo(json.dumps(found[0]))
            return found

    return list(await asyncio.gather(*map(one, situations)))


@contextlib.asynccontextmanager
async def chromium(path: str, url: str) -> AsyncIterator[Tab]:
    """A tab of a Chromium of its own."""
    with tempfile.TemporaryDirectory(prefix="labkit-asleep-", ignore_cleanup_errors=True) as profile:
        flags = [*QUIET, "--no-sandbox", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
        browser = Child([path, *flags, url], environment={"HOME": profile})
        try:
            port = Path(profile) / "DevToolsActivePort"
            await wait_until(lambda: port.is_file() and len(port.read_text().split()) == 2, seconds=20)
            address = f"http://127.0.0.1:{port.read_text().split()[0]}"
            async with httpx.AsyncClient() as client:
                pages = [one for one in (await client.get(f"{address}/json/list")).json() if one["type"] == "page"]
            socket = await websocket_connect(pages[0]["webSocketDebuggerUrl"])
            mine = [one for one in psutil.Process().children() if f"--user-data-dir={profile}" in one.cmdline()]
            yield Tab(address, pages[0]["id"], socket, mine[0].pid)
            socket.close()
        finally:
            await asyncio.to_thread(browser.stop)


@click.command()
@click.option("--store", is_flag=True, help="Keep the table for lesson 05 and docs/measured.md.")
@click.option("--only", default="", help="Only the situations in whose name this stands.")
def main(store: bool, only: str) -> None:
    """Prints the table."""
    path = find_browser()
    if path is None:
        raise LabError("no Chromium or Chrome was found here. Install one")
    found = asyncio.run(watch_all(path, [name for name in SITUATIONS if only in name]))
    rows, version = [row for row, _ in found], found[0][1]
    Console().print(table_of(rows, version))
    if store:
        store_rows(rows, version)


def table_of(rows: list[dict[str, Any]], version: str) -> Table:
    """The table for a terminal."""
    table = Table(*rows[0], title=f"{version}, {datetime.date.today()}")
    for row in rows:
        table.add_row(*map(str, row.values()))
    return table


def store_rows(rows: list[dict[str, Any]], version: str) -> None:
    """Keeps them for lesson 05, and as a table between the marks of docs/measured.md."""
    kept = {"browser": version, "date": f"{datetime.date.today()}", "rows": rows}
    RECORDED.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    lines = [
        f"{version}, {kept['date']}.",
        "",
        "| situation | lost | twice | asked | longest silence | at the end |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        lines.append("| {situation} | {lost} | {twice} | {asked} | {silence_s} s | {at_the_end} |".format(**row))
    text = MEASURED.read_text("utf-8")
    before, _, rest = text.partition(MARKS[0])
    MEASURED.write_text("\n".join([before + MARKS[0], "", *lines, "", MARKS[1]]) + rest.partition(MARKS[1])[2], "utf-8")


if __name__ == "__main__":
    main()
