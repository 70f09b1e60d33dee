"""The solution of the exercise split_lines, and what one tends to write instead."""

from __future__ import annotations

import re

from labkit.check.exercise import Symptom, Trap

_NOT_EXACT = "a client reads every character of a line, so leave all others in it."


def split_lines(text: str) -> list[str]:
    """The lines of an event stream, as far as it has come. The lines have no line ends."""
    with_lf = text.replace("\r\n", "\n").replace("\r", "\n")  # CR LF first: it is one line end, not two
    lines = with_lf.split("\n")
    return lines[:-1]  # the last part has no line end: it is empty, or not complete yet


def _splitlines_of_ended(text: str) -> list[str]:
    lines = text.splitlines()
    return lines if text.endswith(("\n", "\r")) else lines[:-1]


def _lf_without_the_empty_tail(text: str) -> list[str]:
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def _keeps_ends(text: str) -> list[str]:
    return [line for line in text.splitlines(keepends=True) if line.endswith(("\n", "\r"))]


TRAPS = (
    Trap(
        "keeps the tail",
        lambda text: text.split("\n"),
        "The part after the last line end came out as a line, even where it is empty. A client would take the empty "
        "part for an empty line, and dispatch an event too early.",
        also=(lambda text: re.split(r"\r\n|\n|\r", text),),
    ),
    Trap(
        "splitlines",
        str.splitlines,
        "A part that no line end has closed came out as a line. More of it may still arrive, so it is not a line yet: "
        "a client would read half of it. (If you use `str.splitlines()`: it keeps this part, and it also cuts at "
        "characters that end no line here.)",
        also=(
            _lf_without_the_empty_tail,
            lambda text: text.split("\n")[:-1] if text.endswith("\n") else text.split("\n"),
        ),
    ),
    Trap(
        "strips the text",
        lambda text: text.strip().split("\n"),
        "Something was taken away from the end of the text before it was cut. Each line end there ends a line, which "
        "may be empty; and what has no line end yet is no line.",
        also=(
            lambda text: text.rstrip().split("\n"),
            lambda text: text.rstrip("\n").split("\n"),
            lambda text: text.strip().splitlines(),
            lambda text: text.rstrip().splitlines(),
        ),
    ),
    Trap(
        "cuts at empty lines",
        lambda text: text.split("\n\n"),
        "The text was cut only where an empty line stands, so several lines came out as one. Every line end ends a "
        "line; what is to be done at an empty one comes later.",
        also=(lambda text: text.split("\n\n")[:-1],),
    ),
    Trap(
        "drops the last line",
        lambda text: text.splitlines()[:-1],
        "The last line is always missing, also where a line end closes it. Only what has no line end is not a line.",
        also=(lambda text: split_lines(text)[:-1], lambda text: text.split("\n")[:-2]),
    ),
    Trap(
        "drops empty lines and keeps the tail",
        lambda text: [line for line in text.split("\n") if line],
        "There are two mistakes. Empty lines are missing, and a client dispatches an event at each of them. And a part "
        "without a line end came out as a line, although more of it may still arrive.",
        also=(
            lambda text: [line for line in re.split(r"[\r\n]+", text) if line],
            lambda text: re.findall(r"[^\r\n]+", text),
        ),
    ),
    Trap(
        "drops empty lines",
        lambda text: [line for line in split_lines(text) if line],
        "The empty lines are missing. A client dispatches an event at an empty line, so it would never dispatch one.",
        also=(lambda text: re.split(r"[\r\n]+", text)[:-1], lambda text: re.split(r"(?:\r\n|\n|\r)+", text)[:-1]),
    ),
    Trap(
        "strips",
        lambda text: [line.strip() for line in split_lines(text)],
        f"Spaces at the start and at the end of a line are missing. Only the line end goes: {_NOT_EXACT}",
    ),
    Trap(
        "strips the end",
        lambda text: [line.rstrip() for line in split_lines(text)],
        f"Spaces at the end of a line are missing. Only the line end goes: {_NOT_EXACT}",
    ),
    Trap(
        "strips the start",
        lambda text: [line.lstrip() for line in split_lines(text)],
        f"Spaces at the start of a line are missing. Only the line end goes: {_NOT_EXACT}",
    ),
    Trap(
        "keeps the line ends",
        _keeps_ends,
        "The line ends are still in the lines. An empty line would not be empty for a client, and no event would be "
        "dispatched.",
        also=(lambda text: text.splitlines(keepends=True), lambda text: [f"{line}\n" for line in split_lines(text)]),
    ),
    Trap(
        "LF only",
        lambda text: text.split("\n")[:-1],
        "Only LF was taken for a line end, so CR stayed in the lines. CR ends a line too, and CR LF is one line end.",
    ),
    Trap(
        "CR removed at the end",
        lambda text: [line.rstrip("\r") for line in text.split("\n")[:-1]],
        "A CR before LF was removed, but a CR that stands alone ends a line too: two lines came out as one.",
        also=(lambda text: text.replace("\r", "").split("\n")[:-1],),
    ),
    Trap(
        "CR LF twice",
        lambda text: text.replace("\r", "\n").split("\n")[:-1],
        "CR LF came out as two line ends. It is one: a client would see an empty line that the server never sent.",
        also=(lambda text: re.split(r"[\r\n]", text)[:-1],),
    ),
    Trap(
        "no lone CR",
        lambda text: text.replace("\r\n", "\n").split("\n")[:-1],
        "CR LF is one line end here, as it should be. But a CR that stands alone ends a line too.",
    ),
    Trap(
        "splitlines, tail dropped",
        _splitlines_of_ended,
        "A line was cut where no line end is: at U+2028, U+2029, NEL, VT or FF. In an event stream they are ordinary "
        "characters. (If you use `str.splitlines()`: it cuts there.)",
        also=(lambda text: [line.rstrip("\r\n") for line in text.splitlines(True) if line.endswith(("\r", "\n"))],),
    ),
    Trap(
        "drops the first part",
        lambda text: text.split("\n")[1:],
        "The first line is missing, and what no line end has closed came out. It is the last part of a split that is "
        "no line yet.",
        also=(lambda text: re.split(r"\r\n|\n|\r", text)[1:],),
    ),
    Trap(
        "an empty line from nothing",
        lambda text: text.rpartition("\n")[0].split("\n"),
        "Where no line end has come yet, an empty line came out. There is no line so far, and a client would take that "
        "one for the end of an event.",
    ),
)

SYMPTOMS = (
    Symptom(
        "nothing came",
        lambda lines, expected: lines == [],
        "No line came out, although line ends stand in the text.",
    ),
    Symptom(
        "another order",
        lambda lines, expected: sorted(lines) == sorted(expected),
        "The lines are right, but they stand in another order. They come out as they stand in the text.",
    ),
)
