"""Clients for event streams, on httpx: they reconnect and resume by themselves."""

from labkit.client.eventsource import EventSource
from labkit.client.facts import CLOSED, CONNECTING, OPEN, State, StateReason
from labkit.client.polling import PATIENT, LongPolling, Polling
from labkit.client.source import Source
from labkit.client.watch import ResponseRecorder, watch
from labkit.client.websocket import WebSocketSource
from labkit.wire.session import RESILIENT, STANDARD, Policy

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
]  # fmt: skip
