"""What makes a command answer sooner: imports that it can do without."""

from __future__ import annotations

import sys
from typing import Any


def load_httpx() -> None:
    """Imports httpx without its own command line, which brings rich and pygments: a fifth of a second of CPU.

    httpx asks for that module, and goes on where it is missing: so it does where rich is not installed.
    """
    if "httpx" in sys.modules:
        return
    modules: dict[str, Any] = sys.modules  # None says that there is no such module. Source: importlib's own docs
    modules["httpx._main"] = None
    try:
        __import__("httpx")
    finally:
        del modules["httpx._main"]
