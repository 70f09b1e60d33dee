"""The causes that the doctor knows, each with the lines that mend it. They are read from causes.toml."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

Severity = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")


@dataclass(frozen=True, slots=True)
class Remedy:
    """One way to mend a cause: the `line` to write, `where` to write it, and the `source` that says so."""

    where: str
    line: str
    source: str


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
    return {
        entry["name"]: Cause(
            entry["name"],
            entry["severity"],
            entry["title"],
            entry["why"],
            tuple(Remedy(**remedy) for remedy in entry["remedy"]),
            rank,
        )
        for rank, entry in enumerate(table)
    }
