"""A guess, before the measurement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

#: A guess within a fifth of what was measured is a good one.
NEAR = 1.2


class Predict(widgets.VBox):  # type: ignore[misc]
    """A question with a choice of answers, or without choices one that takes a number. It keeps the guess, and shows it
    beside what was measured."""

    def __init__(self, question: str, choices: Sequence[str] = (), unit: str = "") -> None:
        self.question, self.choices, self.unit = question, tuple(str(choice) for choice in choices), unit
        self._entry: Any
        if self.choices:
            self._entry = widgets.RadioButtons(options=self.choices, value=None, layout=widgets.Layout(width="auto"))
        else:
            self._entry = widgets.Text(placeholder=f"a number, in {unit}" if unit else "a number")
        super().__init__([widgets.Label(f"Your guess: {question}", style={"font_weight": "bold"}), self._entry])

    @property
    def guess(self) -> str | None:
        """The choice that is marked or the text that was typed, or None."""
        value: str | None = self._entry.value
        return value or None

    def compare(self, measured: object) -> Comparison:
        """The guess and the measurement, side by side. Waits for nothing: without a guess it says so."""
        if self.choices:
            return Comparison(self.guess, str(measured))
        return compare_numbers(self.guess, float(str(measured)), self.unit)

    def __repr__(self) -> str:
        answers = [f"  ( ) {choice}" for choice in self.choices] or [f"  ____ {self.unit}".rstrip()]
        return "\n".join([f"Your guess: {self.question}", *answers])

    def _repr_mimebundle_(self, **settings: Any) -> dict[str, Any]:
        # ipywidgets cuts the text at 110 characters, and readers on the web see nothing but the text.
        return {**super()._repr_mimebundle_(**settings), "text/plain": repr(self)}


class Comparison:
    """A guess beside a measurement. `verdict` says how good it was; without one, what is equal is right."""

    def __init__(self, guess: str | None, measured: str, verdict: str | None = None) -> None:
        self.guess, self.measured = guess, measured
        self.verdict = verdict or ("✓ as you said" if guess == measured else "✗ surprised? Read on")

    def __repr__(self) -> str:
        if self.guess is None:
            return f"measured: {self.measured}   (no guess)"
        return f"measured: {self.measured}   you guessed: {self.guess}   {self.verdict}"


def compare_numbers(guess: str | None, measured: float, unit: str = "") -> Comparison:
    """How many times the guess was too much or too little.

    >>> compare_numbers("3", 1.5, "s")
    measured: 1.5 s   you guessed: 3 s   ✗ 2 times too much
    """
    shown = f"{measured:.3g} {unit}".rstrip() if abs(measured) < 1000 else f"{measured:,.0f} {unit}".rstrip()
    if guess is None:
        return Comparison(None, shown)
    try:
        number = float(guess.strip().removesuffix(unit).replace(",", "."))
    except ValueError:
        return Comparison(guess, shown, "which is not a number")
    return Comparison(f"{number:g} {unit}".rstrip(), shown, _how_far(number, measured))


def _how_far(number: float, measured: float) -> str:
    low, high = sorted((number, measured))
    if low == high or (low > 0 and high / low <= NEAR):
        return "✓ well guessed"
    how = "much" if number > measured else "little"
    return f"✗ {high / low:.2g} times too {how}" if low > 0 else f"✗ too {how}"


def predict(question: str, choices: Sequence[str] = (), *, unit: str = "") -> Predict:
    """A widget that asks for a guess: one of the choices, or without choices a number, in `unit`. The cells after it
    run with or without an answer."""
    return Predict(question, choices, unit)
