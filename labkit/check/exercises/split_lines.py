"""The exercise split_lines: a stream's text -> its lines."""

from __future__ import annotations

from random import Random

from labkit.check import read
from labkit.check.exercise import Exercise, Level, Sample, Trap
from labkit.check.truth_table import vectors
from labkit.wire import explain

STUB = '''\
def split_lines(text: str) -> list[str]:
    """The lines of an event stream; a part after the last line end is not a line."""
    ...
'''


def split_lines(text: str) -> list[str]:
    """The lines of an event stream; a part after the last line end is not a line."""
    with_lf = text.replace("\r\n", "\n").replace("\r", "\n")  # CRLF first: it is one line end, not two
    lines = with_lf.split("\n")
    return lines[:-1]  # the last part has no line end: it is empty, or not complete yet


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
    return [read.text(line, f"Item {number} of the list") for number, line in enumerate(lines)]


def _splitlines_of_ended(text: str) -> list[str]:
    lines = text.splitlines()
    return lines if text.endswith(("\n", "\r")) else lines[:-1]


LEVELS = (
    Level(
        "LF",
        "LF ends a line. An empty line is a line too. What follows the last LF is not a line.",
        lambda: _samples(_generated("split_lines/1", ("\n",), _PLAIN)),
    ),
    Level(
        "CR and CRLF",
        "Three things end a line: LF, CR, and CRLF, which is one line end.",
        lambda: _samples(_generated("split_lines/2", ("\n", "\r\n", "\r"), _PLAIN)),
    ),
    Level(
        "the truth table, and characters that look like line ends",
        "Only LF, CR and CRLF end a line. Everything else stays in the line as it is.",
        _truth_table,
    ),
)

TRAPS = (
    Trap(
        "keeps the tail",
        lambda text: text.split("\n"),
        'split("\\n") also returns what follows the last line end, even when it is empty. That part is not a line.',
    ),
    Trap(
        "splitlines",
        str.splitlines,
        "A part that no line end has closed came out as a line. More of it may still arrive, so it is not a line yet. "
        "(str.splitlines() keeps that part. It also breaks lines at characters that are no line ends here.)",
    ),
    Trap(
        "drops empty lines",
        lambda text: [line for line in split_lines(text) if line],
        "The empty lines are gone. Keep them: in an event stream the empty line dispatches the event.",
    ),
    Trap(
        "strips",
        lambda text: [line.strip() for line in split_lines(text)],
        "Spaces at the start or the end of a line are gone. They belong to the line: cut at line ends only.",
    ),
    Trap(
        "LF only",
        lambda text: text.split("\n")[:-1],
        "Only LF was taken as a line end, so CR stayed in the lines. CR ends a line too, and CRLF is one line end.",
    ),
    Trap(
        "CRLF twice",
        lambda text: text.replace("\r", "\n").split("\n")[:-1],
        "CRLF came out as two line ends. CRLF is one line end: look at both characters before you cut.",
    ),
    Trap(
        "no lone CR",
        lambda text: text.replace("\r\n", "\n").split("\n")[:-1],
        "CRLF is handled, but a CR that stands alone ends a line too.",
    ),
    Trap(
        "splitlines, tail dropped",
        _splitlines_of_ended,
        "A line was cut where no line end is. str.splitlines() also cuts at U+2028, U+2029, NEL, VT and FF; in an "
        "event stream they are ordinary characters.",
    ),
)

EXERCISE = Exercise(
    stub=STUB,
    solution=split_lines,
    levels=LEVELS,
    traps=TRAPS,
    hints=(
        "Write down the lines of 'a\\n\\nb' by hand. There are two: 'a' and ''. The 'b' has no line end yet.",
        "Three things end a line: LF, CR, and CRLF. Can you turn all of them into LF? Which one must you replace "
        "first?",
        "replace() CRLF by LF, then CR by LF; then split at LF. The last part of a split is never a complete line.",
    ),
    praise="Your lines are those of the standard, on generated streams and on the 44 streams of the truth table.",
    read=_read,
)
