"""What the same stream at the server itself says about the findings: is it the hop between, or the server?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from labkit.doctor.comparing import compare
from labkit.doctor.diagnosis import Finding, FurtherAnswers
from labkit.recording import Recording

#: Ways in which events or the head come late.
HOLDING = frozenset(
    {"compression-holds", "full-buffers", "held-to-the-end", "corked", "one-late", "held", "head-late", "head-held"}
)
#: Ways in which a connection ends that was meant to stay.
CUTTING = frozenset({"idle-timeout", "total-timeout", "broken-off"})
LONGER_S = 0.5  # the server's own stream lasted longer by so much: it is not the one who ended it


def weigh_findings(findings: Iterable[Finding], through: Recording, further: FurtherAnswers) -> Iterator[Finding]:
    """The findings with what the comparison adds: who it is. And one of its own where the hop alone shows a hold.

    Args:
        findings: those of the stream through the hop, judged by itself.
        through: the readable recording that they are about.
        further: with the recording of the server itself; without one nothing changes.
    """
    direct = further.direct
    if direct is None:
        yield from findings
        return
    comparison = compare(direct, through, same_events=not further.posted)
    held = comparison.held
    explained, names = False, set()
    for finding in findings:
        names.add(finding.name)
        if finding.name in HOLDING:
            explained = explained or finding.name != "head-late"
            of_head = finding.name.startswith("head-")
            yield _weigh_hold(finding, held and (of_head or not comparison.head_alone))
        elif finding.name in CUTTING:
            yield _weigh_cut(finding, direct, through)
        else:
            yield finding
    if not held or explained or (comparison.head_alone and "head-late" in names):
        return
    yield Finding("head-late" if comparison.head_alone else "held-between", comparison.sentence)


def _weigh_hold(finding: Finding, held: bool) -> Finding:
    if not held:
        return replace(finding, evidence=f"{finding.evidence}; the server itself sends it so: no hop between holds it")
    severity = finding.severity if finding.name == "head-late" else "error"
    return replace(finding, evidence=f"{finding.evidence}; at the server itself it is not so", given_severity=severity)


def _weigh_cut(finding: Finding, direct: Recording, through: Recording) -> Finding:
    if direct.broken:
        return replace(finding, evidence=f"{finding.evidence}; the server itself broke off after {direct.end_s:.2g} s")
    if direct.end_s > through.end_s + LONGER_S:
        return replace(finding, evidence=f"{finding.evidence}; the server itself went on: the hop between cuts")
    return finding
