"""Clients for event streams, on httpx: they reconnect and resume by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from labkit.client.eventsource import EventSource
from labkit.client.facts import CLOSED, CONNECTING, OPEN, State, StateReason
from labkit.client.polling import PATIENT, LongPolling, Polling
from labkit.client.source import Source
from labkit.client.watch import ResponseRecorder, watch
from labkit.wire.session import RESILIENT, STANDARD, Policy

if TYPE_CHECKING:
    from labkit.client.websocket import WebSocketSource

__all__ = [
    "CLOSED",
    "CONNECTING",
    "OPEN",
    "PATIENT",
    "RESILIENT",
    "STANDARD",
    "EventSource",
    "LongPolling",
    "Policy",
    "Polling",
    "ResponseRecorder",
    "Source",
    "State",
    "StateReason",
    "WebSocketSource",
    "watch",
]


def __getattr__(name: str) -> Any:
    """WebSocketSource, imported when it is asked for: it brings tornado, which no command line needs.

    Source: PEP 562.
    """
    if name == "WebSocketSource":
        from labkit.client.websocket import WebSocketSource

        return WebSocketSource
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
