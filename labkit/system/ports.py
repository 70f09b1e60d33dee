"""The ports at which this process serves in the background, and who is told when one is given up for good."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

#: Port -> whom to tell. A port that is missing is not ours: nobody can say when its server ends.
_listeners: dict[int, list[Callable[[], object]]] = {}


def note_open(port: int) -> None:
    """Notes that this process serves there."""
    _listeners.setdefault(port, [])


def note_closed(port: int) -> None:
    """Notes that it does not any more, and tells those who asked, once."""
    for action in _listeners.pop(port, []):
        action()


def when_closed(port: int, action: Callable[[], object]) -> Callable[[], None]:
    """Calls `action()` when the port is given up for good, on the thread that does so. Never, where it is not ours.

    Returns a function that calls this off.
    """
    if port in _listeners:
        _listeners[port].append(action)

    def call_off() -> None:
        with contextlib.suppress(ValueError):  # it was called, or never listened
            _listeners.get(port, []).remove(action)

    return call_off
