"""Prints a diagnosis in the terminal."""

from __future__ import annotations

from typing import Any

import click

from labkit.command.terminal import printable
from labkit.doctor import ComparedDiagnosis, Diagnosis, Finding
from labkit.errors import counted

_MARKS: dict[str, tuple[str, dict[str, Any]]] = {
    "error": ("✗ error  ", {"fg": "red", "bold": True}),
    "warning": ("! warning", {"fg": "yellow"}),
    "note": ("· note   ", {"dim": True}),
}
_DIM: dict[str, Any] = {"dim": True}


def show_diagnosis(diagnosis: Diagnosis, show_all: bool = False) -> None:
    """Prints the verdict, each finding in one line, and then its evidence, its cause and the remedy that fits best.

    Control characters from the server are escaped: they cannot drive the terminal. Colour only repeats words.

    Args:
        diagnosis: what was found.
        show_all: prints every remedy, and those of notes.
    """
    if diagnosis.healthy:
        _print(("✓ healthy  nothing has to be mended", {"fg": "green"}))
    for finding in diagnosis.findings:
        _show_line(finding)
    limits = diagnosis.limits if diagnosis.healthy else ()
    for fact in (*diagnosis.facts, *limits):
        _print((f"  {fact}", _DIM))
    for finding in diagnosis.findings:
        if finding.severity != "note" or show_all:
            _show_details(finding, show_all)
    for why in diagnosis.skipped_requests:
        _print((f"  not asked: {why} (--yes allows more than two streams)", _DIM))


def show_comparison(found: ComparedDiagnosis, url: str, direct_url: str, show_all: bool = False) -> None:
    """Prints what the hop between does, the numbers of both ways, and both diagnoses.

    Args:
        found: what was found.
        url, direct_url: the URL behind the hop and that of the server itself, as they may be shown.
        show_all: prints every remedy, and those of notes.
    """
    mark, style = ("✗", _MARKS["error"][1]) if found.held else ("·", {"bold": True})
    _print((f"{mark} {found.sentence}", style))
    sides = (("direct", direct_url, found.direct), ("through", url, found.through))
    for number, (name, shown, diagnosis) in enumerate(sides):
        _print((f"{name}: {shown}", {"bold": True}))
        if number < len(found.courses):
            _print((f"  {found.courses[number].text}", _DIM))
        if diagnosis is not None:
            show_diagnosis(diagnosis, show_all)


def _show_line(finding: Finding) -> None:
    word, style = _MARKS[finding.severity]
    title = (f"{finding.cause.title} ", {"bold": finding.severity != "note"})
    evidence = f": {finding.evidence}" if finding.severity == "note" else ""
    _print((f"{word} ", style), title, (f"[{finding.name}]{evidence}", _DIM))


def _show_details(finding: Finding, show_all: bool) -> None:
    _print((f"{finding.name}", {"bold": True}))
    _print((f"    seen   {finding.evidence}", {}))
    if finding.why:
        _print((f"    why    {finding.why}", {}))
    remedies = finding.remedies if show_all else finding.remedies[:1]
    for remedy in remedies:
        first, *more = remedy.shown_lines
        _print((f"    mend   {first}", {}))
        for line in more:
            _print((f"             {line}", {}))
    others = len(finding.remedies) - len(remedies)
    if others:
        _print((f"           {counted(others, 'other way')} to mend it: --all", _DIM))


def _print(*parts: tuple[str, dict[str, Any]]) -> None:
    click.echo("".join(click.style(printable(text), **style) for text, style in parts))
