"""The truth table of the format: the 44 vectors of cases/wpt.json, from web-platform-tests."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from labkit.wire import Event


@dataclass(frozen=True, slots=True)
class Vector:
    """One case of the truth table: a stream, and the events that the standard dispatches for it.

    `chunks` are the bytes of the stream. `last_event_id` and `retry_ms` are those at its end.
    """

    name: str
    source: str
    chunks: list[bytes]
    events: list[Event]
    last_event_id: str
    retry_ms: int | None

    @property
    def text(self) -> str:
        """The whole stream as text, without the byte order mark at its start."""
        return b"".join(self.chunks).decode("utf-8", "replace").removeprefix("\ufeff")


def vectors() -> list[Vector]:
    """The 44 cases, in the order of the file."""
    table = json.loads((files("labkit.check") / "cases" / "wpt.json").read_text("utf-8"))
    return [_vector(entry) for entry in table["vectors"]]


def _vector(entry: dict[str, Any]) -> Vector:
    expect = entry["expect"]
    return Vector(
        name=entry["name"],
        source=entry["source"],
        chunks=[chunk.encode("latin-1") for chunk in entry["chunks"]],
        events=[Event(event["data"], event["event"], event["last_event_id"]) for event in expect["events"]],
        last_event_id=expect["last_event_id"],
        retry_ms=expect["retry"],
    )
