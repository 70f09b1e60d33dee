"""Checks of an event stream for your own test suite: `sse_endpoint(app, path="/events").streams().resumes()`.

pytest loads the plugin of this room in each run. So nothing is imported here before it is asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from labkit.faults import Cut
    from labkit.testing.endpoint import Endpoint, sse_endpoint
    from labkit.testing.failure import CheckFailed

__all__ = ["CheckFailed", "Cut", "Endpoint", "sse_endpoint"]

_HOMES = {
    "CheckFailed": "labkit.testing.failure",
    "Cut": "labkit.faults",
    "Endpoint": "labkit.testing.endpoint",
    "sse_endpoint": "labkit.testing.endpoint",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
