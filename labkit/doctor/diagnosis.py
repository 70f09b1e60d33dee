"""What the doctor says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from labkit.doctor.causes import SEVERITIES, Cause, Severity, causes
from labkit.recording import Recording


@dataclass(frozen=True, slots=True)
class Finding:
    """A cause, and what was measured or read that shows it. `severity` is the cause's own, unless given."""

    name: str
    evidence: str
    given_severity: Severity | None = None

    @property
    def cause(self) -> Cause:
        """The cause in full."""
        return causes()[self.name]

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return self.given_severity or self.cause.severity

    def __repr__(self) -> str:
        return f"{self.severity}: {self.name}: {self.evidence}"


@dataclass(frozen=True, slots=True)
class FurtherAnswers:
    """What further requests brought, where they were made; None or "" where they were not.

    `resumed` is the answer to a request with `asked_id` as its Last-Event-ID; `uncompressed` to one that refused
    compression; `again` to the same request a second time. `origin` is the page's origin that was sent. `http2`:
    whether the server would speak it. `posted`: the request was a POST, whose answer no cache keeps. `leaving_noticed`:
    whether a labkit server noticed that we left.
    """

    resumed: Recording | None = None
    asked_id: str = ""
    uncompressed: Recording | None = None
    again: Recording | None = None
    origin: str = ""
    http2: bool | None = None
    posted: bool = False
    leaving_noticed: bool | None = None


@dataclass(frozen=True)
class Diagnosis:
    """The findings, worst first; `facts` are sentences on what was seen; `unasked` is what was left out, and why."""

    url: str
    findings: tuple[Finding, ...]
    facts: tuple[str, ...] = ()
    unasked: tuple[str, ...] = ()
    recording: Recording = field(default_factory=lambda: Recording(0), repr=False)

    @property
    def healthy(self) -> bool:
        """True where nothing has to be mended: notes do not count."""
        return all(finding.severity == "note" for finding in self.findings)

    @property
    def first(self) -> str:
        """The name of the worst finding's cause; "healthy" without one."""
        return "healthy" if self.healthy else self.findings[0].name

    def as_json(self) -> dict[str, Any]:
        """All of it, in values that JSON knows."""
        return {
            "url": self.url,
            "healthy": self.healthy,
            "findings": [
                {
                    "cause": finding.name,
                    "severity": finding.severity,
                    "title": finding.cause.title,
                    "evidence": finding.evidence,
                    "why": finding.cause.why,
                    "remedies": [
                        {"where": remedy.where, "line": remedy.line, "source": remedy.source}
                        for remedy in finding.cause.remedies
                    ],
                }
                for finding in self.findings
            ],
            "facts": list(self.facts),
            "unasked": list(self.unasked),
        }

    def __repr__(self) -> str:
        lines = [f"<Diagnosis of {self.url}: {'healthy' if self.healthy else self.first}>"]
        lines += [f"  {finding!r}" for finding in self.findings]
        return "\n".join(lines)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Worst first, each cause once."""
    once = {finding.name: finding for finding in reversed(list(findings))}
    return tuple(sorted(once.values(), key=lambda finding: (SEVERITIES.index(finding.severity), finding.cause.rank)))
