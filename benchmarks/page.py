"""How soon is the first token on the page of `labkit serve`, and do 200 tokens a second stay smooth?

uv run python benchmarks/page.py

In a real Chromium, each way to read an answer, and a page as tutorials write it (an EventSource that appends to
textContent), in turns: from just before the server writes its first token until it is in the page, and the longest
frame while the answer types itself. Both ends are one machine, so that their clocks are one. A frame longer than
100 ms is felt. The browser is headless and draws without a graphics card.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from rich.console import Console
from rich.progress import track
from rich.table import Table
from tornado.web import RequestHandler

sys.path.insert(0, str(Path(__file__).parent.parent))
from labkit.command.serve import routes
from labkit.dialects import Part, Text
from labkit.llm import Pace, Studio
from labkit.llm.model_request import ModelRequest
from labkit.server import Channel, launch
from tests.chromium import QUIET

ROUNDS, ANSWERS, TOKENS_PER_S, WORDS = 3, 10, 200.0, 2000
LONG_MS = 100.0

#: When the first text came into the answer, by the system's clock in ms; and the length of each frame.
WATCH = """
window.frames_ms = [];
let last = performance.now();
(function frame(now) { if (now) { window.frames_ms.push(now - last); last = now; } requestAnimationFrame(frame); })();
document.addEventListener("DOMContentLoaded", () => new MutationObserver(() => {
  window.first_ms ||= performance.timeOrigin + performance.now();
}).observe(document.getElementById("answer"), { childList: true, characterData: true, subtree: true }));
"""
NAIVE = """<!doctype html><form id="form"><button id="generate">Generate</button></form>
<pre id="answer" style="white-space: pre-wrap"></pre><p id="state"></p><script>
document.getElementById("form").onsubmit = async (event) => {
  event.preventDefault();
  const response = await fetch("/answers", { method: "POST", body: JSON.stringify({ prompt: "x" }) });
  const source = new EventSource("/answers?id=" + (await response.json()).id);
  source.onmessage = (event) => { document.getElementById("answer").textContent += JSON.parse(event.data).text; };
  source.addEventListener("done", () => {
    source.close();
    document.getElementById("state").dataset.state = "finished";
  });
};
</script>"""


class Naive(RequestHandler):
    """A page as tutorials write it."""

    def get(self) -> None:
        self.finish(NAIVE)


@dataclass
class Timed(Studio):
    """A studio that keeps when it handed out its first token."""

    first_ms: float = 0.0

    async def _own_parts(self, request: ModelRequest) -> AsyncIterator[Part]:
        first = True
        async for part in super()._own_parts(request):
            if first and isinstance(part, Text):
                self.first_ms, first = time.time() * 1000, False
            yield part


def main() -> None:
    ways = ["answers", "openai", "responses", "anthropic", "gemini", "ollama", "as tutorials write it"]
    lags: dict[str, list[float]] = {way: [] for way in ways}
    frames: dict[str, list[float]] = {way: [] for way in ways}
    studio = Timed()
    server = launch({**routes(studio, Channel()), "/naive": Naive}, name="benchmark")
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        for _ in track(range(ROUNDS), "measuring"):
            for way in ways:
                studio.pace, studio.words = Pace(0.2, TOKENS_PER_S, 0.3), 10
                for _ in range(ANSWERS):
                    page = asked(browser, server.url, way)
                    page.close()
                    lags[way].append(page.first_ms - studio.first_ms)  # type: ignore[attr-defined]
                studio.words = WORDS
                page = asked(browser, server.url, way)
                frames[way] += page.frames_ms  # type: ignore[attr-defined]
                page.close()
        browser.close()
    server.stop()
    show(lags, frames)


def asked(browser: Browser, url: str, way: str) -> Page:
    """The page after a whole answer, with its first_ms and frames_ms."""
    page = browser.new_page(viewport={"width": 1200, "height": 800}, bypass_csp=True)
    page.add_init_script(WATCH)
    page.goto(f"{url}/naive" if " " in way else url)
    page.wait_for_timeout(200)
    if " " not in way:
        page.select_option("#way", way)
    page.evaluate("() => { window.frames_ms.length = 0; window.first_ms = 0; }")
    page.click("#generate")
    page.locator("#state[data-state=finished]").wait_for(state="attached", timeout=120_000)
    page.first_ms, page.frames_ms = page.evaluate("() => [window.first_ms, window.frames_ms]")  # type: ignore[attr-defined]
    return page


def show(lags: dict[str, list[float]], frames: dict[str, list[float]]) -> None:
    table = Table(
        "read by", "first token ms, median", "longest", "frames", "median ms", "longest ms", f"over {LONG_MS:.0f} ms"
    )
    for way, waits in lags.items():
        long = sum(frame > LONG_MS for frame in frames[way])
        table.add_row(way, f"{statistics.median(waits):.1f}", f"{max(waits):.1f}", f"{len(frames[way]):,}",
                      f"{statistics.median(frames[way]):.1f}", f"{max(frames[way]):.1f}", f"{long}")  # fmt: skip
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
