"""What is checked: a URL, an app, the routes of a labkit server, or the file of a learner; served where it is none."""

from __future__ import annotations

import logging
import runpy
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from tornado.web import RequestHandler

from labkit.capstone.server_problems import LOGGERS
from labkit.errors import LabError
from labkit.server import LabServer
from labkit.server.site import Routes
from labkit.testing.app_server import AppServer, frameworks_of, serve_app
from labkit.testing.open_requests import OpenRequests

#: What a learner's file may call what it serves, the first that is there.
NAMES = ("app", "application", "routes")
Checked = str | Path | Routes | Callable[..., Any]


@dataclass(frozen=True)
class Target:
    """Where the stream, the page and the start of the job are. `own_process`: an app that is served in this one.

    `frameworks` are the words of the doctor's causes for what it is made of. `open_requests` counts what an app is
    answering; None where that cannot be known. `loggers` are told what it raises.
    """

    events: str
    start: str
    page: str
    frameworks: tuple[str, ...] = ()
    open_requests: OpenRequests | None = None
    own_process: bool = False
    loggers: tuple[logging.Logger, ...] = ()
    stop: Callable[[], object] = lambda: None

    @property
    def relayed(self) -> bool:
        """Whether the lab's relay can stand in front of it: it speaks http:// only."""
        return urlsplit(self.events).scheme == "http"


def open_target(checked: Checked, path: str = "/events", start: str = "/start", page: str = "/") -> Target:
    """The target, served until its stop() is called where it is no URL.

    Args:
        checked: a URL; an ASGI or WSGI app; the routes of a labkit server, or a function that makes them; or the path
            of a Python file that has one of these as `app` or `routes`.
        path, start, page: where the stream, the start of the job, and the page are.

    Raises:
        LabError: it is none of these, or it does not start.
    """
    if isinstance(checked, str) and urlsplit(checked).scheme in ("http", "https"):
        parts = urlsplit(checked)
        events = checked if parts.path not in ("", "/") else urljoin(checked, path)
        return Target(events, urljoin(checked, start), urljoin(checked, page))
    if isinstance(checked, str | Path):
        checked = _in_file(Path(checked))
    if callable(checked) and getattr(checked, "__name__", "") == "routes":
        checked = checked()
    if isinstance(checked, Mapping):
        requests = OpenRequests()
        routes = {place: _counted(route, requests) for place, route in checked.items()}
        server = LabServer("capstone", routes, 0, "127.0.0.1")
        return _at(server.url, (path, start, page), ("tornado", "labkit", "Python"), requests, server.stop)
    assert not isinstance(checked, str | Path)
    app_server: AppServer = serve_app(checked)
    frameworks = frameworks_of(checked)
    target = _at(app_server.origin, (path, start, page), frameworks, app_server.open_requests, app_server.stop)
    own = getattr(checked, "logger", None)  # a Flask's
    return replace(target, loggers=(*target.loggers, own)) if isinstance(own, logging.Logger) else target


def _at(
    origin: str,
    paths: tuple[str, str, str],
    frameworks: tuple[str, ...],
    open_requests: OpenRequests | None,
    stop: Callable[[], object],
) -> Target:
    events, start, page = (urljoin(origin, path) for path in paths)
    loggers = tuple(logging.getLogger(name) for name in LOGGERS)
    return Target(events, start, page, frameworks, open_requests, True, loggers, stop)


def _counted(route: Any, requests: OpenRequests) -> Any:
    """The route; where it is a tornado handler, what it answers is counted for as long as its method runs."""
    handler, *settings = route if isinstance(route, tuple) else (route,)
    if not (isinstance(handler, type) and issubclass(handler, RequestHandler)):
        return route

    class Counted(handler):  # type: ignore[valid-type, misc]
        async def _execute(self, *arguments: Any, **options: Any) -> None:
            with requests.one_more():
                await super()._execute(*arguments, **options)

    return (Counted, *settings) if settings else Counted


def _in_file(path: Path) -> Any:
    """What the file serves.

    Raises:
        LabError: it is not there, or fails, or serves nothing.
    """
    if not path.is_file():
        raise LabError(f"{str(path)!r} is neither a URL (http://...) nor a file that is there")
    try:
        found = runpy.run_path(str(path), run_name="capstone")
    except SyntaxError as problem:
        raise LabError(f"{path.name}, line {problem.lineno}: {problem.msg}") from None
    except Exception as problem:
        lines = [frame.lineno for frame in traceback.extract_tb(problem.__traceback__) if frame.filename == str(path)]
        where = f", line {lines[-1]}" if lines else ""
        raise LabError(f"{path.name}{where}: {type(problem).__name__}: {problem}") from None
    with suppress(StopIteration):
        return found[next(name for name in NAMES if name in found)]
    raise LabError(f"{path.name} has no {', '.join(NAMES[:-1])} or {NAMES[-1]}: name what it serves so")
