"""The result of an examination: findings with their evidence, and the diagnosis that collects them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from labkit.doctor.causes import SEVERITIES, Cause, Severity, causes
from labkit.recording import Recording
from labkit.system.secrets import hidden


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or worth a note: the name of its cause, and the evidence for it.

    Args:
        name: the name of a cause in causes.toml.
        evidence: what was measured or read, as a sentence.
        given_severity: replaces the severity of the cause.
    """

    name: str
    evidence: str
    given_severity: Severity | None = None

    @property
    def cause(self) -> Cause:
        """The cause with its title, its explanation and its remedies."""
        return causes()[self.name]

    @property
    def severity(self) -> Severity:
        """The severity: "error", "warning" or "note"."""
        return self.given_severity or self.cause.severity

    def __repr__(self) -> str:
        return f"{self.severity}: {self.name}: {self.evidence}"


@dataclass(frozen=True, slots=True)
class FurtherAnswers:
    """What further requests brought; None or "" for a request that was not made.

    `resumed` is the answer to a request with `last_event_id` as its Last-Event-ID; `uncompressed` to one that refused
    compression; `second_recording` to the same request a second time. `origin` is the page's origin that was sent.
    `http2`: whether the server would speak it. `posted`: the request was a POST, whose answer no cache keeps.
    `leaving_noticed`: whether a labkit server noticed that this reader left.
    """

    resumed: Recording | None = None
    last_event_id: str = ""
    uncompressed: Recording | None = None
    second_recording: Recording | None = None
    origin: str = ""
    http2: bool | None = None
    posted: bool = False
    leaving_noticed: bool | None = None


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a stream: its findings, worst first.

    `facts` are sentences about what was recorded; `skipped_requests` says what was not asked, since it was not allowed;
    `recording` is the recording that was judged.
    """

    url: str
    findings: tuple[Finding, ...]
    facts: tuple[str, ...] = ()
    skipped_requests: tuple[str, ...] = ()
    recording: Recording = field(default_factory=lambda: Recording(0), repr=False)

    @property
    def healthy(self) -> bool:
        """Whether nothing has to be mended. Notes do not count."""
        return all(finding.severity == "note" for finding in self.findings)

    @property
    def first(self) -> str:
        """The name of the worst cause; "healthy" if nothing has to be mended."""
        return "healthy" if self.healthy else self.findings[0].name

    def as_json(self) -> dict[str, Any]:
        """The diagnosis as a dict of JSON values, as `labkit doctor --json` prints it."""
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
            "unasked": list(self.skipped_requests),
        }

    def without(self, secrets: Collection[str]) -> Diagnosis:
        """The same with these secrets hidden, where a server repeats what it was sent."""
        findings = tuple(replace(finding, evidence=hidden(finding.evidence, secrets)) for finding in self.findings)
        facts = tuple(hidden(fact, secrets) for fact in self.facts)
        return replace(self, findings=findings, facts=facts)

    def __repr__(self) -> str:
        lines = [f"<Diagnosis of {self.url}: {'healthy' if self.healthy else self.first}>"]
        lines += [f"  {finding!r}" for finding in self.findings]
        return "\n".join(lines)


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings sorted with the worst first. Of several with one cause the first is kept."""
    by_name = {finding.name: finding for finding in reversed(list(findings))}
    return tuple(sorted(by_name.values(), key=lambda finding: (SEVERITIES.index(finding.severity), finding.cause.rank)))
