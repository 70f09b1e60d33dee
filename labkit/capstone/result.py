"""What a check of the capstone says: its lines, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

from labkit.errors import counted

LineState = Literal["waiting", "running", "green", "red", "untold", "not run"]
#: A mark in text stands beside the colour: not everybody sees the colour.
MARKS: dict[LineState, str] = {"waiting": " ", "running": "…", "green": "✓", "red": "✗", "untold": "?", "not run": "·"}
_COLOURS = {"green": "var(--jp-success-color1, #388e3c)", "red": "var(--jp-error-color1, #d32f2f)"}
_GREY = "var(--jp-ui-font-color2, #757575)"


@dataclass(frozen=True, slots=True)
class CheckedLine:
    """One line of the checklist: its name, what it promises, how it stands, and why it is not green.

    `facts` are lines that follow on the sentence: what was seen, why it matters, and what mends it.
    """

    name: str
    title: str
    state: LineState = "waiting"
    sentence: str = ""
    facts: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The line as plain text, with its facts below it."""
        first = f"{MARKS[self.state]} {self.name:<9} {self.title}"
        if self.state == "not run":
            return f"{first} ({self.sentence})"
        below = [self.sentence] if self.sentence else []
        return "\n".join([first, *(f"{'':12}{line}" for line in (*below, *self.facts))])


@dataclass(frozen=True)
class CapstoneResult:
    """The checklist with what came of it. `seconds` is how long it took.

    `problems` are the errors that the server raised meanwhile, where it runs in this process.
    """

    target: str
    lines: tuple[CheckedLine, ...]
    seconds: float = 0.0
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every line is green, but for those that cannot be told from here."""
        return all(line.state in ("green", "untold") for line in self.lines)

    @property
    def states(self) -> dict[str, LineState]:
        """The state of each line, by its name."""
        return {line.name: line.state for line in self.lines}

    @property
    def title(self) -> str:
        """How many lines are green, and which is the next one to mend."""
        green = sum(line.state == "green" for line in self.lines)
        red = next((line.name for line in self.lines if line.state == "red"), None)
        after = f"; the next one to mend: {red}" if red else ""
        untold = [line.name for line in self.lines if line.state == "untold"]
        untold_too = f"; cannot be told here: {', '.join(untold)}" if untold else ""
        return f"{green} of {counted(len(self.lines), 'line')} green{after}{untold_too}"

    @property
    def problem_lines(self) -> list[str]:
        """What the server raised, as lines of text."""
        return [f"! your server raised: {problem}" for problem in self.problems]

    @property
    def text(self) -> str:
        """All lines as plain text."""
        return "\n".join([*(line.text for line in self.lines), *self.problem_lines, self.title])

    @property
    def html(self) -> str:
        """All lines as a table. What a server said is escaped: it is text."""
        return table_of(self.lines, "\n".join([*self.problem_lines, self.title]))

    def __repr__(self) -> str:
        return f"<CapstoneResult {self.title}>"


def table_of(lines: Sequence[CheckedLine], caption: str) -> str:
    """The lines as an HTML table, with a caption below."""
    return (
        '<table style="text-align:left;border-collapse:collapse;color:var(--jp-ui-font-color1, inherit)">'
        f"{''.join(map(_row_of, lines))}</table>"
        f'<div role="status" style="white-space:pre-line"><strong>{escape(caption)}</strong></div>'
    )


def _row_of(line: CheckedLine) -> str:
    colour = _COLOURS.get(line.state, _GREY)
    below = [line.sentence] if line.sentence else []
    sentence = f"<div>{escape(below[0])}</div>" if below else ""
    facts = "\n".join(line.facts)
    block = f'<pre style="margin:2px 0;white-space:pre-wrap;font-size:90%">{escape(facts)}</pre>' if facts else ""
    cell = "padding:2px 10px;text-align:left;vertical-align:top"
    return (
        f'<tr style="border-left:4px solid {colour}"><td style="{cell};color:{colour}">{MARKS[line.state]}</td>'
        f'<td style="{cell}"><code>{escape(line.name)}</code></td>'
        f'<td style="{cell};white-space:normal">{escape(line.title)}{sentence}{block}</td></tr>'
    )
