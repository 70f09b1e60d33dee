"""What makes a command answer sooner: imports that it can do without."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Iterator
from typing import Any


def load_httpx(*urls: str) -> None:
    """Imports httpx without its own command line, which brings rich and pygments: a fifth of a second of CPU.

    httpx asks for that module, and goes on where it is missing: so it does where rich is not installed. HTTP/2 is
    spoken over TLS alone: where no URL is https://, h2 is not loaded, which saves as much again as half of that. It can
    be loaded later.

    Args:
        urls: what will be asked.
    """
    with _without("httpx._main"):
        importlib.import_module("httpx")
    if not any(url.lower().startswith("https:") for url in urls):
        with _without("h2"):
            importlib.import_module("httpcore")


@contextlib.contextmanager
def _without(name: str) -> Iterator[None]:
    """Meanwhile there is no such module, unless it has been imported already."""
    modules: dict[str, Any] = sys.modules  # None says that there is no such module. Source: importlib's own docs
    if name in modules:
        yield
        return
    modules[name] = None
    try:
        yield
    finally:
        del modules[name]
