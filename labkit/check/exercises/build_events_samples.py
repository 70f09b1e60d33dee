"""Generated lines for build_events, and the events that explain() makes of them."""

from __future__ import annotations

from random import Random

from labkit.check.exercise import Sample
from labkit.check.truth_table import vectors
from labkit.wire import Event, explain, signals

EventFields = tuple[str, str, str]

_VALUES = ("tick", "7", "up", "a b", "x=1", "grün")
_FORMS = ("data: {}", "data:{}", "data:  {}", "data: {} ", "data:\t{}", "data: {}: b", "data:{}: c")
_NOISE = (": note", ":", "note: x", "retry: 10", "justtext")
_ODD = (
    "data: tick", "data: 8", "data:", "data", "data:\0", "event: up", "event: down", "event:", "event", "id: 5",
    "id: 6", "id:", "id", "id: a\0b", "id:\0", "retry: 20", ": note", "Data: x", " data: x", "data : x",
    "\ufeffdata: x", " ",
)  # fmt: skip


def simple_lines() -> list[Sample]:
    """Samples with one data line per block, and now and then a second empty line."""
    rng = Random("build_events/1")
    return _samples(
        [
            [line for _ in range(rng.randrange(4)) for line in (f"data: {rng.choice(_VALUES)}", *_blanks(rng))]
            for _ in range(40)
        ]
    )


def every_field() -> list[Sample]:
    """Samples with all fields and notations. In a stream either every block has a type and an id, or none has."""
    rng = Random("build_events/2")
    return _samples([_full_stream(rng, named=number % 3 == 0) for number in range(90)])


def truth_table() -> list[Sample]:
    """Samples with lines in any order, and those of the 44 cases of the truth table."""
    rng = Random("build_events/3")
    streams = []
    for _ in range(200):
        lines = [rng.choice(_ODD) if rng.random() < 0.75 else "" for _ in range(rng.randrange(1, 10))]
        streams.append([*lines, ""] if rng.random() < 0.7 else lines)
    table = []
    for vector in vectors():
        steps = explain(f"\ufeff{vector.text}".encode())
        lines = [step.line for step in steps if step.role not in ("bom", "unfinished")]
        rows = [(event.type, event.data, event.last_event_id) for event in vector.events]
        table.append(Sample((lines,), rows, origin=vector.name))
    return _samples(streams) + table


def _full_stream(rng: Random, named: bool) -> list[str]:
    lines = []
    for _ in range(rng.randrange(1, 3)):
        block = [rng.choice(_FORMS).format(rng.choice(_VALUES)) for _ in range(rng.choice((1, 1, 2, 3)))]
        if rng.random() < 0.25:
            block.append(rng.choice(("data", "data:")))
        if rng.random() < 0.3:
            block.insert(rng.randrange(len(block) + 1), rng.choice(_NOISE))
        if named:
            block.insert(rng.randrange(len(block) + 1), f"event: {rng.choice(_VALUES)}")
            block.insert(rng.randrange(len(block) + 1), f"id:{rng.choice((' ', ''))}{rng.randrange(100)}")
        lines += [*block, *_blanks(rng)]
    return lines


def _blanks(rng: Random) -> list[str]:
    return ["", ""] if rng.random() < 0.3 else [""]


def _samples(streams: list[list[str]]) -> list[Sample]:
    return [Sample((list(lines),), _expected(lines)) for lines in dict.fromkeys(map(tuple, streams))]


def _expected(lines: tuple[str, ...]) -> list[EventFields]:
    # The mark in front is the one that explain() strips: one that is part of a line must stay.
    raw = ("\ufeff" + "".join(line + "\n" for line in lines)).encode()
    return [(item.type, item.data, item.last_event_id) for item in signals(raw) if isinstance(item, Event)]
