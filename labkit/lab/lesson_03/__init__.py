"""The experiments of lesson 03, "What does a client do?", and the verdicts on its claims."""

from labkit.lab.lesson_03.claims import c14_three_states, c19_asks_again

__all__ = [
    "c14_three_states", "c19_asks_again",
]  # fmt: skip
