"""One stream for many tabs: shared-source.js in a real browser, with a tab that closes in the middle."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tornado.web import RequestHandler

import labkit.pages
from labkit.lab.browser import in_browser
from labkit.log import MemoryLog
from labkit.pages.file import File
from labkit.server import Channel
from labkit.server.site import Routes

SHARED_SOURCE = Path(labkit.pages.__file__).with_name("shared-source.js")

#: Opens the tabs, has events published, closes the first tab in between, and asks each of the others what it has got.
TABS_SCRIPT = """\
const { tabs, events, by } = given;
const radio = new BroadcastChannel("tabs");
const open = new Set();
const got = {};
radio.onmessage = ({ data }) => { if (data.opened) open.add(data.tab); if (data.got) got[data.tab] = data.got; };
const until = async (reached) => { for (let n = 0; n < 500 && !reached(); n++) await later(20); };
const publish = async () => (await fetch(`/publish?events=${events}`)).json();
const windows = [];
for (let tab = 1; tab <= tabs; tab++) {
  windows.push(window.open(`/tab?tab=${tab}&by=${by}`));
  await until(() => open.has(String(tab)));
}
const opened = open.size;
const { streams } = await publish();
await until(() => Object.values(got).filter((list) => list.length >= events).length >= opened);
windows[0].close();
await later(300);
await publish();
await until(() => Object.values(got).filter((list) => list.length >= 2 * events).length >= opened - 1);
delete got[1];
windows.forEach((tab) => tab.close());
return { opened, streams, got: Object.values(got) };
"""

TAB = """<!doctype html><title>a tab</title><script src="/shared-source.js"></script><script>
const asked = new URLSearchParams(location.search);
const [tab, by] = [asked.get("tab"), asked.get("by")];
const radio = new BroadcastChannel("tabs");
const got = [];
const source = new SharedSource("/events", { by });
source.onopen = () => radio.postMessage({ tab, opened: true });
source.onmessage = (event) => { got.push(event.data); radio.postMessage({ tab, got }); };
</script>"""


@dataclass(frozen=True, slots=True)
class SharedTabs:
    """What became of so many tabs. `opened` tabs had an open stream, over so many `streams` of the server's.

    `lost` and `doubled` count events over all tabs that stayed. `recorded_on` is a date where there was no browser.
    """

    by: str
    browser: str
    tabs: int
    opened: int
    streams: int
    lost: int
    doubled: int
    recorded_on: str | None = None


async def share_one_stream(tabs: int = 8, by: str = "worker", events: int = 20, firefox: bool = False) -> SharedTabs:
    """Opens tabs that share a stream, closes the first one in the middle, and counts what the others have got.

    Args:
        tabs: how many.
        by: "worker" or "leader", as in shared-source.js.
        events: so many are published before a tab closes, and as many after.
        firefox: asks a Firefox, not a Chromium.

    Raises:
        LabError: there is no such browser here, and this was not recorded.
    """
    name = "-".join(["tabs", by, str(tabs), *(["firefox"] if firefox else [])])
    given: dict[str, Any] = {"tabs": tabs, "events": events, "by": by}
    answer = await in_browser(name, TABS_SCRIPT, 60, _routes(), firefox=firefox, **given)
    said, published = answer.value, [str(number) for number in range(1, 2 * events + 1)]
    lost = sum(text not in got for got in said["got"] for text in published)
    doubled = sum(len(got) - len(set(got)) for got in said["got"])
    return SharedTabs(by, answer.browser, tabs, said["opened"], said["streams"], lost, doubled, answer.recorded_on)


def _routes() -> Routes:
    channel = Channel(MemoryLog(), retry_ms=100)
    numbers: list[int] = []

    class Tab(RequestHandler):
        def get(self) -> None:
            self.finish(TAB)

    class Publish(RequestHandler):
        def get(self) -> None:
            for _ in range(int(self.get_query_argument("events"))):
                numbers.append(len(numbers) + 1)
                channel.publish(str(numbers[-1]))
            said: dict[str, Any] = {"streams": channel.clients}
            self.finish(said)

    script = (File, {"path": SHARED_SOURCE})
    return {"/tab": Tab, "/publish": Publish, "/events": channel, "/shared-source.js": script}
