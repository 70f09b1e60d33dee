"""Asks a stream what judge() wants to know: two streams at most, unless more are allowed."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, replace
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
from labkit.errors import LabError
from labkit.recording import Recording

STREAMS = 2  # as many as a browser's page and its reload open
RETURN_S = 3.0
JOIN_S = 0.001  # a million pieces of one byte are not kept as a million pieces
FIELDS = (b"data", b"id", b"event", b"retry", b":")
Asking = Callable[[FurtherAnswers, float], Coroutine[Any, Any, FurtherAnswers]]


#: What else stands behind a URL that cannot be asked: a name that is none, a port that is none, a redirect to either.
_UNUSABLE = (httpx.InvalidURL, UnicodeError, OverflowError, ExceptionGroup)


class NotExamined(LabError):
    """There is nothing to examine: no connection, no answer, or nothing that could be an event stream."""


@dataclass(frozen=True)
class Request:
    """What is asked: as a browser's EventSource does, unless `content` makes it a POST. `origin` is a page's."""

    url: str
    headers: Mapping[str, str] | None = None
    content: bytes | None = None
    origin: str = ""
    verify: bool = True

    def all_headers(self, extra_headers: Mapping[str, str]) -> dict[str, str]:
        """The headers to send."""
        own = {"Cache-Control": "no-cache", "Accept-Encoding": "gzip, deflate"}
        page = {"Origin": self.origin} if self.origin else {}
        kind = {"Content-Type": "application/json"} if self.content is not None else {}
        return {**own, **page, **kind, **(self.headers or {}), **extra_headers}

    async def ask(
        self,
        seconds: float,
        extra_headers: Mapping[str, str] = MappingProxyType({}),
        enough: Callable[[ResponseRecorder], bool] = lambda watching: False,
        on_answer: Callable[[httpx.Response], object] = lambda response: None,
    ) -> Recording:
        """What came within `seconds`.

        Raises:
            NotExamined: nothing answered, or nothing that is HTTP.
        """
        try:
            return await watch(
                self.url,
                seconds,
                stop_when=enough,
                on_answer=on_answer,
                method="GET" if self.content is None else "POST",
                headers=self.all_headers(extra_headers),
                content=self.content,
                verify=self.verify,
                join_s=JOIN_S,
            )
        except (httpx.HTTPError, *_UNUSABLE) as problem:
            raise NotExamined(_why_not(problem, self.url)) from problem


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
    """What is wrong with the stream at this URL, watched for `seconds`, and then, unless `watch_only`, asked once more.

    The second request is what the first one calls for: coming back with Last-Event-ID, asking without compression, or
    asking the same again. `may_open_more` is asked, with the reason, before a third stream is opened.

    Raises:
        NotExamined: it cannot be reached, sends no head in time, or sends no complete line.
    """
    request = Request(url, headers, content, origin.rstrip("/"), verify)
    readers = Readers(request.headers or {}, verify, seconds)
    first = await request.ask(seconds, on_answer=readers.on_answer)
    counted = await readers.before_leaving()
    if first.status == 0:
        raise NotExamined(_no_head(first, url, seconds))
    further = FurtherAnswers(
        origin=request.origin, http2=await _offers_http2(first.url, verify), posted=content is not None
    )
    if first.status != 200 or not _is_stream(first):
        return judge(first, further)
    further = replace(further, leaving_noticed=await readers.leaving_noticed(counted))
    unasked: list[str] = []
    if not watch_only:
        further, unasked = await _ask_more(request, first, further, seconds, may_open_more)
    _check_lines(first, further, url)
    return judge(first, further, tuple(unasked))


def _no_head(first: Recording, url: str, seconds: float) -> str:
    if "no connection" in first.broken:
        return (
            f"{url} does not take the connection within {seconds:g} s. Is the address right, and no firewall between?"
        )
    what = f"{url} took the connection, and sent no head within {seconds:g} s"
    return f"{what}: nothing there speaks HTTP, or a proxy holds the whole answer back: --seconds 60 or --compare tell"


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


async def _ask_more(
    request: Request, first: Recording, further: FurtherAnswers, seconds: float, may_open_more: Callable[[str], bool]
) -> tuple[FurtherAnswers, list[str]]:
    unasked: list[str] = []
    try:
        content = read_content(first.decompressed.body)
        held = bool(look_at_arrivals(first, first.decompressed, further))
    except ValueError:
        return further, unasked
    for number, (why, ask) in enumerate(_wishes(request, first, content, held)):
        # A POST may cost money: it is sent once, unless more is allowed.
        if (number >= STREAMS - 1 or request.content is not None) and not may_open_more(why):
            unasked.append(why)
            continue
        with contextlib.suppress(NotExamined):
            further = await ask(further, seconds)
    return further, unasked


def _wishes(request: Request, first: Recording, content: Content, held: bool) -> list[tuple[str, Asking]]:
    """What else to ask, most telling first."""
    wishes: list[tuple[str, Asking]] = []

    async def uncompressed(further: FurtherAnswers, seconds: float) -> FurtherAnswers:
        return replace(further, uncompressed=await request.ask(seconds, {"Accept-Encoding": "identity"}))

    async def resumed(further: FurtherAnswers, seconds: float) -> FurtherAnswers:
        if first.broken or first.ended:  # as long as the first, to see whether it ends alike
            answer = await request.ask(seconds, {"Last-Event-ID": asked_id})
        else:
            answer = await request.ask(min(seconds, RETURN_S), {"Last-Event-ID": asked_id}, _one_event)
        return replace(further, resumed=_readable(answer), asked_id=asked_id)

    async def again(further: FurtherAnswers, seconds: float) -> FurtherAnswers:
        return replace(further, again=_readable(await request.ask(seconds)))

    if (held or not content.blocks) and first.headers.get("content-encoding", "identity") != "identity":
        wishes.append(("the same without compression", uncompressed))
    asked_id = _middle_id(content)
    if asked_id and request.content is None:
        wishes.append(("whether it resumes after an id", resumed))
    elif first.broken or (is_cacheable(first) and request.content is None and first.ended):
        wishes.append(("whether a second client gets the same", again))
    return wishes


def _one_event(watching: ResponseRecorder) -> bool:
    return any(event.last_event_id for event in watching.recording.events)  # a greeting has no id


def _readable(recording: Recording) -> Recording:
    try:
        return recording.decompressed
    except ValueError:
        return recording


def _middle_id(content: Content) -> str:
    """An id with known events behind it; "" where there is none, or none that can be sent."""
    ids = [block.own_id for block in content.blocks if block.own_id]
    if len(ids) < 3 or len(set(ids)) < len(ids):
        return ""
    chosen = ids[len(ids) // 2 - 1]
    return chosen if chosen.isprintable() and chosen.isascii() and len(chosen) < 1000 else ""


async def _offers_http2(url: str, verify: bool) -> bool:
    """Whether the server would choose HTTP/2, found by a TLS handshake alone. Source: RFC 7301."""
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


def _why_not(problem: Exception, url: str) -> str:
    if isinstance(problem, httpx.TooManyRedirects):
        return f"{url} redirects in a circle. Look where it leads with: curl -sIL {url}"
    if isinstance(problem, httpx.ConnectError):
        return f"{url} cannot be reached: {problem}"
    if isinstance(problem, httpx.RemoteProtocolError):
        return f"{url} answered something that is not HTTP, or hung up. Is this the right port?"
    if isinstance(problem, httpx.HTTPError):
        return f"{url} gave no answer that can be read: {problem or type(problem).__name__}"
    return f"{url}, or where it redirects to, is no address that can be asked. Is the name spelled right?"
