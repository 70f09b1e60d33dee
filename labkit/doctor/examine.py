"""Records a stream by URL and judges it. It opens two streams at most, unless more are allowed."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import httpx

from labkit.client import ResponseRecorder, watch
from labkit.doctor.arrival import look_at_arrivals
from labkit.doctor.body import Content, read_content
from labkit.doctor.diagnosis import Diagnosis, FurtherAnswers
from labkit.doctor.head import is_cacheable
from labkit.doctor.judge import judge
from labkit.doctor.leaving import Readers
from labkit.errors import LabError, LimitExceeded
from labkit.recording import Recording
from labkit.system.secrets import hidden, secrets_of, shown_url
from labkit.wire import Decoder, Event

MAX_STREAMS = 2  # as many as a browser's page and its reload open
RETURN_S = 3.0
JOIN_S = 0.001  # a million pieces of one byte are not kept as a million pieces
FIELDS = (b"data", b"id", b"event", b"retry", b":")
FollowUp = Callable[[FurtherAnswers, float], Coroutine[Any, Any, FurtherAnswers]]


#: What else stands behind a URL that cannot be asked: a name that is none, a port that is none, a redirect to either.
_UNUSABLE = (httpx.InvalidURL, UnicodeError, OverflowError, ExceptionGroup)


class NotExamined(LabError):
    """No stream could be examined: no connection, no answer, or a body that cannot be an event stream."""


@dataclass(frozen=True)
class Request:
    """The request for the stream: the GET of a browser's EventSource, or with `content` a POST.

    Args:
        url: the URL of the stream.
        headers: headers to add or to replace.
        content: the JSON body of a POST.
        origin: the page's origin, for the Origin header; "" sends none.
        verify: False accepts any certificate.
    """

    url: str
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    content: bytes | None = None
    origin: str = ""
    verify: bool = True

    def all_headers(self, extra_headers: Mapping[str, str]) -> dict[str, str]:
        """The headers of the request, with `extra_headers` added last."""
        defaults = {"Cache-Control": "no-cache", "Accept-Encoding": "gzip, deflate"}
        page = {"Origin": self.origin} if self.origin else {}
        media_type = {"Content-Type": "application/json"} if self.content is not None else {}
        return {**defaults, **page, **media_type, **(self.headers or {}), **extra_headers}

    async def ask(
        self,
        seconds: float,
        extra_headers: Mapping[str, str] = MappingProxyType({}),
        stop_when: Callable[[ResponseRecorder], bool] = lambda watching: False,
        on_answer: Callable[[httpx.Response], object] = lambda response: None,
    ) -> Recording:
        """A recording of the answer, watched for `seconds`.

        Args:
            seconds: how long to watch.
            extra_headers: headers of this request alone.
            stop_when: called after each piece; True ends the watching.
            on_answer: called once with the head of the answer.

        Raises:
            NotExamined: nothing answered, or nothing that is HTTP.
        """
        try:
            return await watch(
                self.url,
                seconds,
                stop_when=stop_when,
                on_answer=on_answer,
                method="GET" if self.content is None else "POST",
                headers=self.all_headers(extra_headers),
                content=self.content,
                verify=self.verify,
                join_s=JOIN_S,
            )
        except (httpx.HTTPError, *_UNUSABLE) as problem:
            why = hidden(_explain_failure(problem, shown_url(self.url)), secrets_of(self.url, self.headers))
            raise NotExamined(why) from problem


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
) -> Diagnosis:
    """The diagnosis of the stream at this URL.

    A second request follows where the first one calls for it: with a Last-Event-ID, without compression, or the same
    again.

    Args:
        url: the URL of the stream.
        seconds: how long to watch.
        headers, content, origin, verify: the request, as in Request.
        watch_only: True sends no second request.
        may_open_more: called with the reason before a third stream, or a second POST, is sent; True allows it.

    Raises:
        NotExamined: it cannot be reached, sends no head in time, or sends no complete line.
    """
    request = Request(url, headers, content, origin.rstrip("/"), verify)
    secrets = secrets_of(url, headers)
    readers = Readers(url, request.headers or {}, verify, seconds)
    first = await request.ask(seconds, on_answer=readers.on_answer)
    reader_count = await readers.count_before_leaving()
    if first.status == 0:
        raise NotExamined(_explain_missing_head(first, shown_url(url), seconds))
    further = FurtherAnswers(
        origin=request.origin, http2=await _offers_http2(first.url, verify), posted=content is not None
    )
    if first.status != 200 or not _is_stream(first):
        return judge(first, further).without(secrets)
    further = replace(further, leaving_noticed=await readers.leaving_noticed(reader_count))
    skipped_requests: list[str] = []
    if not watch_only:
        further, skipped_requests = await _ask_further(request, first, further, seconds, may_open_more)
    _check_lines(first, further, shown_url(url))
    return judge(first, further, tuple(skipped_requests)).without(secrets)


def _explain_missing_head(first: Recording, url: str, seconds: float) -> str:
    if "no connection" in first.broken:
        return (
            f"{url} does not take the connection within {seconds:g} s. Is the address right, and no firewall between?"
        )
    sentence = f"{url} took the connection, and sent no head within {seconds:g} s"
    return (
        f"{sentence}: nothing there speaks HTTP, or a proxy holds the whole answer back: --seconds 60 or --compare tell"
    )


def _is_stream(first: Recording) -> bool:
    return first.headers.get("content-type", "").lower().startswith("text/event-stream")


def _check_lines(first: Recording, further: FurtherAnswers, url: str) -> None:
    """Raises NotExamined where not one line came, nor one without compression."""
    with contextlib.suppress(ValueError):
        body = first.decompressed.body
        if b"\n" in body or b"\r" in body or (further.uncompressed is not None and further.uncompressed.events):
            return
        if not body:
            end = "and ended" if first.ended else f"and nothing more in {first.end_s:.2g} s"
            raise NotExamined(f"{url} sent the head of an event stream, {end}: there is nothing to examine")
        line = "one line that has no end yet" if body.startswith(FIELDS) else "not one line end: no event stream"
        raise NotExamined(f"{url} sent {len(body):,} bytes in {first.end_s:.2g} s, and {line}")


async def _ask_further(
    request: Request, first: Recording, further: FurtherAnswers, seconds: float, may_open_more: Callable[[str], bool]
) -> tuple[FurtherAnswers, list[str]]:
    skipped_requests: list[str] = []
    try:
        content = read_content(first.decompressed.body)
        held = bool(look_at_arrivals(first, first.decompressed, further))
    except ValueError:
        return further, skipped_requests
    for number, (why, ask) in enumerate(_follow_ups(request, first, content, held)):
        # A POST may cost money: it is sent once, unless more is allowed.
        if (number >= MAX_STREAMS - 1 or request.content is not None) and not may_open_more(why):
            skipped_requests.append(why)
            continue
        with contextlib.suppress(NotExamined):
            further = await ask(further, seconds)
    return further, skipped_requests


def _follow_ups(request: Request, first: Recording, content: Content, held: bool) -> list[tuple[str, FollowUp]]:
    """The further requests that this recording calls for, each with its reason, the most useful first."""
    follow_ups: list[tuple[str, FollowUp]] = []

    async def ask_uncompressed(further: FurtherAnswers, seconds: float) -> FurtherAnswers:
        return replace(further, uncompressed=await request.ask(seconds, {"Accept-Encoding": "identity"}))

    async def ask_resumed(further: FurtherAnswers, seconds: float) -> FurtherAnswers:
        if first.broken or first.ended:  # as long as the first, to see whether it ends alike
            answer = await request.ask(seconds, {"Last-Event-ID": last_event_id})
        else:
            answer = await request.ask(min(seconds, RETURN_S), {"Last-Event-ID": last_event_id}, FirstEvent())
        return replace(further, resumed=_readable(answer), last_event_id=last_event_id)

    async def ask_again(further: FurtherAnswers, seconds: float) -> FurtherAnswers:
        return replace(further, second_recording=_readable(await request.ask(seconds)))

    if (held or not content.blocks) and first.headers.get("content-encoding", "identity") != "identity":
        follow_ups.append(("the same without compression", ask_uncompressed))
    last_event_id = _middle_id(content)
    if last_event_id and request.content is None:
        follow_ups.append(("whether it resumes after an id", ask_resumed))
    elif first.broken or (is_cacheable(first) and request.content is None and first.ended):
        follow_ups.append(("whether a second client gets the same", ask_again))
    return follow_ups


class FirstEvent:
    """Called with a recorder after each piece; True when an event with an id has come. (A greeting has none.)"""

    def __init__(self) -> None:
        self._decoder = Decoder()

    def __call__(self, watching: ResponseRecorder) -> bool:
        try:
            signals = self._decoder.feed(watching.newest)
        except LimitExceeded:
            return True  # it is no event, and has no end
        return any(isinstance(signal, Event) and signal.last_event_id for signal in signals)


def _readable(recording: Recording) -> Recording:
    try:
        return recording.decompressed
    except ValueError:
        return recording


def _middle_id(content: Content) -> str:
    """The id of an event in the middle, to resume from; "" without one that can be sent in a header."""
    ids = [block.own_id for block in content.blocks if block.own_id]
    if len(ids) < 3 or len(set(ids)) < len(ids):
        return ""
    chosen = ids[len(ids) // 2 - 1]
    return chosen if chosen.isprintable() and chosen.isascii() and len(chosen) < 1000 else ""


async def _offers_http2(url: str, verify: bool) -> bool:
    """Whether the server chooses HTTP/2, found by a TLS handshake alone.

    Source: RFC 7301 (ALPN).
    """
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        return False
    context = ssl.create_default_context()
    if not verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])
    try:
        async with asyncio.timeout(3.0):
            _, writer = await asyncio.open_connection(parts.hostname, parts.port or 443, ssl=context)
    except (OSError, TimeoutError):
        return False
    chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
    writer.close()
    return bool(chosen == "h2")


def _explain_failure(problem: Exception, url: str) -> str:
    if isinstance(problem, httpx.TooManyRedirects):
        return f"{url} redirects in a circle. Look where it leads with: curl -sIL {url}"
    if isinstance(problem, httpx.ConnectError):
        return f"{url} cannot be reached: {problem}"
    if isinstance(problem, httpx.RemoteProtocolError):
        return f"{url} answered something that is not HTTP, or hung up. Is this the right port?"
    if isinstance(problem, httpx.HTTPError):
        return f"{url} gave no answer that can be read: {problem or type(problem).__name__}"
    return f"{url}, or where it redirects to, is no address that can be asked. Is the name spelled right?"
