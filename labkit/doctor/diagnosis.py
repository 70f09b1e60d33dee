"""The result of an examination: findings with their evidence, and the diagnosis that collects them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from labkit.doctor.causes import SEVERITIES, Cause, Remedy, Severity, causes
from labkit.doctor.mcp_visit import McpVisit
from labkit.doctor.products import fitting_remedies, products_of
from labkit.recording import Recording
from labkit.system.secrets import hidden

#: After how many seconds a connection is ended that was not told to stay, unless set otherwise. Sources: causes.toml
#: (Cloudflare: its "Proxy Read Timeout", 120 s in 2026, 100 s before).
TIMERS = ((15, "Envoy"), (50, "Debian's HAProxy"), (55, "Heroku"), (60, "nginx and AWS's ALB"), (120, "Cloudflare"))
#: Where one sentence of an explanation ends and the next begins.
_SENTENCES = re.compile(r"(?<=[.!?]) ")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong or worth a note: the name of its cause, and the evidence for it.

    Args:
        name: the name of a cause in causes.toml.
        evidence: what was measured or read, as a sentence.
        given_severity: replaces the severity of the cause.
        running: options of the command that is running, such as "--compare": no advice names them.
        products: what seems to be there, as products_of() says: their remedies come first.
        status: the status of the answer: remedies for other ones are left out; None keeps all.
    """

    name: str
    evidence: str
    given_severity: Severity | None = None
    running: tuple[str, ...] = field(default=(), compare=False)
    products: tuple[str, ...] = field(default=(), compare=False)
    status: int | None = field(default=None, compare=False)

    @property
    def cause(self) -> Cause:
        """The cause with its title, its explanation and its remedies."""
        return causes()[self.name]

    @property
    def severity(self) -> Severity:
        """The severity: "error", "warning" or "note"."""
        return self.given_severity or self.cause.severity

    @property
    def why(self) -> str:
        """The cause's explanation, without the sentences that advise what is running."""
        return " ".join(sentence for sentence in _SENTENCES.split(self.cause.why) if not self._names_running(sentence))

    @property
    def remedies(self) -> tuple[Remedy, ...]:
        """The cause's remedies, those for the product that seems to be there first, without those that are running."""
        fitting = fitting_remedies(self.cause.remedies, self.products, self.status)
        return tuple(remedy for remedy in fitting if not self._names_running(remedy.line))

    def _names_running(self, text: str) -> bool:
        return any(option in text for option in self.running)

    def __repr__(self) -> str:
        return f"{self.severity}: {self.name}: {self.evidence}"


@dataclass(frozen=True, slots=True)
class PortAnswer:
    """What answers at a port from which no head came.

    `http` is how another request was answered, such as "404 within 3 ms", "" if it was not. `front` is True if what is
    no request at all got an answer: then something in front of the server is awake. `reads` is False if nothing there
    even noticed that we hung up. `after_leaving` is `http` once more, when our first request was over. `headers` are
    those of the answer.
    """

    http: str = ""
    front: bool = False
    reads: bool = True
    after_leaving: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class FurtherAnswers:
    """What further requests brought; None or "" for a request that was not made.

    `resumed` is the answer to a request with `last_event_id` as its Last-Event-ID; `uncompressed` to one that refused
    compression; `second_recording` to the same request a second time. `origin` is the page's origin that was sent.
    `http2`: whether the server would speak it. `posted`: the request was a POST, whose answer no cache keeps.
    `leaving_noticed`: whether a labkit server noticed that this reader left. `direct` is the same stream, taken at the
    same time at the server itself. `port` says what answers at a port from which no head came. `preflight` is
    the answer to what a browser asks before fetch() resumes or posts, with `header_names` (each with "") of our own.
    `mcp` is what was answered at an MCP endpoint.
    """

    resumed: Recording | None = None
    last_event_id: str = ""
    uncompressed: Recording | None = None
    second_recording: Recording | None = None
    origin: str = ""
    http2: bool | None = None
    posted: bool = False
    leaving_noticed: bool | None = None
    direct: Recording | None = None
    port: PortAnswer | None = None
    preflight: Recording | None = None
    header_names: Mapping[str, str] = field(default_factory=dict)
    mcp: McpVisit | None = None


