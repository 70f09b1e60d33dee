"""The exercise split_lines: a stream's text so far -> its lines so far."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample
from labkit.check.exercises.split_lines_traps import SYMPTOMS, TRAPS, split_lines
from labkit.check.truth_table import vectors
from labkit.wire import explain

STUB = '''\
def split_lines(text: str) -> list[str]:
    r"""The lines of an event stream, as far as it has come. The lines have no line ends.

    LF ends a line, CR ends a line, and CR LF is one line end. What has no line end yet is not a line.
    Example:
    split_lines("data: a\\r\\n\\ndat") -> ["data: a", ""]
    """
    ...
'''

_PLAIN = ("", "", "tick", "data: 7", "  two spaces before", "two after  ", "id: 12", "ünïcode", ": note")
_ODD = (*_PLAIN, "a\u2028b", "c\x85d", "e\x0bf", "g\x0ch", "\u2029", "data: \x0b")


def _generated(seed: str, ends: tuple[str, ...], pieces: tuple[str, ...], count: int = 60) -> list[str]:
    rng = Random(seed)
    texts = []
    for _ in range(count):
        text = "".join(rng.choice(pieces) + rng.choice(ends) for _ in range(rng.randrange(6)))
        texts.append(text + rng.choice(pieces) if rng.random() < 0.3 else text)
    return list(dict.fromkeys(texts))


def _samples(texts: list[str]) -> list[Sample]:
    return [Sample((text,), _expected(text)) for text in texts]


def _expected(text: str) -> list[str]:
    # The mark in front is the one that explain() strips: one that is part of the text must stay.
    return [step.line for step in explain(f"\ufeff{text}".encode()) if step.role not in ("bom", "unfinished")]


def _truth_table() -> list[Sample]:
    table = [Sample((vector.text,), _expected(vector.text), origin=vector.name) for vector in vectors()]
    return _samples(_generated("split_lines/3", ("\n", "\r\n", "\r"), _ODD)) + table


def _read(returned: object, sample: Sample) -> list[str]:
    lines = read.items(returned, "a list of lines")
    return [read.text(line, f"Item {number} of the list is") for number, line in enumerate(lines)]


EXERCISE = Exercise(
    stub=STUB,
    solution=split_lines,
    levels=(
        Level(
            "LF",
            "LF ends a line. An empty line is a line too. What follows the last LF is not a line yet.",
            lambda: _samples(_generated("split_lines/1", ("\n",), _PLAIN)),
        ),
        Level(
            "CR and CR LF",
            "Three things end a line: LF, CR, and CR LF, which is one line end.",
            lambda: _samples(_generated("split_lines/2", ("\n", "\r\n", "\r"), _PLAIN)),
        ),
        Level(
            "the truth table, and characters that look like line ends",
            "Only LF, CR and CR LF end a line. Everything else stays in the line as it is.",
            _truth_table,
        ),
    ),
    traps=TRAPS,
    hints=(
        r"Write down the lines of `'a\n\nb'` by hand. There are two: `'a'` and `''`. The `b` has no line end yet, so "
        "it is not a line.",
        "Three things end a line: LF, CR, and CR LF. Can you turn all of them into LF? Which one do you have to "
        "replace first?",
        "`replace()` CR LF by LF, then CR by LF; then split the text at LF. The last part of a split has no line end.",
    ),
    praise="Your lines are those of the standard, on generated streams and on the 44 streams of the truth table.",
    read=_read,
    symptoms=SYMPTOMS,
)
