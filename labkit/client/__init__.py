"""A client for event streams that reconnects and resumes, on httpx."""

from labkit.client.eventsource import CLOSED, CONNECTING, OPEN, EventSource, State
from labkit.client.watch import Watching, watch
from labkit.wire.session import RESILIENT, STANDARD, Policy

__all__ = [
    "CLOSED", "CONNECTING", "OPEN", "RESILIENT", "STANDARD", "EventSource", "Policy", "State", "Watching", "watch",
]  # fmt: skip
