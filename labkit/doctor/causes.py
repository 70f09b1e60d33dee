"""The causes that the doctor knows, each with the lines that mend it. They are read from causes.toml."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way to mend a cause: the `line` to write, `where` to write it, and the `source` that says so.

    `statuses` are those that it is for; none: it is for any.
    """

    where: str
    line: str
    source: str
    statuses: tuple[int, ...] = ()

    @property
    def shown_lines(self) -> list[str]:
        """Where to write it, and the line; a text of several lines follows below, each line by itself, to be copied."""
        lines = self.line.split("\n")
        return [f"{self.where}: {self.line}"] if len(lines) == 1 else [f"{self.where}:", *lines]


@dataclass(frozen=True, slots=True)
class Cause:
    """One thing that can be wrong with a stream: why it matters, and how to mend it.

    `rank` orders the causes of one severity.
    """

    name: str
    severity: Severity
    title: str
    why: str
    remedies: tuple[Remedy, ...]
    rank: int


@functools.cache
def causes() -> dict[str, Cause]:
    """All causes by name, in the order of causes.toml."""
    table = tomllib.loads(files("labkit.doctor").joinpath("causes.toml").read_text("utf-8"))["cause"]
    lines = {entry["name"]: [_remedy(line) for line in entry["remedy"]] for entry in table}
    return {
        entry["name"]: Cause(
            entry["name"],
            entry["severity"],
            entry["title"],
            entry["why"],
            # What mends a like cause mends this one too: those lines follow its own.
            tuple(dict.fromkeys([*lines[entry["name"]], *lines.get(entry.get("like", ""), [])])),
            rank,
        )
        for rank, entry in enumerate(table)
    }


def _remedy(line: dict[str, Any]) -> Remedy:
    return Remedy(line["where"], line["line"], line["source"], tuple(line.get("status", ())))
