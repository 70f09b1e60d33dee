"""Libraries that reconnect for a page, watched in a real Chromium while their streams break."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labkit.lab.browser import in_browser
from labkit.lab.lesson_13.page_server import LIBRARIES, PageLog, routes

#: Each scenario, and how long it is watched, in milliseconds.
SCENARIOS = {
    "cut": 5000, "end": 4000, "refused": 4000, "refused-at-first": 2500, "post": 3000, "retry-alone": 5000,
    "hidden": 1500, "hidden-unnumbered": 1500, "hidden-post": 1500,
}  # fmt: skip
_SCRIPT = """
const got = {};
window.note = (library, data) => { (got[scenario][library] ??= []).push(Number(data)); };
let scenario = "";
for (const [name, ms] of Object.entries(given.scenarios)) {
  scenario = name;
  got[name] = {};
  const frames = given.libraries.map((library) => {
    const frame = document.createElement("iframe");
    frame.src = `/page?library=${library}&scenario=${name}`;
    return document.body.appendChild(frame);
  });
  if (name.startsWith("hidden")) {
    await later(1000);
    const tab = window.open("about:blank");
    await later(1200);
    tab.close();
  }
  await later(ms);
  frames.forEach((frame) => frame.remove());
  await later(200);
}
return got;
"""


async def watch_pages(
    packages: Path | None, libraries: Sequence[str] = tuple(LIBRARIES), scenarios: Sequence[str] = tuple(SCENARIOS)
) -> dict[str, Any]:
    """What each library did in each scenario, as JSON: {"pages": {library: {scenario: ...}}, "browser": ...}.

    In a scenario "asked" has each request as [method, Last-Event-ID, ms since the first stream was over], "got" the
    numbers of the events that the page showed.

    Args:
        packages: the folder node_modules with npm's packages.
        libraries: whom to watch.
        scenarios: what happens to their streams, one after the other.

    Raises:
        LabError: there is no Chromium, or it did not answer.
    """
    log = PageLog()
    watched = {name: SCENARIOS[name] for name in scenarios}
    seconds = sum(ms / 1000 + 3 for ms in watched.values()) + 20
    answer = await in_browser(
        "reconnecting-pages-now", _SCRIPT, seconds, routes(log, packages), libraries=list(libraries), scenarios=watched
    )
    pages = {
        library: {name: _seen(log, library, name, answer.value[name].get(library, [])) for name in scenarios}
        for library in libraries
    }
    return {"pages": pages, "browser": answer.browser, "versions": _versions(packages, libraries)}


def _seen(log: PageLog, library: str, scenario: str, got: list[int]) -> dict[str, Any]:
    asked = log.asked.get((library, scenario), [])
    since_s = asked[0].over_s or asked[0].at_s if asked else 0.0
    told = [(one.method, one.last_event_id, max(0, round(1000 * (one.at_s - since_s)))) for one in asked]
    return {"asked": told, "got": got}


def _versions(packages: Path | None, libraries: Sequence[str]) -> dict[str, str]:
    if packages is None:
        return {}
    read = {name: packages / LIBRARIES[name] / "package.json" for name in libraries if LIBRARIES[name]}
    return {name: json.loads(path.read_text("utf-8"))["version"] for name, path in read.items()}
