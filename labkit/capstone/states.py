"""What an event must say of the job: the schema of the checklist. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass

from labkit.capstone.flaky_job import FINAL, STATES
from labkit.errors import NOT_JSON
from labkit.wire import Event

SCHEMA = '{"run": "5f2c", "step": 3, "of": 8, "state": "running", "note": "..."}'


@dataclass(frozen=True, slots=True)
class JobState:
    """What one event says: which start of the job, at which step of how many, in which state, and a note."""

    run: str
    step: int
    of: int
    state: str
    note: str = ""

    @property
    def final(self) -> bool:
        """Whether the job is over with it."""
        return self.state in FINAL


def read_state(event: Event) -> JobState:
    """The state of the job in this event. Fields that the schema does not name are allowed.

    Raises:
        ValueError: it has none; with a sentence that says why.
    """
    shown = ascii(event.data) if len(event.data) <= 60 else ascii(event.data[:60]) + "..."
    try:
        found = json.loads(event.data)
    except NOT_JSON:
        raise ValueError(f"the data {shown} is no JSON") from None
    if not isinstance(found, dict):
        raise ValueError(f"the data {shown} is JSON, and no object")
    kinds = {"run": (str, int), "step": (int,), "of": (int,), "state": (str,), "note": (str,)}
    for name, types in kinds.items():
        if name == "note" and name not in found:
            continue
        if not isinstance(found.get(name), types) or isinstance(found.get(name), bool):
            missing = "has no" if name not in found else f"has {ascii(found[name])[:30]} as its"
            raise ValueError(f"the data {shown} {missing} {name!r}. Each event is like {SCHEMA}")
    if found["state"] not in STATES:
        raise ValueError(f"the state {ascii(found['state'])[:40]} is not known: it is one of {', '.join(STATES)}")
    return JobState(str(found["run"]), found["step"], found["of"], found["state"], found.get("note", ""))


def states_of(events: list[Event]) -> list[JobState]:
    """The states of those events that have one."""
    states = []
    for event in events:
        try:
            states.append(read_state(event))
        except ValueError:
            continue
    return states
