"""What a check says that failed: the doctor's own sentence, with the one remedy that fits best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from labkit.doctor import Finding

#: Options of the command line, which no test can give: what advises them is left out.
NOT_HERE = ("--compare", "--seconds")


class CheckFailed(AssertionError):
    """A check of an endpoint failed. `finding` is what the doctor found; None where no cause has a name."""

    def __init__(self, sentence: str, finding: Finding | None = None) -> None:
        super().__init__(sentence)
        self.finding = finding


def failure_of(
    what: str, finding: Finding, frameworks: Sequence[str] = (), others: Iterable[Finding] = ()
) -> CheckFailed:
    """The failure for a finding: its title, what was seen, why it matters, and the remedy that fits best.

    Args:
        what: the endpoint, and what it does not do.
        finding: the worst finding.
        frameworks: the framework of the app, in the words of causes.toml: its remedies come first.
        others: further findings, told in one line each.
    """
    finding = replace(finding, products=(*frameworks, *finding.products), running=NOT_HERE)
    lines = [f"{what}: {finding.cause.title} [{finding.name}]", f"    seen   {finding.evidence}"]
    if finding.why:
        lines.append(f"    why    {finding.why}")
    remedies = [remedy for remedy in finding.remedies if remedy.where != "here"]  # options of the command line
    for remedy in remedies[:1]:
        first, *more = remedy.shown_lines
        lines += [f"    mend   {first}", *(f"             {line}" for line in more)]
    lines += [f"    also   {other.cause.title} [{other.name}]: {other.evidence}" for other in others]
    return CheckFailed("\n".join(_printable(line) for line in lines), finding)


def _printable(line: str) -> str:
    """The line without control characters: evidence repeats what a server sent, and must not drive a terminal."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in line)