@dataclass(frozen=True)
class Diagnosis:
    """What is wrong with a stream: its findings, worst first.

    `facts` are sentences about what was recorded; `skipped_requests` says what was not asked, since it was not allowed;
    `recording` is the recording that was judged, `further` what was asked beyond it.
    """

    url: str
    findings: tuple[Finding, ...]
    facts: tuple[str, ...] = ()
    skipped_requests: tuple[str, ...] = ()
    recording: Recording = field(default_factory=lambda: Recording(0), repr=False)
    further: FurtherAnswers = field(default_factory=FurtherAnswers, repr=False)

    @property
    def healthy(self) -> bool:
        """Whether nothing has to be mended. Notes do not count."""
        return all(finding.severity == "note" for finding in self.findings)

    @property
    def first(self) -> str:
        """The name of the worst cause; "healthy" if nothing has to be mended."""
        return "healthy" if self.healthy else self.findings[0].name

    @property
    def limits(self) -> tuple[str, ...]:
        """What such a watching cannot know, in a sentence: of a stream that stays open, what happens later."""
        recording = self.recording
        watched_s = recording.end_s - recording.sent_s
        if recording.status != 200 or recording.ended or recording.broken:
            return ()
        later = [f"{name} after {seconds} s" for seconds, name in TIMERS if seconds > watched_s]
        if not later:
            return ()
        return (f"watched for {watched_s:.2g} s; what cuts a stream later ({', '.join(later)}) cannot be seen in that",)

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
                    "why": finding.why,
                    "remedies": [
                        {"where": remedy.where, "line": remedy.line, "source": remedy.source}
                        for remedy in finding.remedies
                    ],
                }
                for finding in self.findings
            ],
            "facts": list(self.facts),
            "limits": list(self.limits),
            "unasked": list(self.skipped_requests),
        }

    def while_running(self, *options: str) -> Diagnosis:
        """The same without advice to use these options of the command, such as "--compare"."""
        return replace(self, findings=tuple(replace(finding, running=options) for finding in self.findings))

    def without(self, secrets: Collection[str]) -> Diagnosis:
        """The same with these secrets hidden, where a server repeats what it was sent."""
        findings = tuple(replace(finding, evidence=hidden(finding.evidence, secrets)) for finding in self.findings)
        facts = tuple(hidden(fact, secrets) for fact in self.facts)
        return replace(self, findings=findings, facts=facts)

    def __repr__(self) -> str:
        lines = [f"<Diagnosis of {self.url}: {'healthy' if self.healthy else self.first}>"]
        lines += [f"  {finding!r}" for finding in self.findings]
        return "\n".join(lines)


def with_products(
    findings: Iterable[Finding], recording: Recording, further: FurtherAnswers | None = None
) -> tuple[Finding, ...]:
    """The same findings, whose remedies begin with those for the product that this answer seems to come from.

    Where not even a head came, another answer of that server says what it is.
    """
    seen = recording
    if not recording.status and further is not None:
        of_port = Recording(0, dict(further.port.headers) if further.port is not None else {}, url=recording.url)
        seen = further.uncompressed or of_port
    products, status = products_of(seen), recording.status or None
    return tuple(
        replace(finding, products=tuple(dict.fromkeys((*finding.products, *products))), status=status)
        for finding in findings
    )


def ordered(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The findings sorted with the worst first. Of several with one cause the first is kept."""
    by_name = {finding.name: finding for finding in reversed(list(findings))}
    return tuple(sorted(by_name.values(), key=lambda finding: (SEVERITIES.index(finding.severity), finding.cause.rank)))
