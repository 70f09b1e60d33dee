"""For each app a story: eight things happen, and a reader must have all eight at the end."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from labkit.apps.relayed import RelayedApp
from labkit.apps.ticker.market import Market
from labkit.wire import Event

#: So many things happen in each story.
THINGS = 8
WORDS = [f"thing-{number}" for number in range(THINGS)]
JOBS = 3  # more than a page's patience, and fewer than the app allows at once
POST_TIMEOUT_S = 5.0


@dataclass(frozen=True)
class Story:
    """What happens to an app, and what a reader has of it.

    `path` is the stream as the app's page asks for it when it is loaded, `naive_path` as the naive page does. `act`
    lets the n-th thing happen, and `settled` says whether all that it began is over. `seen` tells which things a reader
    of these events has, each as often as it has it. `place` is what the page's URL keeps of where the
    stream began. `confirm` is what the page does with each event, if the app wants to know what it has drawn.
    """

    path: str
    naive_path: str
    act: Callable[[RelayedApp, int], None]
    seen: Callable[[Sequence[Event]], list[str]]
    things: Sequence[str] = tuple(WORDS)
    settled: Callable[[Any], bool] = lambda app: True
    place: Callable[[RelayedApp], str] = lambda app: ""
    confirm: Callable[[RelayedApp, Sequence[Event]], None] | None = None

    def url(self, app: RelayedApp) -> str:
        """The stream's URL, as a page has it that was loaded now, and that keeps it over a reload."""
        return app.url + (self.naive_path if app.naive else self.path + self.place(app))


def _post(app: RelayedApp, path: str, values: dict[str, Any]) -> httpx.Response:
    return httpx.post(
        f"{app.server.url}/{path}", json=values, trust_env=False, timeout=POST_TIMEOUT_S
    ).raise_for_status()


def _texts(events: Sequence[Event], kind: str, key: str) -> list[str]:
    return [str(json.loads(event.data)[key]) for event in events if event.type == kind]


def _mention(app: RelayedApp, n: int) -> None:
    _post(app, "post", {"me": "alice", "text": f"@bob {WORDS[n]}"})


def _mentions(events: Sequence[Event]) -> list[str]:
    return [text.removeprefix("@bob ") for text in _texts(events, "mention", "text")]


def _start_job(app: RelayedApp, n: int) -> None:
    if n < JOBS:
        _post(app, "start", {"work": "primes", "limit": "20000"})


def _ended_jobs(events: Sequence[Event]) -> list[str]:
    """The jobs of which the last news is that they have ended, in whatever way."""
    newest = {job["id"]: job["state"] for job in (json.loads(event.data) for event in events if event.type == "job")}
    return [id for id, state in newest.items() if state != "running"]


def _note(app: RelayedApp, n: int) -> None:
    _post(app, "note", {"text": WORDS[n]})


def _notes(events: Sequence[Event]) -> list[str]:
    """The notes that the page shows: a snapshot takes the place of what it had."""
    shown: list[str] = []
    for event in events:
        if event.type in ("snapshot", "entry"):
            value = json.loads(event.data)
            entries = value if event.type == "snapshot" else [value]
            shown = ([] if event.type == "snapshot" else shown) + [
                entry["note"] for entry in entries if "note" in entry
            ]
    return shown


def _log_line(app: RelayedApp, n: int) -> None:
    with Path(app.folder, "demo.log").open("a") as file:
        file.write(f"{WORDS[n]}\n")


def _lines(events: Sequence[Event]) -> list[str]:
    return [word for event in events if event.type == "line" for word in WORDS if word in event.data]


SYMBOLS = Market().symbols[:THINGS]


def _watch(app: RelayedApp, n: int) -> None:
    _post(app, "watch", {"symbol": SYMBOLS[n], "watch": True})


def _confirm(app: RelayedApp, events: Sequence[Event]) -> None:
    """Tells the ticker how many events of this connection were read. Its name comes first, as an event of its own."""
    opened = max((place for place, event in enumerate(events) if event.type == "reader"), default=None)
    if opened is not None and not app.naive:
        with contextlib.suppress(httpx.HTTPError):  # the server restarts: the next connection has another name
            _post(app, "read", {"reader": json.loads(events[opened].data), "read": len(events) - opened - 1})


def _watched(events: Sequence[Event]) -> list[str]:
    """The symbols that the page shows as watched, by the newest row of each."""
    rows: dict[str, list[Any]] = {}
    for event in events:
        if event.type in ("snapshot", "prices"):
            rows |= json.loads(event.data)["rows"]
    return [symbol for symbol, row in rows.items() if row[-1]]


def _say(app: RelayedApp, n: int) -> None:
    query = 'mutation Say($text: String!) { say(text: $text, author: "fox") { id } }'
    _post(app, "ask", {"query": query, "variables": {"text": WORDS[n]}})


def _place(app: RelayedApp) -> str:
    return "&lastEventId=" + str(_post(app, "check", {"query": _QUERY}).json()["place"])


def _posts(events: Sequence[Event]) -> list[str]:
    results = (json.loads(event.data) for event in events if event.type == "next")
    return [result["data"]["posted"]["text"] for result in results if result.get("data")]


_QUERY = "subscription { posted { text } }"
_SUBSCRIPTION = "/graphql?" + urlencode({"query": _QUERY})

#: The story of each app, by its name in the catalogue.
STORIES = {
    "notifications": Story("/events/bob?lastEventId=inbox-0", "/events/bob", _mention, _mentions),
    "job_progress": Story(
        "/events?lastEventId=jobs-0", "/events", _start_job, _ended_jobs, ("1", "2", "3"), lambda app: not app.jobs
    ),
    "dashboard": Story("/chart", "/chart", _note, _notes),
    "log_tail": Story("/lines", "/lines", _log_line, _lines),
    "ticker": Story("/prices", "/prices", _watch, _watched, tuple(SYMBOLS), confirm=_confirm),
    "graphql": Story(_SUBSCRIPTION, _SUBSCRIPTION, _say, _posts, place=_place),
}
