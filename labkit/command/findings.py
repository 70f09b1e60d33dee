"""What a check of a room's machine found, and how it is shown: one green line, or what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

#: "ok"; "note": a lesson shows less, or something has to be known; "trouble": the day would begin with it.
State = Literal["ok", "note", "trouble"]


@dataclass(frozen=True, slots=True)
class RoomFinding:
    """What one check found: its `state`, a `description`, and `advice` what to do; "" where it is ok."""

    state: State
    description: str
    advice: str = ""


def report_lines(findings: Iterable[RoomFinding], everything: bool = False) -> list[tuple[str, str]]:
    """The lines to print, each with its colour: troubles first, then notes, then one line that sums up.

    Args:
        findings: what the checks found.
        everything: what is in order is listed too.
    """
    found = list(findings)
    marks: dict[State, tuple[str, str]] = {"trouble": ("✗", "bold red"), "note": ("!", "yellow"), "ok": ("✓", "")}
    lines = []
    states: list[State] = ["trouble", "note", "ok"] if everything else ["trouble", "note"]
    for state in states:
        mark, colour = marks[state]
        for finding in found:
            if finding.state == state:
                lines.append((f"{mark} {finding.description}", colour))
                if finding.advice:
                    lines.append((f"  → {finding.advice}", ""))
    return [*lines, _last_line(found)]


def _last_line(found: list[RoomFinding]) -> tuple[str, str]:
    troubles = sum(finding.state == "trouble" for finding in found)
    notes = sum(finding.state == "note" for finding in found)
    if troubles:
        return (
            f"{troubles} of {len(found)} checks found something to mend; then run labkit room-check again",
            "bold red",
        )
    ready = f"✓ ready for the room: {len(found) - notes} checks passed"
    return (f"{ready}, {notes} to know about" if notes else ready), "bold green"
