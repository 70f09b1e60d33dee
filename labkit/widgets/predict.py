"""A guess, before the measurement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets


class Predict(widgets.VBox):  # type: ignore[misc]
    """A question with a choice of answers. It keeps the guess, and shows it beside what was measured."""

    def __init__(self, question: str, choices: Sequence[str]) -> None:
        self.question, self.choices = question, tuple(str(choice) for choice in choices)
        self._buttons = widgets.RadioButtons(options=self.choices, value=None, layout=widgets.Layout(width="auto"))
        super().__init__([widgets.Label(f"Your guess: {question}", style={"font_weight": "bold"}), self._buttons])

    @property
    def guess(self) -> str | None:
        """The choice that is marked, or None."""
        value: str | None = self._buttons.value
        return value

    def compare(self, measured: object) -> Comparison:
        """The guess and the measurement, side by side. Waits for nothing: without a guess it says so."""
        return Comparison(self.guess, str(measured))

    def __repr__(self) -> str:
        return "\n".join([f"Your guess: {self.question}", *(f"  ( ) {choice}" for choice in self.choices)])

    def _repr_mimebundle_(self, **settings: Any) -> dict[str, Any]:
        # ipywidgets cuts the text at 110 characters, and readers on the web see nothing but the text.
        return {**super()._repr_mimebundle_(**settings), "text/plain": repr(self)}


class Comparison:
    """A guess beside a measurement."""

    def __init__(self, guess: str | None, measured: str) -> None:
        self.guess, self.measured = guess, measured

    def __repr__(self) -> str:
        if self.guess is None:
            return f"measured: {self.measured}   (no guess)"
        mark = "✓ as you said" if self.guess == self.measured else "✗ surprised? Read on"
        return f"measured: {self.measured}   you guessed: {self.guess}   {mark}"


def predict(question: str, choices: Sequence[str]) -> Predict:
    """A widget that asks for a guess. The cells after it run with or without an answer."""
    return Predict(question, choices)
