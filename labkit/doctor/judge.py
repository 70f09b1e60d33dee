"""From recordings to a diagnosis. It is pure, so that every cause can be tested without a socket."""

from __future__ import annotations

from statistics import median

from labkit.doctor.arrival import look_at_arrivals
from labkit.doctor.body import Content, read_content
from labkit.doctor.content import look_at_content, look_at_ids
from labkit.doctor.diagnosis import Diagnosis, Finding, FurtherAnswers, ordered
from labkit.doctor.ending import look_at_end, look_at_return
from labkit.doctor.head import FATAL, look_at_head
from labkit.doctor.language_models import is_model, look_at_answer
from labkit.doctor.pattern import pattern_of
from labkit.errors import counted
from labkit.recording import Recording
from labkit.system.secrets import shown_url


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
    url = shown_url(recording.url)
    findings = list(look_at_head(recording, further))
    if any(finding.name in FATAL for finding in findings):
        return Diagnosis(url, ordered(findings), _facts(recording, None), skipped_requests, recording)
    try:
        readable = recording.decompressed
    except ValueError as problem:
        findings.append(Finding("unreadable-encoding", str(problem)))
        return Diagnosis(url, ordered(findings), _facts(recording, None), skipped_requests, recording)
    content = read_content(readable.body)
    findings += look_at_content(content, readable)
    holding_findings = look_at_arrivals(recording, readable, further)
    findings += holding_findings
    findings += look_at_end(readable, content, further)
    findings += look_at_return(readable, content, further, bool(holding_findings))
    if is_model(readable.events):
        findings += look_at_answer(readable, readable.events)
    elif not further.posted:
        findings += look_at_ids(content)
    if not content.blocks and not any(finding.severity == "error" for finding in findings):
        duration = f"{recording.end_s:.2g} s"
        findings.append(Finding("quiet", f"no event in {duration}, {counted(content.whole_lines, 'line')}"))
    return Diagnosis(url, ordered(findings), _facts(recording, content, readable), skipped_requests, recording)


def _facts(recording: Recording, content: Content | None, readable: Recording | None = None) -> tuple[str, ...]:
    content_type = recording.headers.get("content-type", "no Content-Type")
    head = f"{recording.http_version} {recording.status} {content_type}, headers after {recording.head_s * 1000:.0f} ms"
    if content is None or readable is None:
        return (head,)
    end = "then it ended" if recording.ended else "then it broke off" if recording.broken else "and it is open"
    size = counted(len(recording.body), "byte")
    arrived = f"{size}, {readable.count_text} in {recording.end_s:.1f} s, {end}"
    pattern = pattern_of(readable)
    if not pattern.at_s:
        return (head, arrived)
    shape = f"{counted(len(pattern.at_s), 'event')} in {counted(len(pattern.groups), 'burst')}"
    if pattern.sent_s is None:
        return (head, arrived, f"{shape}; they carry no time of the sender")
    lag_text = f"median lag {median(pattern.lags_s) * 1000:.0f} ms, longest {max(pattern.lags_s) * 1000:.0f} ms"
    clocks = "by the sender's clock" if pattern.same_clock else "by the sender's clock, later than the freshest event"
    return (head, arrived, f"{shape}, {clocks}: {lag_text}")
