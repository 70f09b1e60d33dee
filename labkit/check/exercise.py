"""The data of an exercise: its levels with their samples, and the mistakes that it can name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from labkit.check.values import value_text


class RuleBroken(BaseException):
    """An instrument that the check gave to the function saw a broken rule. The message is a sentence for the learner.

    It is no Exception: a learner's `except Exception` must not catch it.
    """


@dataclass(frozen=True, slots=True)
class NoValue:
    """The result of a call that gave no value to compare.

    `reason` is "nothing", "raised", "unreadable", "broken", "endless", "late", "memory", "ended" or "stopped"; `detail`
    is the error's name, or the sentence.
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
    """A tempting wrong answer: its function, and the sentence that explains the mistake.

    The sentence says what is seen of the function from outside, for that is all that the check sees. It must be true of
    every sample, so it names nothing of one. What can be said of the one that is shown is said by `about`, if there is
    such a function: a sentence more. `also` are other functions of which it is true as well.
    """

    name: str
    function: Callable[..., object]
    sentence: str
    also: tuple[Callable[..., object], ...] = ()
    about: Callable[[Sample], str] | None = None

    def told(self, sample: Sample) -> str:
        """What is said beside this sample."""
        return f"{self.sentence} {self.about(sample)}" if self.about else self.sentence

    @property
    def functions(self) -> tuple[Callable[..., object], ...]:
        """All functions of the trap."""
        return (self.function, *self.also)


@dataclass(frozen=True, slots=True)
class Symptom:
    """What many wrong answers have in common: `fits(value, expected)`, and the sentence that is true of them."""

    name: str
    fits: Callable[[Any, Any], bool]
    sentence: str


@dataclass(frozen=True, slots=True)
class Exercise:
    """One exercise, as data.

    `stub` is the source that the lesson prints; `imports` are the lines that its example, or an answer, needs besides
    `from labkit.check import check, hint, solution`. `praise` is said when all levels are passed.

    `read` makes a comparable value of what a function returned, and raises Unreadable where it cannot; it sees the
    sample too. `show_returned` turns what was returned into text, `show_expected` what `read` made; `show_read` adds,
    where there is one, what `read` made of the answer. `symptoms` are asked where no trap explains what came.

    In all sentences for the learner, code stands between backticks.
    """

    stub: str
    solution: Callable[..., object]
    levels: tuple[Level, ...]
    traps: tuple[Trap, ...]
    hints: tuple[str, ...]
    praise: str
    read: Callable[[object, Sample], object]
    show_returned: Callable[[object], str] = value_text
    show_read: Callable[[object], str] | None = None
    show_expected: Callable[[object], str] = value_text
    imports: tuple[str, ...] = ()
    symptoms: tuple[Symptom, ...] = ()

    @property
    def name(self) -> str:
        """The name of the exercise: that of the function to write."""
        return self.solution.__name__
