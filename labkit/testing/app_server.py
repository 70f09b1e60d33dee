"""An app of any Python framework, served on this machine for as long as it is tested."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Protocol

from labkit.errors import LabError
from labkit.testing.open_requests import OpenRequests

#: The module in which a framework's app is defined, and the words of the doctor's causes.toml for it.
FRAMEWORKS = {
    "fastapi": ("FastAPI", "Starlette", "Python"),
    "starlette": ("Starlette", "sse-starlette", "FastAPI", "Python"),
    "django": ("Django", "Python"),
    "flask": ("Flask", "Python"),
}


class AppServer(Protocol):
    """A server of one app: where it is, what it answers now, and how it is stopped."""

    origin: str
    open_requests: OpenRequests

    def stop(self) -> None:
        """Stops it, the app's shutdown included. Twice does no harm."""


def serve_app(app: Callable[..., Any]) -> AppServer:
    """A server of this ASGI or WSGI app on a free port of 127.0.0.1, on threads of its own.

    Raises:
        LabError: it is no such app, or nothing is installed that serves it, or its startup failed.
    """
    kind = interface_of(app)
    if kind == "wsgi":
        from labkit.testing.wsgi_server import WsgiServer

        return WsgiServer(app)
    from labkit.testing.asgi_server import AsgiServer

    return AsgiServer(app)


def interface_of(app: Callable[..., Any]) -> str:
    """The interface of an app, "asgi" or "wsgi", by how it wants to be called.

    Raises:
        LabError: neither.

    Source: PEP 3333, "The Application/Framework Side"; the ASGI specification, 3.0.
    """
    if callable(app):
        call = app if inspect.isroutine(app) else type(app).__call__
        if inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(call):
            return "asgi"
        count = _count_arguments(app)
        if count in (2, 3):
            return "wsgi" if count == 2 else "asgi"
    advice = "Serve it yourself, and give its URL"
    raise LabError(f"{type(app).__name__} is neither a URL nor an ASGI or WSGI app. {advice}")


def frameworks_of(app: object) -> tuple[str, ...]:
    """The words of the doctor's causes for the framework of this app; none for one that is not known."""
    kind = app if inspect.isroutine(app) else type(app)
    modules = [base.__module__.partition(".")[0] for base in getattr(kind, "__mro__", (kind,))]
    return next((FRAMEWORKS[module] for module in modules if module in FRAMEWORKS), ("Python",))


def _count_arguments(app: Callable[..., Any]) -> int:
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):
        return 0
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return sum(parameter.kind in positional and parameter.default is parameter.empty for parameter in parameters)
