"""Readers who come while the job goes on, and what is wrong with the first that they receive. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from labkit.recording import Recording
from labkit.wire import Event
from labkit.wire.session import opens_stream


@dataclass(frozen=True)
class LateReader:
    """A reader who came while the job went on: with which id, what was known at that moment, and what it received."""

    asked_with: str
    known: tuple[Event, ...]
    recording: Recording

    @cached_property
    def problem(self) -> str:
        """What is wrong with the first that it received; "" if it was the newest state."""
        events, known = self.recording.events, self.known
        if not opens_stream(self.recording.status, self.recording.headers.get("content-type")):
            return f"was answered {self.recording.status}"
        if not events:
            return "received nothing, and waits for the next state: send the newest one at once"
        places = [place for place, event in enumerate(known) if event.data == events[0].data]
        if not places:
            return "received the next state and not the newest: until it came, the page was empty"
        if places[0] < len(known) - 2:  # the one before is allowed: the newest may have come meanwhile
            return (
                f"received event {places[0] + 1} first, and the newest was {len(known)}: who comes late sees the past"
            )
        return ""

    @property
    def told(self) -> bool:
        """Whether an id that the server does not know was told as a gap, or answered with the newest state."""
        events = self.recording.events
        return (bool(events) and events[0].type == "gap") or not self.problem
