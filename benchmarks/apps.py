"""What do the apps hold that their naive versions do not? Frame times, cuts, and how old a slow reader's prices are.

uv run python benchmarks/apps.py

The ticker publishes 1,000 prices a second. Its page in a real Chromium (headless, without a graphics card), full and
naive, on both servers, in turns: how long a frame takes, how much of the time the page's thread is busy, and how old
the prices on the page are at the end. A reader that takes 10 events a second: how old is what it reads, and what waits
for it in the server. And the dashboard: 50 cuts at places that chance chooses (seeded), what was missed and what came
twice. Server, browser and reader share one machine, and its clock.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))
from labkit.apps import find_app
from labkit.apps.launching import app_routes
from labkit.client import EventSource
from labkit.clock import ImpatientClock
from labkit.proxy import relay
from labkit.server import LabServer, launch, serve
from tests.apps.cuts import CutAnywhere
from tests.chromium import QUIET

ROUNDS, PAGE_S, SLOW_S, SLOW_PER_S, CUTS = 2, 6.0, 30.0, 10, 50
LONG_MS = 50.0
VERSIONS = ("full", "naive")
#: What the page itself notes until its time is over: the length of each frame, the events that it handled, its thread's
#: long tasks, and how old what it shows is. Later events it drops, so that it can be asked at all.
WATCH = """
window.frames_ms = []; window.events = 0; window.busy_ms = 0; window.age = "";
const OVER_MS = $OVER_MS;
let last = 0;
(function frame(now) {
  if (last && last < OVER_MS) frames_ms.push(now - last);
  last = now;
  requestAnimationFrame(frame);
})(0);
new PerformanceObserver((list) => list.getEntries().forEach((task) => { busy_ms += task.duration; }))
  .observe({ type: "longtask" });
