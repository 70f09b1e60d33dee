"""A widget that asks for a guess before a measurement, and compares the two."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import traitlets

from labkit.system.observers import tell
from labkit.system.progress import note
from labkit.widgets.assets import LabWidget, join_files

#: A guess within a fifth of what was measured is a good one.
GOOD_GUESS_FACTOR = 1.2


class Predict(LabWidget):
    """A widget with a question, and a choice of answers or a field for a number. It keeps the guess.

    What stands between backticks in the question or in a choice is shown as code.
    """

    _esm = join_files("elements.js", "predict.js")
    _css = join_files("labkit.css", "predict.css")
    question: Any = traitlets.Unicode().tag(sync=True)
    choices: Any = traitlets.List(traitlets.Unicode()).tag(sync=True)
    unit: Any = traitlets.Unicode().tag(sync=True)
    value: Any = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    def __init__(self, question: str, choices: Sequence[str] = (), unit: str = "") -> None:
        super().__init__(question=question, choices=[str(choice) for choice in choices], unit=unit)
        self.observe(lambda change: self._tell("guess", guess=self.guess), "value")
        self._tell("asked")

    @property
    def guess(self) -> str | None:
        """The choice that is marked, or the text that was typed; None without a guess."""
        value: str | None = self.value
        return value or None

    def compare(self, measured: object) -> Comparison:
        """The guess beside the measurement. Without a guess it says so. Both are noted beside the learner's lessons.

        Raises:
            ValueError: without choices, `measured` is not a number.
        """
        if self.choices:
            comparison = Comparison(self.guess, str(measured))
        else:
            comparison = compare_numbers(self.guess, float(str(measured)), self.unit)
        self._tell("measured", measured=comparison.measured, guess=self.guess, comparison=comparison)
        verdict = comparison.verdict if comparison.guess is not None else None
        note("guess", name=self.question, guess=comparison.guess, measured=comparison.measured, verdict=verdict)
        return comparison

    def _tell(self, kind: str, **facts: Any) -> None:
        tell(kind, question=self.question, choices=list(self.choices), unit=self.unit, **facts)

    def __repr__(self) -> str:
        answers = [f"  ( ) {choice}" for choice in self.choices] or [f"  ____ {self.unit}".rstrip()]
        return _without_backticks("\n".join([f"Your guess: {self.question}", *answers]))


class Comparison:
    """A guess beside a measurement. `verdict` says how good the guess was; without one, an equal guess is right.

    `room` is a line about what others have guessed, where a class's vote is replayed; else "".
    """

    def __init__(self, guess: str | None, measured: str, verdict: str | None = None) -> None:
        self.guess, self.measured, self.room = guess, measured, ""
        self.verdict = verdict or ("✓ as you said" if guess == measured else "✗ surprised? Read on")

    def __repr__(self) -> str:
        said = "(no guess)" if self.guess is None else f"you guessed: {self.guess}   {self.verdict}"
        room = f"\n{self.room}" if self.room else ""
        return _without_backticks(f"measured: {self.measured}   {said}{room}")


def compare_numbers(guess: str | None, measured: float, unit: str = "") -> Comparison:
    """The guess beside the measurement, with by what factor it was too much or too little.

    >>> compare_numbers("3", 1.5, "s")
    measured: 1.5 s   you guessed: 3 s   ✗ 2 times too much
    """
    measured_text = f"{measured:.3g} {unit}".rstrip() if abs(measured) < 1000 else f"{measured:,.0f} {unit}".rstrip()
    if guess is None:
        return Comparison(None, measured_text)
    try:
        number = float(guess.strip().removesuffix(unit).replace(",", "."))
    except ValueError:
        return Comparison(guess, measured_text, "which is not a number")
    return Comparison(f"{number:g} {unit}".rstrip(), measured_text, _guess_verdict(number, measured))


def _guess_verdict(number: float, measured: float) -> str:
    low, high = sorted((number, measured))
    if low == high or (low > 0 and high / low <= GOOD_GUESS_FACTOR):
        return "✓ well guessed"
    direction = "much" if number > measured else "little"
    return f"✗ {high / low:.2g} times too {direction}" if low > 0 else f"✗ too {direction}"


def _without_backticks(text: str) -> str:
    """For plain text, which has no other letters for code; a single backtick stays."""
    return re.sub(r"`([^`\n]+)`", r"\1", text)


def predict(question: str, choices: Sequence[str] = (), *, unit: str = "") -> Predict:
    """A widget that asks for a guess: one of the choices, or without choices a number, in `unit`. The cells after it
    run with or without an answer."""
    return Predict(question, choices, unit)
