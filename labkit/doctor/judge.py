"""From recordings to a diagnosis. It is pure, so that every cause can be tested without a socket."""

from __future__ import annotations

from dataclasses import replace

from labkit.doctor.arrival import look_at_arrivals, look_at_missing_head
from labkit.doctor.body import read_content
from labkit.doctor.content import look_at_content, look_at_ids
from labkit.doctor.diagnosis import Diagnosis, Finding, FurtherAnswers, ordered, with_products
from labkit.doctor.ending import look_at_end, look_at_return
from labkit.doctor.facts import facts_of, head_facts
from labkit.doctor.head import FATAL, look_at_head
from labkit.doctor.hop import weigh_findings
from labkit.doctor.language_models import is_model, look_at_answer
from labkit.doctor.mcp import UNFIT, look_at_mcp, mcp_facts
from labkit.doctor.mcp_visit import McpVisit, is_stream
from labkit.doctor.preflight import look_at_preflight
from labkit.errors import counted
from labkit.recording import Recording
from labkit.system.secrets import shown_url

#: With these even a greeting needs a key first.
NOT_ADMITTED = (401, 403, 407)


def judge(
    recording: Recording, further: FurtherAnswers | None = None, skipped_requests: tuple[str, ...] = ()
) -> Diagnosis:
    """The diagnosis of a stream, from a recording of it.

    Headers that name a product are not read: only what arrived counts, and when.

    Args:
        recording: the response, as it arrived.
        further: what further requests brought.
        skipped_requests: what was not asked, for the report.
    """
    further = further or FurtherAnswers()
    if further.mcp is not None:
        return _judge_mcp(recording, further, further.mcp, skipped_requests)
    if recording.status == 0:
        findings = list(look_at_missing_head(recording, further))
        watched_s = recording.end_s - recording.sent_s
        return _diagnosis(recording, further, findings, skipped_requests, (f"no answer in {watched_s:.2g} s",))
    findings = list(look_at_head(recording, further))
    if any(finding.name in FATAL for finding in findings):
        return _diagnosis(recording, further, findings, skipped_requests, head_facts(recording))
    try:
        readable = recording.decompressed
    except ValueError as problem:
        findings.append(Finding("unreadable-encoding", str(problem)))
        return _diagnosis(recording, further, findings, skipped_requests, head_facts(recording))
    if further.preflight is not None:
        findings += look_at_preflight(
            further.preflight, further.origin, posted=further.posted, headers=further.header_names
        )
    findings += _look_at_body(recording, readable, further, findings)
    return _diagnosis(recording, further, findings, skipped_requests, facts_of(recording, readable))


def _judge_mcp(
    recording: Recording, further: FurtherAnswers, visit: McpVisit, skipped_requests: tuple[str, ...]
) -> Diagnosis:
    """What an MCP client finds there, with what is wrong with the stream itself."""
    refused = visit.initialized
    if refused is not None and refused.status in NOT_ADMITTED and not (visit.handshake or visit.discovery):
        return judge(refused, replace(further, mcp=None), skipped_requests)
    findings, facts = list(look_at_mcp(recording, visit)), mcp_facts(visit)
    if is_stream(recording):
        of_stream = judge(recording, replace(further, mcp=None))
        findings += [finding for finding in of_stream.findings if finding.name not in UNFIT]
        facts += of_stream.facts
    return _diagnosis(recording, further, findings, skipped_requests, facts)


def _diagnosis(
    recording: Recording,
    further: FurtherAnswers,
    findings: list[Finding],
    skipped_requests: tuple[str, ...],
    facts: tuple[str, ...],
) -> Diagnosis:
    named = with_products(ordered(findings), recording, further)
    return Diagnosis(shown_url(recording.url), named, facts, skipped_requests, recording, further)


def _look_at_body(
    recording: Recording, readable: Recording, further: FurtherAnswers, before: list[Finding]
) -> list[Finding]:
    content = read_content(readable.body)
    findings: list[Finding] = []
    findings += look_at_content(content, readable)
    holding_findings = look_at_arrivals(recording, readable, further)
    findings += holding_findings
    findings += look_at_end(readable, content, further)
    findings = list(weigh_findings(findings, readable, further))
    findings += look_at_return(readable, content, further, bool(holding_findings))
    if is_model(readable.events):
        findings += look_at_answer(readable, readable.events)
    elif not further.posted:
        findings += look_at_ids(content)
    if not content.blocks and not any(finding.severity == "error" for finding in [*before, *findings]):
        duration = f"{recording.end_s - recording.sent_s:.2g} s"
        findings.append(Finding("quiet", f"no event in {duration}, {counted(content.whole_lines, 'line')}"))
    return findings
