"""An app on a server of its own, with its page at / and what all pages share."""

from __future__ import annotations

import inspect
import shutil
import tempfile
import weakref
from collections.abc import Collection
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from labkit.apps.catalogue import App, app_folder, find_app
from labkit.pages.file import File
from labkit.server.launch import LabServer, launch
from labkit.server.site import LOOPBACK, Route, Routes
from labkit.system.hosts import host_name

SHARED = Path(__file__).parent


def app_routes(name: str, app: App, naive: bool = False, allowed: Collection[str] = ()) -> Routes:
    """The app's own routes, its page at /, and /shared/ with what all pages use.

    Pages of `allowed` origins may ask too.

    Raises:
        LabError: there is no such app.
    """
    folder = app_folder(name)
    own = {path: _allowing(route, allowed) for path, route in app.routes.items()}
    return {
        "/": (File, {"path": folder / "page.html", "framed": True}),
        "/page.js": (File, {"path": folder / ("naive_page.js" if naive else "page.js")}),
        "/shared/stream.js": (File, {"path": SHARED / "stream.js"}),
        "/shared/look.css": (File, {"path": SHARED / "look.css"}),
        **own,
    }


def launch_app(
    name: str,
    folder: Path | None = None,
    naive: bool = False,
    port: int = 0,
    allowed: Collection[str] = (),
    label: str = "",
) -> LabServer:
    """Starts the app in the background, as launch() starts a server; its page is at the server's url + "/".

    Args:
        name: one of CATALOGUE.
        folder: where it keeps what must outlive it. Given again, it goes on from there. Unless given, one that goes
            with the server.
        naive: the version of the tutorials.
        port: where it listens; 0 takes a free one.
        allowed: origins of pages that may use it too, such as a hub's.
        label: tells servers of the same app apart; launched again under its label, it takes the place of the first.

    Raises:
        LabError: there is no such app.
        PortInUse: another program listens on that port.
    """
    app_folder(name)
    place = Path(tempfile.mkdtemp(prefix=f"labkit-{name}-")) if folder is None else folder
    place.mkdir(parents=True, exist_ok=True)
    app = find_app(name, place, naive)
    if folder is None:
        weakref.finalize(app, shutil.rmtree, place, ignore_errors=True)
    return launch_made_app(app, name, naive, port, allowed, label)


def launch_made_app(
    app: App, name: str, naive: bool = False, port: int = 0, allowed: Collection[str] = (), label: str = ""
) -> LabServer:
    """Starts an app that was made before. See launch_app().

    Raises:
        PortInUse: another program listens on that port.
    """
    label = label or (f"{name}, naive" if naive else name)
    hosts = [host_name(urlsplit(origin).netloc) for origin in allowed]
    server = launch(app_routes(name, app, naive, allowed), name=label, port=port, host=LOOPBACK, hosts=hosts)

    async def work() -> None:
        await app.work()

    work.__qualname__ = f"{name}.work"  # how a problem names it
    server.keep_running(work)
    return server


def _allowing(route: Route, allowed: Collection[str]) -> Route:
    """The route, for a handler that asks whose page it is (its initialize() takes `allowed`) with these origins."""
    if isinstance(route, tuple) and "allowed" in inspect.signature(route[0].initialize).parameters:
        return cast(Route, (route[0], {**route[1], "allowed": allowed}))
    return route
