"""Asks a real browser: runs a few lines of JavaScript in a page of its own, and returns what they return."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from tornado.web import RequestHandler

from labkit.errors import LabError
from labkit.lab.engines import Trust, find_browser, find_firefox, is_firefox
from labkit.lab.starting import BrowserEnded, Visitor, open_in
from labkit.server import serve
from labkit.server.site import LOOPBACK, Routes
from labkit.system.progress import note

CHROMIUM, FIREFOX = "Chromium or Chrome", "Firefox"
PAGE = """<!doctype html><meta charset="utf-8"><title>an experiment</title><script type="module">
const given = {given};
const later = (ms) => new Promise((wake) => setTimeout(wake, ms));
let answer;
try {{ answer = {{ value: await (async () => {{ {script} }})() }}; }}
catch (problem) {{ answer = {{ problem: String(problem) }}; }}
await fetch("/answer", {{ method: "POST", body: JSON.stringify({{ ...answer, agent: navigator.userAgent }}) }});
</script>"""
NOT_FOUND = "was found here"
NO_BROWSER = f"no {CHROMIUM} {NOT_FOUND}"


@dataclass(frozen=True, slots=True)
class BrowserAnswer:
    """What the script returned, in which browser.

    `recorded_on` is a date where none could be asked now, and `why_recorded` says why.
    """

    value: Any
    browser: str
    recorded_on: str | None = None
    why_recorded: str = NO_BROWSER

    def __repr__(self) -> str:
        if self.recorded_on is None:
            return f"<asked {self.browser}>"
        name = self.browser.split(" ")[0]
        why = f"no {name} here" if self.why_recorded.endswith(NOT_FOUND) else self.why_recorded
        return f"<{why}: the answer of {self.browser}, recorded on {self.recorded_on}>"


async def in_browser(
    name: str,
    script: str,
    seconds: float = 30.0,
    routes: Routes | None = None,
    *,
    trust: Trust | None = None,
    firefox: bool = False,
    host: str = LOOPBACK,
    across_sites: bool = False,
    **given: Any,
) -> BrowserAnswer:
    """What the script returns when it is run in a headless Chromium, in an empty page on this machine.

    The script is the body of an async function: it may `await`, `await later(ms)`, and ends with `return`. What is
    `given` by keyword it finds as `given.keyword`. The page comes from a port of its own, so every server of the lab
    is another origin to it; `routes` are served on the page's own. `trust` names a server of ours with a certificate
    of its own. With `firefox=True` it is a Firefox, and also where LABKIT_BROWSER names one. `host` is the page's own
    name, which must end in .localhost: such names lead to this machine, and two of them are two sites. With
    `across_sites=True` a Chromium may send cookies to other sites; as it comes, that depends on who built it. The
    seconds begin when the browser has asked for the page.

    On a machine without that browser, or with one that does not start, it is the answer that was recorded under this
    name for the same script.

    Raises:
        LabError: the script failed or returned nothing in time; or no browser and no recording of this script.
    """
    path = find_firefox() if firefox else find_browser()
    if path is None:
        return recorded_answer(name, script, f"no {FIREFOX if firefox else CHROMIUM} {NOT_FOUND}")
    is_chromium = not is_firefox(path)
    visitor = Visitor(path, not is_chromium, trust, host, across_sites)
    try:
        reply = await _ask(visitor, script, given, seconds, routes or {})
    except BrowserEnded as problem:
        return recorded_answer(name, script, str(problem))
    if "problem" in reply:
        raise LabError(f"the script failed in the browser: {reply['problem']}")
    answer = BrowserAnswer(reply.get("value"), _browser_name(reply["agent"]))
    if keep := os.environ.get("LABKIT_RECORDINGS"):  # tools/execute.py sets it
        kept = {"browser": answer.browser, "date": f"{datetime.date.today()}", "script": script, "value": answer.value}
        kept_as = name if is_chromium or name.endswith("-firefox") else f"{name}-firefox"
        (Path(keep) / f"{kept_as}.json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", "utf-8")
    return answer


async def in_both_browsers(name: str, script: str, seconds: float = 30.0, **more: Any) -> list[BrowserAnswer]:
    """What the script returns in a Chromium, and then in a Firefox: one after the other, asked as by `in_browser`.

    Firefox's answer is recorded as `name`-firefox.

    Raises:
        LabError: as `in_browser` does, for either of them.
    """
    chromium = await in_browser(name, script, seconds, **more)
    return [chromium, await in_browser(f"{name}-firefox", script, seconds, **{**more, "firefox": True})]


async def _ask(visitor: Visitor, script: str, given: dict[str, Any], seconds: float, routes: Routes) -> dict[str, Any]:
    loop = asyncio.get_running_loop()
    asked: asyncio.Future[None] = loop.create_future()
    answered: asyncio.Future[dict[str, Any]] = loop.create_future()
    html = PAGE.format(script=script, given=json.dumps(given).replace("<", "\\u003c"))

    class Page(RequestHandler):
        def get(self) -> None:
            if not asked.done():
                asked.set_result(None)
            self.finish(html)

    class Answer(RequestHandler):
        def post(self) -> None:
            if not answered.done():
                answered.set_result(json.loads(self.request.body))

    async with serve({"/": Page, "/answer": Answer, **routes}) as page, open_in(visitor, page.url, asked) as browser:
        try:
            return await browser.outlives(answered, seconds)
        except TimeoutError:
            raise LabError(
                f"the browser did not answer within {seconds:g} s. Does the script wait for something that never comes?"
            ) from None


def _browser_name(agent: str) -> str:
    """The name and main version in a User-Agent; headless Chromium calls itself HeadlessChrome."""
    for name, sign in (("Chromium", "Chrome"), ("Firefox", "Firefox")):
        if found := re.search(rf"{sign}/(\d+)", agent):
            return f"{name} {found[1]}"
    return agent


def recorded_answer(name: str, script: str, why: str = NO_BROWSER) -> BrowserAnswer:
    """The answer that was recorded under this name for the same script; `why` says why it is asked for.

    Raises:
        LabError: there is none, or it is of another script.
    """
    cure = "Install one" if why.endswith(NOT_FOUND) else "Mend it, or name another in LABKIT_BROWSER,"
    place = files("labkit.lab") / "recorded" / f"{name}.json"
    if not place.is_file():
        raise LabError(f"{why}, and there is no recording of {name!r}. {cure.rstrip(',')}")
    kept = json.loads(place.read_text("utf-8"))
    if kept["script"] != script:
        raise LabError(f"{why}, and the recording is of another script: yours was changed. {cure} to run your own")
    note("recorded", name=name, browser=kept["browser"], date=kept["date"])
    return BrowserAnswer(kept["value"], kept["browser"], kept["date"], why)
