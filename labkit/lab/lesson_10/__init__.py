"""Lesson 10, "How many can it hold?": what a browser holds open over each version of HTTP, and how to need less."""

from labkit.lab.lesson_10.protocols import PROTOCOLS, Front, speaking
from labkit.lab.lesson_10.six import TheSix, the_six
from labkit.lab.lesson_10.tabs import SharedTabs, share_one_stream
from labkit.lab.lesson_10.topics import TopicsHeard, hear_topics

__all__ = [
    "PROTOCOLS", "Front", "SharedTabs", "TheSix", "TopicsHeard", "hear_topics", "share_one_stream", "speaking",
    "the_six",
]  # fmt: skip
