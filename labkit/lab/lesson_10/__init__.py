"""Lesson 10, "How many can it hold?": what a browser holds open over each version of HTTP, and how to need less."""

from labkit.lab.lesson_10.protocols import PROTOCOLS, Front, speaking
from labkit.lab.lesson_10.six import TheSix, the_six

__all__ = ["PROTOCOLS", "Front", "TheSix", "speaking", "the_six"]
