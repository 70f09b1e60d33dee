"""The experiments of lesson 02, "How does a server push?", and the verdicts on its claims."""

from labkit.lab.lesson_02.claims import (
    c02_headers_that_matter,
    c10_twenty_lines,
    c11_line_break_breaks_it,
    c63_bounded_for_slow_readers,
)
from labkit.lab.lesson_02.headers import opens_with, opens_without
from labkit.lab.lesson_02.slow import slow_reader

__all__ = [
    "c02_headers_that_matter", "c10_twenty_lines", "c11_line_break_breaks_it", "c63_bounded_for_slow_readers",
    "opens_with", "opens_without", "slow_reader",
]  # fmt: skip
