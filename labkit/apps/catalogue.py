"""Which apps there are, and what each of them is."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from labkit.errors import LabError
from labkit.server.site import Routes


class App(Protocol):
    """What the server of an app is: made with the folder in which it keeps what must outlive it.

    `routes` are its own; launch_app() adds its page at /. `work()` runs for as long as the server does.
    """

    routes: Routes

    async def work(self) -> None:
        """What happens beside the requests, until it is cancelled."""


@dataclass(frozen=True)
class Entry:
    """An app in the catalogue: its title, and the names of its two classes."""

    title: str
    full: str
    naive: str


CATALOGUE: dict[str, Entry] = {
    "notifications": Entry("who is mentioned, and what of it was read", "Notifications", "NaiveNotifications"),
    "job_progress": Entry("a job in a process pool, watched by many", "JobProgress", "NaiveJobProgress"),
    "dashboard": Entry("this machine in charts that do not jump", "Dashboard", "NaiveDashboard"),
    "log_tail": Entry("a log file that rotates, line by line", "LogTail", "NaiveLogTail"),
    "ticker": Entry("the prices of 300 symbols, of which the newest counts", "Ticker", "NaiveTicker"),
    "graphql": Entry("GraphQL subscriptions, in both modes of graphql-sse", "GraphQLServer", "NaiveGraphQLServer"),
}


def catalogue_lines() -> list[str]:
    """A line for each app: its name and its title."""
    return [f"{name:14} {entry.title}" for name, entry in CATALOGUE.items()]


def app_folder(name: str) -> Path:
    """Where the files of this app are.

    Raises:
        LabError: there is no such app.
    """
    if name not in CATALOGUE:
        raise LabError(f"there is no app {name!r}. There is: {', '.join(CATALOGUE)}")
    return Path(__file__).parent / name


def find_app(name: str, folder: Path, naive: bool = False) -> App:
    """The app, or its naive version, with its state in this folder.

    Raises:
        LabError: there is no such app.
    """
    app_folder(name)
    entry = CATALOGUE[name]
    module = importlib.import_module(f"labkit.apps.{name}.{'naive_server' if naive else 'server'}")
    made: App = getattr(module, entry.naive if naive else entry.full)(folder)
    return made
