"""The verdicts of lesson 13: each is computed from what came after a cut, and turns when somebody does the opposite."""

from __future__ import annotations

from collections.abc import Sequence

from labkit.lab.lesson_13.cut_calls import CallTally
from labkit.lab.lesson_13.page_table import Habits
from labkit.lab.verdict import Verdict


def c70_mcp_resumes(tallies: Sequence[CallTally]) -> Verdict:
    """MCP resumes a tool call after a cut: in every revision that was tried, for every client."""
    holds = bool(tallies) and all(tally.resumes for tally in tallies)
    return Verdict("C70", holds, ";\n     ".join(map(repr, tallies)))


def c71_libraries_lose_nothing(libraries: Sequence[Habits]) -> Verdict:
    """Libraries that reconnect for you lose nothing: in no scenario, with or without ids, and after a refusal too."""
    holds = bool(libraries) and all(not any(library.lost.values()) for library in libraries)
    return Verdict("C71", holds, ";\n     ".join(map(repr, libraries)))
