"""The exercise build_events: a stream's lines -> what a client dispatches."""

from __future__ import annotations

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.build_events_dispatch_traps import DISPATCH_TRAPS, SYMPTOMS
from labkit.check.exercises.build_events_samples import EventFields, every_field, simple_lines, truth_table
from labkit.check.exercises.build_events_traps import FIELD_TRAPS
from labkit.check.values import Unreadable, shape

STUB = '''\
def build_events(lines: list[str]) -> list[tuple[str, str, str]]:
    r"""The events that these lines dispatch, each as (type, data, last event ID).

    An empty line dispatches an event, if there was a data line before it. Without an event line its type is "message".
    The last event ID is that of the last id line, "" before the first. A line that starts with a colon is a comment.
    Example:
    build_events(["id: 7", "data: a", "data: b", "", "data: half"]) -> [("message", "a\\nb", "7")]
    """
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
    rows = read.items(returned, "a list of tuples (type, data, last event ID)")
    return [_row(row, number) for number, row in enumerate(rows)]


def _row(row: object, number: int) -> EventFields:
    expected = "a tuple of three strings: (type, data, last event ID)"
    parts = read.items(row, expected, f"Item {number} of the list is")
    if len(parts) != 3:
        raise Unreadable(f"Item {number} of the list is {shape(row)}; the check expects {expected}.")
    kind, data, last_event_id = (
        read.text(part, f"The {name} in item {number} is")
        for name, part in zip(("type", "data", "last event ID"), parts, strict=True)
    )
    return kind, data, last_event_id


LEVELS = (
    Level(
        "one data line per event",
        "An empty line dispatches the event, if there is data. Without other fields its type is 'message' and its last "
        "event ID is ''.",
        simple_lines,
    ),
    Level(
        "all fields",
        "The data lines of an event are joined with LF. One space after the colon is removed, and no more. A line that "
        "starts with a colon is a comment. A line without a colon is a field with an empty value.",
        every_field,
    ),
    Level(
        "the truth table",
        "The last event ID stays until another id line comes, the type does not stay. `data:` alone dispatches an "
        "event, a block without data does not. A block that no empty line closes is discarded. An id is any text, "
        "but one with NUL is ignored.",
        truth_table,
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=build_events,
    levels=LEVELS,
    traps=(*DISPATCH_TRAPS, *FIELD_TRAPS),
    hints=(
        "Go through the lines one by one. What do you have to remember from line to line? (It is the data so far, the "
        "type, and the last event ID.)",
        "At an empty line: if there is data, append an event. Then forget the data and the type, but not the last "
        "event ID. (It may be any text, not only a number.)",
        'For the other lines use `line.partition(":")`. It never fails, and a comment gets an empty field name. Then '
        '`value.removeprefix(" ")` removes one space and no more.',
        "Keep the data lines in a list, and join them with LF at the end. `['']` is true and `[]` is false, so the "
        "list tells `data:` alone from no data at all.",
    ),
    praise="You dispatch what a browser dispatches, on generated lines and on the 44 streams of the truth table.",
    read=_read,
    symptoms=SYMPTOMS,
)
