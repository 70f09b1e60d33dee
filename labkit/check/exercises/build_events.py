"""The exercise build_events: a stream's lines -> what a client dispatches."""

from __future__ import annotations

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Unreadable
from labkit.check.exercises.build_events_samples import EventFields, every_field, plain, truth_table
from labkit.check.exercises.build_events_traps import TRAPS

STUB = '''\
def build_events(lines: list[str]) -> list[tuple[str, str, str]]:
    """The events that these lines dispatch, each as (type, data, last event ID)."""
    ...
'''


def build_events(lines: list[str]) -> list[tuple[str, str, str]]:
    """The events that these lines dispatch, each as (type, data, last event ID)."""
    events: list[tuple[str, str, str]] = []
    data: list[str] = []
    event_type = last_event_id = ""
    for line in lines:
        if line == "":
            if data:  # a list with one empty line in it is true: `data:` alone dispatches
                events.append((event_type or "message", "\n".join(data), last_event_id))
            data, event_type = [], ""  # but the last event ID stays
            continue
        field, _, value = line.partition(":")  # a comment has an empty field name
        value = value.removeprefix(" ")
        if field == "data":
            data.append(value)
        elif field == "event":
            event_type = value
        elif field == "id" and "\0" not in value:
            last_event_id = value
    return events


def _read(returned: object, sample: Sample) -> list[EventFields]:
    rows = read.items(returned, "a list of (type, data, last event ID)")
    return [_row(row, f"Item {number} of the list") for number, row in enumerate(rows)]


def _row(row: object, label: str) -> EventFields:
    if not isinstance(row, tuple | list):
        raise Unreadable(f"{label} is {read.kind(row)}, not a tuple (type, data, last event ID).")
    if len(row) != 3:
        raise Unreadable(f"{label} has {len(row)} parts, not three: (type, data, last event ID).")
    kind, data, last_event_id = (
        read.text(part, f"{name} in item {label.split()[1]}")
        for name, part in zip(("The type", "The data", "The last event ID"), row, strict=True)
    )
    return kind, data, last_event_id


LEVELS = (
    Level(
        "one data line per event",
        "An empty line dispatches the event, if there is data. Without other fields the type is 'message', the id ''.",
        plain,
    ),
    Level(
        "all fields",
        "Data lines are joined with LF. One space after the colon goes, no more. A line that begins with a colon is a "
        "comment. A line without a colon is a field with an empty value.",
        every_field,
    ),
    Level(
        "the truth table",
        "The id stays until another one comes, the type does not. `data:` alone dispatches, a block without data does "
        "not. A block that no empty line closes is discarded. An id with NUL is ignored.",
        truth_table,
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=build_events,
    levels=LEVELS,
    traps=TRAPS,
    hints=(
        "Go through the lines one by one. What must you remember from line to line? (The data so far, the type, and "
        "the last event ID.)",
        "An empty line dispatches: if there is data, append an event. Then forget the data and the type, not the id.",
        'For the other lines use line.partition(":"). It never fails, and a comment gets an empty field name. Then '
        'value.removeprefix(" ") takes one space and no more.',
        "Keep the data lines in a list, and join them with LF at the end. [''] is true and [] is false, so the list "
        "tells `data:` alone from no data at all.",
    ),
    praise="You dispatch what a browser dispatches, on generated lines and on the 44 streams of the truth table.",
    read=_read,
)
