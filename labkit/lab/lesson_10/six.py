"""How many streams a browser opens at one server, before the next one waits without a word."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tornado.web import RequestHandler

from labkit.lab.browser import CHROMIUM, FIREFOX, BrowserAnswer, in_browser, recorded_answer
from labkit.lab.engines import find_browser, find_firefox
from labkit.lab.lesson_10.protocols import is_spoken_here, speaking

#: Nothing has changed for so long: what waits now waits for a place.
PATIENCE_MS = 1500

#: Opens streams one after the other in each tab, waits until nothing changes, and asks for a small page.
SCRIPT = """\
const { url, streams, tabs, patience_ms } = given;
const news = new BroadcastChannel("tabs");
const opened = Array(tabs).fill(0);
let changed = performance.now();
const count = (tab) => { opened[tab] += 1; changed = performance.now(); };
news.onmessage = (message) => count(message.data);
const sources = [];
const others = [];
for (let n = 1; n <= streams; n++) {
  const source = new EventSource(`${url}/events?n=${n}`);
  source.onopen = () => count(0);
  sources.push(source);
}
const all = () => opened.reduce((sum, number) => sum + number);
const quiet = async () => {
  const enough_ms = () => (all() === 0 ? 10 : 1) * patience_ms; // a busy machine takes long for the first one
  while (performance.now() - changed < enough_ms() && all() < streams * tabs) await later(20);
};
for (let tab = 1; tab < tabs; tab++) {
  await quiet();
  const other = window.open(`/tab?url=${encodeURIComponent(url)}&streams=${streams}&tab=${tab}`);
  if (!other) throw "no second tab opened";
  others.push(other);
  changed = performance.now() + 1000;
}
await quiet();
const asking = fetch(`${url}/page`).then((answer) => answer.text());
const page = await Promise.race([asking, later(patience_ms).then(() => null)]);
const states = sources.map((source) => source.readyState);
const open_now = [...opened]; // what opens later has got the place of another
sources.forEach((source) => source.close());
others.forEach((other) => other.close());
await Promise.race([asking, later(10 * patience_ms)]); // a server may have lost it among the streams that were closed
const [timing] = performance.getEntriesByName(`${url}/page`);
return { opened: open_now, page: page !== null, connecting: states.filter((state) => state === 0).length,
         protocol: timing?.nextHopProtocol ?? "unknown" };
"""

TAB = """<!doctype html><title>another tab</title><script>
const asked = new URLSearchParams(location.search);
const news = new BroadcastChannel("tabs");
for (let n = 1; n <= Number(asked.get("streams")); n++) {
  const source = new EventSource(`${asked.get("url")}/events?tab=${asked.get("tab")}&n=${n}`);
  source.onopen = () => news.postMessage(Number(asked.get("tab")));
}
</script>"""


@dataclass(frozen=True, slots=True)
class TheSix:
    """What one browser did at one server: `opened` has a number for each tab.

    `connecting` counts the streams of the first tab that are neither open nor refused: they wait, and no event says so.
    `page_came` says whether a small request was answered beside the streams. `spoke` is what the browser spoke, by its
    ALPN name ("h2"). `recorded_on` is a date where there was no such browser or server.

    Over HTTP/2 Firefox may open some more than the server allows on one connection. Before it knows that the server
    speaks HTTP/2, it opens up to six. Each of them may keep the one stream that it was opened for, and one carries all
    others: of a hundred that are allowed, 105. It is a race, so the number varies: at nginx's 128, 133 with six
    connections, 130 with three, 128 with one (Firefox 153, counted at the server).
    """

    protocol: str
    browser: str
    asked_for: int
    opened: tuple[int, ...]
    connecting: int
    page_came: bool
    spoke: str
    recorded_on: str | None = None

    @property
    def total(self) -> int:
        """How many streams were open at once, over all tabs."""
        return sum(self.opened)

    def row(self) -> dict[str, Any]:
        """The line of a table."""
        return {
            "browser": self.browser,
            "server": self.protocol,
            "it spoke": self.spoke,
            "streams": f"{self.total} of {self.asked_for}",
            "a page beside them": "came" if self.page_came else "waited",
            "seen": self.recorded_on or "now",
        }


async def the_six(protocol: str = "HTTP/1.1", streams: int = 8, tabs: int = 1, firefox: bool = False) -> TheSix:
    """Opens so many streams in each of so many tabs, then asks for a small page.

    Without that browser, or without what serves this version of HTTP, it is what was recorded.

    Args:
        protocol: one of PROTOCOLS.
        streams: in each tab.
        tabs: of one browser window.
        firefox: asks a Firefox, not a Chromium.

    Raises:
        LabError: it cannot be tried here, and was not recorded.
    """
    name = recording_name(protocol, streams, tabs, firefox)
    browser = find_firefox() if firefox else find_browser()
    if browser is None or not is_spoken_here(protocol):
        return _told(protocol, streams * tabs, recorded_answer(name, SCRIPT, FIREFOX if firefox else CHROMIUM))
    return _told(protocol, streams * tabs, await _try(name, protocol, streams, tabs, firefox))


async def _try(name: str, protocol: str, streams: int, tabs: int, firefox: bool) -> BrowserAnswer:
    class Tab(RequestHandler):
        def get(self) -> None:
            self.finish(TAB)

    async with speaking(protocol) as front:
        given: dict[str, Any] = {"url": front.url, "streams": streams, "tabs": tabs, "patience_ms": PATIENCE_MS}
        return await in_browser(name, SCRIPT, 100, {"/tab": Tab}, trust=front.trust, firefox=firefox, **given)


def recording_name(protocol: str, streams: int, tabs: int, firefox: bool) -> str:
    """The name under which the answer is kept."""
    words = ["six", protocol.lower().replace("/", "").replace(" at ", "-").replace(".", ""), str(streams)]
    return "-".join([*words, *([f"{tabs}-tabs"] if tabs > 1 else []), *(["firefox"] if firefox else [])])


def _told(protocol: str, asked_for: int, answer: BrowserAnswer) -> TheSix:
    said = answer.value
    return TheSix(
        protocol,
        answer.browser,
        asked_for,
        tuple(said["opened"]),
        said["connecting"],
        said["page"],
        said["protocol"],
        answer.recorded_on,
    )
