"""The exercises, by name, in the order of the lessons."""

from labkit.check.exercise import Exercise
from labkit.check.exercises import (
    answer_once,
    assemble,
    break_even,
    build_events,
    carry,
    cors_headers,
    doubled_events,
    held,
    how_late,
    join,
    listen,
    missing_and_doubled,
    newest,
    next_wait,
    resume_call,
    route,
    since,
    size,
    split_lines,
    use_ticket,
    write_event,
)

_MODULES = (
    missing_and_doubled,
    split_lines,
    build_events,
    write_event,
    listen,
    answer_once,
    doubled_events,
    since,
    next_wait,
    held,
    carry,
    assemble,
    break_even,
    how_late,
    cors_headers,
    use_ticket,
    route,
    size,
    join,
    newest,
    resume_call,
)

EXERCISES: dict[str, Exercise] = {module.EXERCISE.name: module.EXERCISE for module in _MODULES}
