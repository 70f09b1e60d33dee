"""The data of an exercise: its levels with their samples, and the mistakes that it can name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


class Unreadable(Exception):
    """The returned value cannot be compared. The message is a sentence for the learner."""


@dataclass(frozen=True, slots=True)
class NoValue:
    """The result of a call that gave no value to compare.

    `reason` is "nothing", "raised", "unreadable", "endless" or "stopped"; `detail` is the error's name, or more text.
    """

    reason: str
    detail: str = ""


#: What a sample expects where the function must refuse.
REFUSED = NoValue("raised", "ValueError")


@dataclass(frozen=True, slots=True)
class Sample:
    """One call with its arguments, and the result that is expected.

    `options` are the keyword arguments. `origin` is the name of the case of the truth table, "" for generated input.
    """

    args: tuple[Any, ...]
    expected: object
    options: Mapping[str, object] = field(default_factory=dict)
    origin: str = ""

    def call(self, name: str) -> str:
        """The call of the function `name` as a line of Python."""
        words = [repr(value) for value in self.args] + [f"{key}={value!r}" for key, value in self.options.items()]
        return f"{name}({', '.join(words)})"


@dataclass(frozen=True, slots=True)
class Level:
    """One level of an exercise. `rule` is shown if no trap explains the mistake; `samples` makes the calls."""

    title: str
    rule: str
    samples: Callable[[], list[Sample]]


@dataclass(frozen=True, slots=True)
class Trap:
    """A tempting wrong answer: its function, and the sentence that explains the mistake."""

    name: str
    function: Callable[..., object]
    sentence: str


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise, as data.

    `read` makes a comparable value of what a function returned, and raises Unreadable where it cannot; it sees the
    sample too. `show_result` and `show_expected` turn such values into text. `stub` is the source that the lesson
    prints; `praise` is said when all levels are passed.
    """

    stub: str
    solution: Callable[..., object]
    levels: tuple[Level, ...]
    traps: tuple[Trap, ...]
    hints: tuple[str, ...]
    praise: str
    read: Callable[[object, Sample], object]
    show_result: Callable[[object], str] = repr
    show_expected: Callable[[object], str] = repr

    @property
    def name(self) -> str:
        """The name of the exercise: that of the function to write."""
        return self.solution.__name__
