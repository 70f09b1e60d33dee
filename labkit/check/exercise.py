"""What an exercise is made of: levels of samples, and the mistakes that it can name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


class Unreadable(Exception):
    """The function returned something that cannot be compared. The text is a sentence for the learner."""


@dataclass(frozen=True, slots=True)
class NoValue:
    """A call that gave no value to compare. `how` is "nothing", "raised", "unreadable", "endless" or "stopped"."""

    how: str
    what: str = ""


#: What a sample expects where the function must refuse.
REFUSED = NoValue("raised", "ValueError")


@dataclass(frozen=True, slots=True)
class Sample:
    """One call, and the value that it must come to. `origin` names the case where the input was not generated."""

    args: tuple[Any, ...]
    expected: object
    options: Mapping[str, object] = field(default_factory=dict)
    origin: str = ""

    def call(self, name: str) -> str:
        """The call as a line of Python."""
        words = [repr(value) for value in self.args] + [f"{key}={value!r}" for key, value in self.options.items()]
        return f"{name}({', '.join(words)})"


@dataclass(frozen=True, slots=True)
class Level:
    """A step of an exercise. `rule` is said where no trap explains the mistake."""

    title: str
    rule: str
    samples: Callable[[], list[Sample]]


@dataclass(frozen=True, slots=True)
class Trap:
    """A tempting wrong answer: the code, and the sentence that names the mistake and says why it is one."""

    name: str
    function: Callable[..., object]
    sentence: str


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise, as data.

    `read` makes a comparable value of what a function returned, and raises Unreadable where it cannot; it sees the
    sample too. `show_came` and `show_expected` turn such values into text. `stub` is the source that the lesson prints.
    """

    stub: str
    solution: Callable[..., object]
    levels: tuple[Level, ...]
    traps: tuple[Trap, ...]
    hints: tuple[str, ...]
    done: str
    read: Callable[[object, Sample], object]
    show_came: Callable[[object], str] = repr
    show_expected: Callable[[object], str] = repr

    @property
    def name(self) -> str:
        return self.solution.__name__
