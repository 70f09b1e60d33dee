"""Clients for event streams, on httpx: they reconnect and resume by themselves."""

from labkit.client.eventsource import EventSource
from labkit.client.polling import LongPolling, Polling
from labkit.client.source import CLOSED, CONNECTING, OPEN, Source, State
from labkit.client.watch import ResponseRecorder, watch
from labkit.client.websocket import WebSocketSource
from labkit.wire.session import RESILIENT, STANDARD, Policy

__all__ = [
    "CLOSED", "CONNECTING", "OPEN", "RESILIENT", "STANDARD", "EventSource", "LongPolling", "Policy", "Polling",
    "ResponseRecorder", "Source", "State", "WebSocketSource", "watch",
]  # fmt: skip
