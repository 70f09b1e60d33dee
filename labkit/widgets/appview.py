"""A widget that shows a small app beside the buttons that disturb it, and its code."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import traitlets

from labkit.apps.added_lines import added_lines
from labkit.apps.catalogue import CATALOGUE
from labkit.apps.relayed import WAYS, RelayedApp
from labkit.errors import LabError
from labkit.widgets.assets import FIGURES, join_files
from labkit.widgets.panel import Panel
from labkit.widgets.reach import reach_url


class AppView(Panel):
    """An app of the catalogue in a frame, with what makes it hold marked in its code.

    Its buttons cut the stream, restart the server, put a proxy that buffers or a slow line in between, and change to
    the naive version and back. They do what the methods of RelayedApp do; `app` is one.

    Raises:
        LabError: there is no such app.
    """

    _esm = join_files(FIGURES, "elements.js", "pagestream.js", "appview.js")
    _css = join_files("labkit.css", "appview.css")
    name: Any = traitlets.Unicode().tag(sync=True)
    title: Any = traitlets.Unicode().tag(sync=True)
    ways: Any = traitlets.List().tag(sync=True)
    code: Any = traitlets.List().tag(sync=True)
    reach: Any = traitlets.Unicode().tag(sync=True)

    def __init__(self, name: str, naive: bool = False) -> None:
        self.app = RelayedApp(name, naive)
        self._busy = False
        self._version = 0  # counts the times when the page must be loaded anew
        code = [[lines.file, lines.count, lines.marked] for lines in added_lines(name)]
        super().__init__(name=name, title=CATALOGUE[name].title, ways=list(WAYS), code=code, reach=reach_url())

    @property
    def alive(self) -> bool:
        return self.app.relay.running

    def stop(self) -> None:
        """Stops the app and its relay."""
        self.app.stop()

    def snapshot(self) -> dict[str, Any]:
        app = self.app
        return {
            "url": f"{app.url}/",
            "running": app.relay.running,
            "naive": app.naive,
            "way": app.way,
            "open": app.relay.open,
            "busy": self._busy,
            "version": self._version,
        }

    def obey(self, message: dict[str, Any]) -> str:
        app, ask = self.app, message.get("ask")
        if not app.relay.running:
            return "this app was stopped for good. Run the cell again"
        if ask == "cut":
            app.cut()
        elif ask == "way" and message.get("way") in WAYS:
            app.go(message["way"])
        elif ask == "restart" and not self._busy:
            self._restart(app.naive)
        elif ask == "version" and not self._busy:
            self._restart(not app.naive)
        return ""

    def _restart(self, naive: bool) -> None:
        """On a thread: a server takes its time to end its streams, and the kernel goes on meanwhile."""
        self._busy, loop, other = True, asyncio.get_running_loop(), naive != self.app.naive

        def act() -> None:
            problem = ""
            try:
                self.app.restart(naive)
            except LabError as error:
                problem = str(error)
            self._busy = False
            self._version += other
            loop.call_soon_threadsafe(self.send, {"problem": problem})

        threading.Thread(target=act, daemon=True).start()

    def __repr__(self) -> str:
        return f"The app {self.name!r}: run this cell, and it is shown here, with buttons that disturb it"
