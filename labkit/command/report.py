"""Prints a diagnosis in the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from labkit.command.terminal import printable
from labkit.doctor import Diagnosis, Finding

_MARKS = {"error": ("✗ error  ", "bold red"), "warning": ("! warning", "yellow"), "note": ("· note   ", "dim")}


def show_diagnosis(diagnosis: Diagnosis, console: Console) -> None:
    """Prints the facts, then each finding with its evidence, its cause and its remedies. Colour only repeats words.

    Control characters from the server are escaped: they cannot drive the terminal.
    """
    for fact in diagnosis.facts:
        _print(console, (f"  {fact}", "dim"))
    if diagnosis.healthy:
        _print(console, ("✓ healthy  nothing has to be mended", "green"))
    for finding in diagnosis.findings:
        _show_finding(finding, console)
    for why in diagnosis.skipped_requests:
        _print(console, (f"  not asked: {why} (--yes allows more than two streams)", "dim"))


def _show_finding(finding: Finding, console: Console) -> None:
    word, style = _MARKS[finding.severity]
    _print(console, (f"{word} ", style), (f"{finding.cause.title} ", "bold"), (f"[{finding.name}]", "dim"))
    _print(console, (f"    seen   {finding.evidence}", ""))
    if finding.severity == "note":
        return
    _print(console, (f"    why    {finding.cause.why}", ""))
    for remedy in finding.cause.remedies:
        line = remedy.line.replace("\n", "\\n")
        _print(console, (f"    mend   {remedy.where}: {line}", ""))


def _print(console: Console, *parts: tuple[str, str]) -> None:
    line = Text.assemble(*((printable(text), style) for text, style in parts))
    console.print(line, soft_wrap=True, highlight=False)
