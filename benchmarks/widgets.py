"""Does the page stay responsive while 1000 events a second arrive? In a real JupyterLab, in a real Chromium.

uv run python benchmarks/widgets.py

For each client on the screen: the longest frame and the memory of the page, over 30 seconds of events, beside the same
page at rest. A frame longer than 100 ms is felt. The browser is headless and draws without a graphics card.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser.conftest import QUIET, Desk, Jupyter, serve_jupyter

EVENTS_PER_S = 1000
SECONDS = 30

SERVER = f"""
    from labkit.server import Channel, launch
    from labkit.widgets import *
    channel = Channel()
    server = launch({{"/words": channel}})
    url = server.url + "/words"
    per_tick = {EVENTS_PER_S} // 100
    async def tick():
        import asyncio
        loop = asyncio.get_running_loop()
        start = loop.time()
        for number in range({SECONDS} * 100):
            for place in range(per_tick):
                channel.publish(f"word {{number}}.{{place}}")
            await asyncio.sleep(max(0, start + (number + 1) / 100 - loop.time()))
"""
SHOWN = {
    "at rest": "None",
    "KernelClient": "client = KernelClient(url); client",
    "BrowserClient, EventSource": "client = BrowserClient(url); client",
    "BrowserClient, fetch": "client = BrowserClient(url, via='fetch'); client",
    "kernel and browser together": "client = KernelClient(url); side_by_side(client, BrowserClient(url))",
}
WATCH = """seconds => new Promise(done => {
  const frames = []; let last = performance.now(); const end = last + seconds * 1000;
  function frame(now) { frames.push(now - last); last = now; now < end ? requestAnimationFrame(frame) : done(frames); }
  requestAnimationFrame(frame);
})"""


def main() -> None:
    home = Path(tempfile.mkdtemp())
    (home / "lessons").mkdir()
    table = Table(
        "on the screen", "events", "frames", "median ms", "longest ms", "memory MiB, after 10 s", "at the end"
    )
    with serve_jupyter(home) as jupyter, sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        # Without the flag the size of the heap is given in steps of some 10 %, so that pages cannot be told apart.
        options = [*QUIET, "--enable-precise-memory-info", "--js-flags=--expose-gc"]
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        for name, cell in SHOWN.items():
            context = browser.new_context(viewport={"width": 1280, "height": 900})
            page = open_cells(context, jupyter, f"bench{len(table.rows)}", cell, name)
            events, frames, early, late = measure(page, played=name != "at rest")
            table.add_row(name, f"{events:,}", f"{len(frames)}", f"{statistics.median(frames):.0f}",
                          f"{max(frames):.0f}", f"{early:.1f}", f"{late:.1f}")  # fmt: skip
            context.close()
        browser.close()
    Console(width=130).print(table)


def open_cells(context: object, jupyter: Jupyter, notebook: str, cell: str, name: str) -> Page:
    play = "playing = server._submit(tick())" if name != "at rest" else "None"
    jupyter.write(notebook, SERVER, cell, play, "print(len(client.received), client.received.maxlen)")
    lab = Desk(context, jupyter.url).open(notebook)
    lab.page.get_by_role("menuitem", name="Run", exact=True).click()
    lab.page.keyboard.press("Escape")
    for number in range(2):
        run(lab.page, number)
        lab.page.wait_for_timeout(2000)
    return lab.page


def run(page: Page, number: int) -> None:
    page.locator(".jp-CodeCell").nth(number).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def measure(page: Page, played: bool) -> tuple[int, list[float], float, float]:
    """Events received, the lengths of the frames, and the page's memory in MiB after 10 s and at the end."""
    run(page, 2)
    page.wait_for_timeout(500)
    frames: list[float] = page.evaluate(WATCH, 10)
    early = heap(page)
    frames += page.evaluate(WATCH, SECONDS - 10)
    late = heap(page)
    if not played:
        return 0, frames, early, late
    page.wait_for_timeout(1500)
    count = page.locator(".labkit-client .status").first.inner_text().split(" events")[0].split("· ")[-1]
    return int(count), frames, early, late


def heap(page: Page) -> float:
    return float(page.evaluate("() => { window.gc(); return performance.memory.usedJSHeapSize / 2 ** 20; }"))


if __name__ == "__main__":
    main()
