"""The answers to a learner: CheckResult, Hint and Solution. Each repr is the same in every run.

In their sentences code stands between backticks. `plain` and `html` show it: here, and nowhere else.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from labkit.errors import counted

_CODE = re.compile(r"`([^`\n]+)`")
_FACT = "  "  # a line that begins so is a fact, which may be a learner's own text: backticks in it are backticks


def plain(marked: str) -> str:
    """The text without the backticks around code."""
    return "\n".join(line if line.startswith(_FACT) else _CODE.sub(r"\1", line) for line in marked.split("\n"))


def html(marked: str) -> str:
    """The text as HTML, with its code in <code>. All else is escaped."""
    return _CODE.sub(r"<code>\1</code>", escape(marked))


@dataclass(frozen=True, repr=False)
class CheckResult:
    """The result of a check: the levels passed, and a message that explains the first mistake.

    `level` is the number of levels passed, of `levels`. `marked` is the message with its code between backticks: a
    sentence first, then lines of facts that begin with two spaces. `mistake` is the name of the trap that explains it;
    "" where none does.
    """

    exercise: str
    level: int
    levels: int
    passed: bool
    marked: str
    mistake: str = ""

    @property
    def message(self) -> str:
        """The message as plain text."""
        return plain(self.marked)

    def __repr__(self) -> str:
        return f"{self._title()}\n{self.message}"

    def _repr_html_(self) -> str:
        colour = "var(--jp-success-color1, #388e3c)" if self.passed else "var(--jp-warn-color1, #f57c00)"
        prose, facts = _parts(self.marked)
        return _box(colour, self._title(), prose, facts)

    def _title(self) -> str:
        # A mark in text stands beside the colour: not everybody sees the colour.
        mark = "✓" if self.passed else "→"
        count = f": {self.level} of {counted(self.levels, 'level')} passed" if self.levels else ""
        return f"{mark} {self.exercise}{count}"


@dataclass(frozen=True, repr=False)
class Hint:
    """One hint: step `step` of `steps`. `marked` is its text with the code between backticks."""

    exercise: str
    step: int
    steps: int
    marked: str

    @property
    def text(self) -> str:
        """The hint as plain text."""
        return plain(self.marked)

    def __repr__(self) -> str:
        return f"{self._title()}\n{self.text}"

    def _repr_html_(self) -> str:
        return _box("var(--jp-info-color1, #0288d1)", self._title(), self.marked, "")

    def _title(self) -> str:
        return f"{self.exercise}: hint {self.step} of {self.steps}"


@dataclass(frozen=True, repr=False)
class Solution:
    """A right answer. It shows its source, and can be called."""

    function: Callable[..., object]

    @property
    def source(self) -> str:
        """The source of the function."""
        return inspect.getsource(self.function).rstrip()

    def __call__(self, *args: object, **options: object) -> object:
        return self.function(*args, **options)

    def __repr__(self) -> str:
        return self.source


def _parts(message: str) -> tuple[str, str]:
    lines = message.split("\n")
    prose = "\n".join(line for line in lines if not line.startswith(_FACT))
    facts = "\n".join(line for line in lines if line.startswith(_FACT))
    return prose, facts


def _box(colour: str, title: str, prose: str, facts: str) -> str:
    # The text has the theme's colour, so it can be read on dark and on light. It is escaped: event data is text.
    block = f'<pre style="margin:4px 0 0;white-space:pre-wrap">{escape(facts)}</pre>' if facts else ""
    return (
        f'<div style="border-left:4px solid {colour};padding:4px 12px;color:var(--jp-ui-font-color1, inherit)">'
        f'<strong>{escape(title)}</strong><div style="white-space:pre-line">{html(prose)}</div>{block}</div>'
    )