const listen = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (type, act) {
  listen.call(this, type, (event) => {
    if (performance.now() > OVER_MS) return;
    events += type === "prices";
    act(event);
    age = document.querySelector("#age").textContent;
  });
};
""".replace("$OVER_MS", f"{1000 * PAGE_S:.0f}")


@dataclass
class Watched:
    """What pages of one version did."""

    frames_ms: list[float] = field(default_factory=list)
    events: int = 0
    busy_ms: float = 0.0
    ages_s: list[float] = field(default_factory=list)


def served(name: str, naive: bool, naive_page: bool = False) -> tuple[Any, LabServer]:
    """The app and a server that runs it, with the page of one version or the other."""
    app: Any = find_app(name, Path(tempfile.mkdtemp(prefix="labkit-apps-")), naive)
    server = launch(app_routes(name, app, naive_page), name="benchmark")
    server.keep_running(app.work)
    return app, server


def watch_page(browser: Browser, naive_server: bool, naive_page: bool, seen: Watched) -> None:
    _, server = served("ticker", naive_server, naive_page)
    page = browser.new_page(viewport={"width": 1000, "height": 900}, bypass_csp=True)
    page.add_init_script(WATCH)
    page.goto(server.url)
    page.wait_for_timeout(1000 * PAGE_S + 500)
    frames_ms, events, busy_ms, age = page.evaluate("() => [frames_ms, events, busy_ms, parseFloat(age)]")
    seen.frames_ms += frames_ms
    seen.events, seen.busy_ms = seen.events + events, seen.busy_ms + busy_ms
    seen.ages_s.append(age)
    page.close()
    server.stop()


def events_of(connection: socket.socket) -> Iterator[Any]:
    """The data of the events, as JSON. It reads no more than it has to."""
    kept = b""
    while True:
        while b"\n\n" not in kept:
            kept += connection.recv(1024)
        block, _, kept = kept.partition(b"\n\n")
        yield from (json.loads(line[6:]) for line in block.splitlines() if line.startswith(b"data: "))


def slow_reader(naive: bool, confirms: bool) -> tuple[list[float], int]:
    """How old what was read is, in seconds, and how many events or rows the server keeps at the end."""
    app, server = served("ticker", naive)
    ages_s: list[float] = []
    with socket.create_connection(("127.0.0.1", server.port)) as connection, httpx.Client(trust_env=False) as client:
        connection.sendall(b"GET /prices HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
        name, begin_s = "", time.time()
        for data in events_of(connection):
            if isinstance(data, str):
                name = data
                continue
            ages_s.append(time.time() - data["at"])
            if confirms:
                client.post(f"{server.url}/read", json={"reader": name, "read": len(ages_s)})
            if time.time() - begin_s > SLOW_S:
                break
            time.sleep(max(0.0, begin_s + len(ages_s) / SLOW_PER_S - time.time()))
        kept = max(reader.qsize() for reader in app.readers) if naive else len(app.newest.since(0)[0])
    server.stop()
    return ages_s, kept


async def cut_dashboard(naive: bool) -> tuple[int, int, int]:
    """How many entries were published while somebody read, how many of them were missed, and how many came twice."""
    app: Any = find_app("dashboard", Path(tempfile.mkdtemp(prefix="labkit-apps-")), naive)
    picture: list[int] = []
    number = 0

    async def read(url: str) -> None:
        async with EventSource(url, clock=ImpatientClock()) as source:
            async for event in source:
                if event.type == "snapshot":
                    picture.extend(entry["at"] for entry in json.loads(event.data))
                elif event.type == "entry":
                    picture.append(json.loads(event.data)["at"])

    async with serve(app.routes) as server, relay(server.url, CutAnywhere(CUTS, 400), seed=7) as proxy:
        reading = asyncio.ensure_future(read(proxy.url))
        while proxy.connections <= CUTS:
            number += 1
            await app.publish({"at": number})
            await asyncio.sleep(0.002)
        await asyncio.sleep(0.5)
        reading.cancel()
    return number, number - len(set(picture)), len(picture) - len(set(picture))


def main() -> None:
    console = Console(width=120)
    pages = {(naive_server, naive_page): Watched() for naive_page in (False, True) for naive_server in (False, True)}
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        for _ in range(ROUNDS):
            for (naive_server, naive_page), seen in pages.items():
                watch_page(browser, naive_server, naive_page, seen)
        browser.close()
    columns = ("page", "server", "events", "frames", "median ms", "p99 ms", "longest ms", f"over {LONG_MS:.0f} ms")
    title = "1,000 prices a second in Chromium"
    table = Table(*columns, "thread busy in long tasks", "age of what it shows", title=title)
    for (naive_server, naive_page), seen in pages.items():
        frames = sorted(seen.frames_ms) or [float("nan")]
        table.add_row(
            VERSIONS[naive_page], VERSIONS[naive_server], f"{seen.events:,}", f"{len(frames):,}",
            f"{statistics.median(frames):.1f}",
            f"{frames[int(0.99 * (len(frames) - 1))]:.1f}", f"{frames[-1]:.1f}", f"{sum(f > LONG_MS for f in frames)}",
            f"{100 * seen.busy_ms / (ROUNDS * PAGE_S * 1000):.0f} %", ", ".join(f"{age:.1f} s" for age in seen.ages_s),
        )  # fmt: skip
    console.print(table)
    table = Table("slow reader", "events read", "age after 1/3", "after 2/3", "at the end", "oldest", "kept for it",
                  title=f"A reader of {SLOW_PER_S} events a second, {SLOW_S:.0f} s")  # fmt: skip
    for label, naive, confirms in (
        ("full, confirms", False, True),
        ("full, silent", False, False),
        ("naive", True, False),
    ):
        ages_s, kept = slow_reader(naive, confirms)
        third = len(ages_s) // 3
        ages = [ages_s[third], ages_s[2 * third], ages_s[-1], max(ages_s)]
        what = "events" if naive else "rows, for all"
        table.add_row(label, f"{len(ages_s)}", *(f"{age:.2f} s" for age in ages), f"{kept:,} {what}")
    console.print(table)
    table = Table("dashboard", "published", "missed", "twice", title=f"{CUTS} cuts at random places")
    for naive in (False, True):
        table.add_row(VERSIONS[naive], *(f"{number:,}" for number in asyncio.run(cut_dashboard(naive))))
    console.print(table)


if __name__ == "__main__":
    main()
