"""Records a stream by URL and judges it. It opens two streams at most, unless more are allowed."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx

from labkit.doctor.causes import causes
from labkit.doctor.comparing import HopComparison, compare
from labkit.doctor.course import Course, apart_of, course_of
from labkit.doctor.diagnosis import Diagnosis, Finding, FurtherAnswers
from labkit.doctor.ending import SILENCE_S
from labkit.doctor.follow_up import FirstEvent, ask_further
from labkit.doctor.head import is_same_origin
from labkit.doctor.judge import judge
from labkit.doctor.leaving import Readers
from labkit.doctor.mcp_greeting import answers_like_mcp, says_mcp, visit_mcp
from labkit.doctor.mcp_visit import message_text
from labkit.doctor.port import PortQuestion, offers_http2
from labkit.doctor.preflight import ask_preflight
from labkit.doctor.products import known_products
from labkit.doctor.reason import reason_of
from labkit.doctor.request import NotExamined, Request
from labkit.recording import Recording
from labkit.system.secrets import secrets_of, shown_url
from labkit.wire.session import opens_stream

__all__ = ["ComparedDiagnosis", "FirstEvent", "NotExamined", "Request", "examine", "examine_both"]

FIELDS = (b"data", b"id", b"event", b"retry", b":")
PATIENCE_S = 20.0  # heartbeats come every 15 s
PATIENCE_TIMES = 5  # who watches for a second does not want to wait for twenty


def patience_of(seconds: float) -> float:
    """How much longer is watched, in seconds, where nothing came within `seconds`."""
    return min(PATIENCE_S, PATIENCE_TIMES * seconds)


async def examine(
    url: str,
    *,
    seconds: float = 10.0,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    origin: str = "",
    verify: bool = True,
    watch_only: bool = False,
    may_open_more: Callable[[str], bool] = lambda why: False,
    patience_s: float | None = None,
) -> Diagnosis:
    """The diagnosis of the stream at this URL.

    A second request follows where the first one calls for it: with a Last-Event-ID, without compression, or the same
    again. Where no head comes, it asks what else is answered at that port. An MCP endpoint is greeted first.

    Args:
        url: the URL of the stream.
        seconds: how long to watch, from the moment when the request was sent.
        headers, content, origin, verify: the request, as in Request.
        watch_only: True sends no second request.
        may_open_more: called with the reason before a third stream, or a second POST, is sent; True allows it.
        patience_s: how much longer to watch where not a byte of the body came; patience_of(seconds) unless given.

    Raises:
        NotExamined: it cannot be reached, speaks no HTTP, or sends no complete line.
    """
    # Read before the clock runs: where two streams are watched, one would wait for it.
    causes()
    known_products()
    request = Request(url, headers, content, origin.rstrip("/"), verify)
    patience = patience_of(seconds) if patience_s is None else patience_s
    return (await _examine(request, seconds, patience, watch_only, may_open_more)).without(secrets_of(url, headers))


async def _examine(
    request: Request, seconds: float, patience_s: float, watch_only: bool, may_open_more: Callable[[str], bool]
) -> Diagnosis:
    waited_s = (seconds, patience_s)
    if says_mcp(request) and (found := await _examine_mcp(request, waited_s, watch_only, may_open_more)):
        return found
    readers = Readers(request.url, request.headers or {}, request.verify, seconds)
    port = PortQuestion(request.url, request.verify, seconds if patience_s else None)

    def on_answer(response: httpx.Response) -> None:
        port.cancel()
        readers.on_answer(response)

    first = await request.ask(seconds, on_answer=on_answer, patience_s=patience_s)
    further = FurtherAnswers(origin=request.origin, posted=request.content is not None, port=await port.answer())
    if first.status == 0:
        return await _judge_missing_head(request, first, further, waited_s, watch_only, may_open_more)
    if answers_like_mcp(first) and (found := await _examine_mcp(request, waited_s, watch_only, may_open_more, first)):
        return found
    reader_count = await readers.count_before_leaving()
    further = replace(further, http2=await offers_http2(first.url, request.verify))
    if not opens_stream(first.status, first.headers.get("content-type")):
        return judge(first, further)
    if request.origin and not is_same_origin(request.origin, first.url):
        further = await _with_preflight(request, first, further)
    further = replace(further, leaving_noticed=await readers.leaving_noticed(reader_count))
    skipped_requests: list[str] = []
    if not watch_only:
        further, skipped_requests = await ask_further(request, first, further, seconds, may_open_more)
    diagnosis = judge(first, further, tuple(skipped_requests))
    if not first.broken and not any(_says_enough(finding) for finding in diagnosis.findings):
        _check_lines(first, further, shown_url(request.url))
    return diagnosis


async def _examine_mcp(
    request: Request,
    waited_s: tuple[float, float],
    watch_only: bool,
    may_open_more: Callable[[str], bool],
    first: Recording | None = None,
) -> Diagnosis | None:
    """The diagnosis of an MCP endpoint; None if it is none."""
    visited = await visit_mcp(request, waited_s, may_open_more, not watch_only, first)
    if visited is None:
        return None
    visit, stream, skipped_requests = visited
    further = FurtherAnswers(origin=request.origin, posted=stream is not visit.listening, mcp=visit)
    return judge(replace(stream, url=stream.url or request.url), further, skipped_requests).without([visit.session])


async def _with_preflight(request: Request, first: Recording, further: FurtherAnswers) -> FurtherAnswers:
    names = dict.fromkeys(request.headers or {}, "")
    answer = await ask_preflight(first.url, request.origin, posted=further.posted, headers=names, verify=request.verify)
    return replace(further, preflight=answer, header_names=names)


async def _judge_missing_head(
    request: Request,
    first: Recording,
    further: FurtherAnswers,
    waited_s: tuple[float, float],
    watch_only: bool,
    may_open_more: Callable[[str], bool],
) -> Diagnosis:
    """The diagnosis of an answer whose head did not come. Without compression it may come."""
    skipped_requests: tuple[str, ...] = ()
    port = further.port
    if port is not None and port.http and not watch_only:
        why = "the same without compression"
        if request.content is None or may_open_more(why):
            with contextlib.suppress(NotExamined):
                plain = await request.ask(waited_s[0], {"Accept-Encoding": "identity"})
                further = replace(further, uncompressed=plain if plain.status else None)
        else:
            skipped_requests = (why,)
    diagnosis = judge(replace(first, url=first.url or request.url), further, skipped_requests)
    if not diagnosis.findings:
        recording = None if "no connection" in first.broken else diagnosis.recording
        raise NotExamined(_explain_missing_head(first, shown_url(request.url), sum(waited_s)), recording)
    return diagnosis


def _explain_missing_head(first: Recording, url: str, seconds: float) -> str:
    if "no connection" in first.broken:
        return (
            f"{url} does not take the connection within {seconds:g} s. Is the address right, and no firewall between?"
        )
    sentence = f"{url} took the connection, and sent no head within {seconds:g} s"
    return f"{sentence}, nor anything else on a second one: does it speak HTTP, or is it the port of something else?"


def _says_enough(finding: Finding) -> bool:
    """Whether the finding says why no line came."""
    return finding.severity == "error" or finding.name == "compression-holds"


def _check_lines(first: Recording, further: FurtherAnswers, url: str) -> None:
    """Raises NotExamined where not one line came, nor one without compression."""
    with contextlib.suppress(ValueError):
        body = first.decompressed.body
        if b"\n" in body or b"\r" in body or (further.uncompressed is not None and further.uncompressed.events):
            return
        if not body and not first.ended and first.end_s - first.head_s > SILENCE_S:
            return  # a silence of that length is a finding
        if not body:
            end = "and ended" if first.ended else f"and nothing more in {first.end_s - first.sent_s:.2g} s"
            ask = (
                ""
                if first.ended
                else f". If it is an MCP endpoint, ask it: --post '{message_text('ping', 1).decode()}'"
            )
            raise NotExamined(f"{url} sent the head of an event stream, {end}: there is nothing to examine{ask}", first)
        line = "one line that has no end yet" if body.startswith(FIELDS) else "not one line end: no event stream"
        if not body.startswith(FIELDS) and (reason := reason_of(first)):
            line += f"; it says {reason!a}"
        raise NotExamined(f"{url} sent {len(body):,} bytes in {first.end_s:.2g} s, and {line}", first)


@dataclass(frozen=True)
class ComparedDiagnosis:
    """A stream at the server itself and through a hop, taken at the same time: two diagnoses, and who holds it back.

    `direct` or `through` is None where there was nothing to examine; `problem` says why. `courses` are the numbers of
    both. `held` is True if the hop between holds events back, and `sentence` says by how much.
    """

    direct: Diagnosis | None
    through: Diagnosis | None
    held: bool
    sentence: str
    courses: tuple[Course, ...] = ()

    @property
    def healthy(self) -> bool:
        """Whether nothing is held between, and nothing has to be mended behind the hop."""
        return self.through is not None and self.through.healthy and not self.held

    def as_json(self) -> dict[str, Any]:
        """The comparison as a dict of JSON values, as `labkit doctor --compare --json` prints it."""
        names = ("direct", "through")
        return {
            "held_between": self.held,
            "compared": self.sentence,
            "measured": {name: course.as_json() for name, course in zip(names, self.courses, strict=False)},
            "direct": None if self.direct is None else self.direct.as_json(),
            "through": None if self.through is None else self.through.as_json(),
        }


async def examine_both(
    url: str,
    direct_url: str,
    *,
    seconds: float = 10.0,
    headers: Mapping[str, str] | None = None,
    content: bytes | None = None,
    origin: str = "",
    verify: bool = True,
    may_open_more: Callable[[str], bool] = lambda why: False,
    patience_s: float | None = None,
) -> ComparedDiagnosis:
    """The diagnoses of a stream behind a hop and at the server itself, and what the hop between does.

    Both are watched at the same time. Behind the hop a second request may follow, as in examine().

    Args:
        url: the URL behind the hop.
        direct_url: the URL of the server itself.
        seconds, headers, content, origin, verify, may_open_more, patience_s: as in examine().

    Raises:
        NotExamined: neither of them can be examined.
    """
    arguments = {"seconds": seconds, "headers": headers, "content": content, "origin": origin, "verify": verify}
    through, direct = await asyncio.gather(
        _examined(url, may_open_more=may_open_more, patience_s=patience_s, **arguments),
        _examined(direct_url, watch_only=True, patience_s=patience_s, **arguments),
    )
    if isinstance(direct, NotExamined):
        if isinstance(through, NotExamined):
            raise through
        return ComparedDiagnosis(None, through, False, f"They cannot be compared: {direct}")
    if isinstance(through, NotExamined):
        if through.recording is None:
            brought = direct.recording.count_text
            return ComparedDiagnosis(direct, None, False, f"{through}. The stream itself brought {brought} meanwhile")
        through = judge(through.recording, FurtherAnswers(origin=origin, posted=content is not None))
    return _compared(through, direct, secrets_of(url, headers))


async def _examined(url: str, **arguments: Any) -> Diagnosis | NotExamined:
    try:
        return await examine(url, **arguments)
    except NotExamined as problem:
        return problem


def _compared(through: Diagnosis, direct: Diagnosis, secrets: Collection[str]) -> ComparedDiagnosis:
    try:
        here, there = direct.recording.decompressed, through.recording.decompressed
    except ValueError as problem:
        return ComparedDiagnosis(direct, through, False, f"They cannot be compared: {problem}")
    comparison: HopComparison = compare(here, there, same_events=not through.further.posted)
    further = replace(through.further, direct=here)
    judged = judge(through.recording, further, through.skipped_requests).without(secrets)
    apart_s = apart_of(here)
    return ComparedDiagnosis(
        direct.while_running("--compare"),
        judged.while_running("--compare"),
        comparison.held,
        comparison.sentence,
        (course_of(here, apart_s), course_of(there, apart_s)),
    )
