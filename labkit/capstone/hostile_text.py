"""Whether a text that somebody typed stays text: in the stream, in the source of the page, and in a real Chromium."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx
from tornado.web import RequestHandler

from labkit.capstone.flaky_job import HOSTILE_NOTE, TWO_LINES
from labkit.capstone.judging import Found, text_in_notes
from labkit.capstone.runs import ANSWER_S, FirstRun, JobRuns
from labkit.capstone.states import states_of
from labkit.client.httpx_client import new_client
from labkit.errors import LabError
from labkit.lab.browser import in_browser
from labkit.lab.engines import find_browser
from labkit.wire import Frame, encode

#: What makes HTML of a text, in scripts and in the templates of frameworks. Source: W3C, Trusted Types, 3.2, sinks.
_SINKS = re.compile(
    r"\.(?:inner|outer)HTML\s*\+?=(?!=)|insertAdjacentHTML\s*\(|document\.write(?:ln)?\s*\(|setHTMLUnsafe\s*\("
    r"|\.srcdoc\s*=|dangerouslySetInnerHTML|\bv-html\b|\{@html\b|\beval\s*\(|createContextualFragment\s*\("
)
_CLEAN = re.compile(r"""sanitize\s*\(|HTML\s*=\s*(?:""|''|``)""")  # cleaned, or emptied
_SCRIPT = re.compile(r"""<script[^>]*\bsrc\s*=\s*["']?([^"'>\s]+)""", re.I)
MAX_SCRIPTS = 10
PAGE_PATH = "/capstone-page"

#: Opens the page as a frame, presses its first button, and looks at what became of the note that is HTML.
LOOK = """
const frame = document.createElement("iframe");
frame.src = given.page;
const loaded = new Promise((wake) => frame.onload = wake);
document.body.append(frame);
await loaded;
frame.contentDocument.querySelector("button")?.click();
const seen = { ran: false, made: false, shown: false };
for (let turn = 0; turn < 30 && !seen.ran && !seen.made; turn++) {
  await later(100);
  seen.ran = frame.contentWindow.hostileRan === true;
  seen.made = frame.contentDocument.querySelector('img[src="x"]') !== null;
  seen.shown ||= frame.contentDocument.body.textContent.includes("<img src=x");
  if (seen.shown && turn > 5) break;
}
return seen;
"""


async def find_running_text(runs: JobRuns) -> Found:
    """What makes of a note something else than a text; None where it stays one."""
    run = await runs.first()
    changed = [state for state in states_of(run.whole.events) if "hostileRan" in state.note.replace("\\", "")]
    if changed and not text_in_notes(run, HOSTILE_NOTE):
        return "the note with < and > comes changed: a stream carries text as it is, and the page shows it as text"
    if text_in_notes(run, HOSTILE_NOTE) and not text_in_notes(run, TWO_LINES):
        return "the note of several lines comes changed: what stands behind its line break became something else"
    try:
        files = await page_files(runs.target.page)
    except httpx.HTTPError as problem:
        return f"the page {runs.target.page} gives no answer: {str(problem) or type(problem).__name__}"
    if isinstance(files, int):
        return f"there is no page at {urlsplit(runs.target.page).path}: it was answered {files}"
    for path, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            if (sink := _SINKS.search(line)) and not _CLEAN.search(line):
                advice = "whoever may write a note may run a script in your readers' pages. Use textContent"
                return f"line {number} of {path} makes HTML of a text, with {sink[0].strip()}: {advice}"
    return await _find_in_chromium(run, runs, files) if runs.settings.browser and find_browser() else None


async def page_files(url: str) -> dict[str, str] | int:
    """The page and its own scripts, path -> text, the page first; a number where the page was answered with that."""
    async with new_client(url) as client:
        page = await client.get(url, timeout=ANSWER_S)
        if page.status_code != 200:
            return page.status_code
        files = {urlsplit(url).path or "/": page.text}
        places = dict.fromkeys(urljoin(url, source) for source in _SCRIPT.findall(page.text)[:MAX_SCRIPTS])
        for place in places:
            if urlsplit(place).netloc == urlsplit(url).netloc:  # what is loaded from elsewhere is not the learner's
                files[urlsplit(place).path] = (await client.get(place, timeout=ANSWER_S)).text
    return files


async def _find_in_chromium(run: FirstRun, runs: JobRuns, files: Mapping[str, str]) -> Found:
    """What a real browser makes of the page, with the first run as it was recorded."""
    routes = recorded_routes(run, runs, files)
    try:
        seen = (await in_browser("capstone", LOOK, routes=routes, page=PAGE_PATH)).value
    except LabError:
        return None  # the browser did not answer; the source of the page was looked at
    return judge_look(seen)


def judge_look(seen: Mapping[str, bool]) -> Found:
    """What is wrong with what LOOK has seen."""
    if seen["ran"] or seen["made"]:
        return "in Chromium the note with <img onerror=...> became an image and not a text. Use textContent"
    return None


def recorded_routes(run: FirstRun, runs: JobRuns, files: Mapping[str, str]) -> dict[str, Any]:
    """The page, its scripts, and the stream up to the hostile note, which so stays where it is shown."""
    events, start = urlsplit(runs.target.events).path, urlsplit(runs.target.start).path
    notes = [state.note for state in states_of(run.whole.events)]
    shown = run.whole.events[: notes.index(HOSTILE_NOTE) + 1] if HOSTILE_NOTE in notes else run.whole.events
    body = b"".join(encode(Frame(data=event.data, event=event.type)) for event in shown)
    page, *scripts = files
    bodies = {
        PAGE_PATH: (files[page], "text/html"),
        **{script: (files[script], "text/javascript") for script in scripts},
        events: (body.decode(), "text/event-stream"),
        start: ("", "text/plain"),
    }
    return {path: (RecordedAnswer, {"text": text, "kind": kind}) for path, (text, kind) in bodies.items()}


class RecordedAnswer(RequestHandler):
    """One text, in answer to GET and to POST."""

    def initialize(self, text: str, kind: str) -> None:
        """Called by tornado with the route's settings."""
        self.text, self.kind = text, kind

    def get(self) -> None:
        self.set_header("Content-Type", f"{self.kind}; charset=utf-8")
        self.finish(self.text)

    def post(self) -> None:
        self.get()
