"""The exercises, by name, in the order of the lessons."""

from labkit.check.exercises import build_events, missing_and_doubled, split_lines, write_event
from labkit.check.model import Exercise

EXERCISES: dict[str, Exercise] = {
    module.EXERCISE.name: module.EXERCISE for module in (split_lines, build_events, write_event, missing_and_doubled)
}
