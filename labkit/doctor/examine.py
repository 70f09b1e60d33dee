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

from labkit.client import Watching, watch
from labkit.doctor.answer import is_cacheable
from labkit.doctor.arrival import look_at_arrivals
from labkit.doctor.blocks import Content, read_content
from labkit.doctor.judge import judge
from labkit.doctor.model import Diagnosis, More
from labkit.errors import LabError
from labkit.measure import Recording

STREAMS = 2  # as many as a browser's page and its reload open
RETURN_S = 3.0
NOTICE_WITHIN_S = 2.0
#: What a labkit server says of itself in every head of a Channel: how many readers it has.
READERS = "labkit-readers"

Asking = Callable[[More, float], Coroutine[Any, Any, More]]


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

    def all_headers(self, more: Mapping[str, str]) -> dict[str, str]:
        """The headers to send."""
        own = {"Cache-Control": "no-cache", "Accept-Encoding": "gzip, deflate"}
        page = {"Origin": self.origin} if self.origin else {}
        kind = {"Content-Type": "application/json"} if self.content is not None else {}
        return {**own, **page, **kind, **(self.headers or {}), **more}

    async def ask(
        self,
        seconds: float,
        more: Mapping[str, str] = MappingProxyType({}),
        enough: Callable[[Watching], bool] = lambda watching: False,
    ) -> Recording:
        """What came within `seconds`.

        Raises:
            httpx.HTTPError: nothing answered, or nothing that is HTTP.
        """
        return await watch(
            self.url,
            seconds,
            enough=enough,
            method="GET" if self.content is None else "POST",
            headers=self.all_headers(more),
            content=self.content,
            verify=self.verify,
        )


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
    request = Request(url, headers, content, origin, verify)
    try:
        first = await request.ask(seconds)
    except httpx.HTTPError as problem:
        raise NotExamined(_why_not(problem, url)) from problem
    _check_answer(first, url, seconds)
    more = More(origin=origin, http2=await _offers_http2(first.url, verify), posted=content is not None)
    if watch_only or first.status != 200:
        return judge(first, more)
    more, unasked = await _ask_more(request, first, more, seconds, may_open_more)
    return judge(first, more, tuple(unasked))


def _check_answer(first: Recording, url: str, seconds: float) -> None:
    """Raises NotExamined where there is nothing to judge."""
    if first.status == 0:
        what = f"{url} took the connection, and sent no head within {seconds:g} s"
        why = "nothing there speaks HTTP, or a proxy holds the whole answer back: --seconds 60 or --compare tell"
        raise NotExamined(f"{what}. Either {why}")
    is_stream = first.status == 200 and first.headers.get("content-type", "").lower().startswith("text/event-stream")
    if is_stream and first.arrivals and not first.ended:
        with contextlib.suppress(ValueError):
            body = first.decompressed.body
            if body and b"\n" not in body and b"\r" not in body:
                what = f"{url} sent {len(body):,} bytes in {first.end_s:.1f} s"
                raise NotExamined(f"{what}, and not one line end among them: this is no event stream")


async def _ask_more(
    request: Request, first: Recording, more: More, seconds: float, may_open_more: Callable[[str], bool]
) -> tuple[More, list[str]]:
    unasked: list[str] = []
    if READERS in first.headers:
        more = replace(more, leaving_noticed=await _leaving_noticed(request, first))
    try:
        content = read_content(first.decompressed.body)
        held = bool(look_at_arrivals(first, first.decompressed, more))
    except ValueError:
        return more, unasked
    wanted = _wishes(request, first, content, held)
    for number, (why, ask) in enumerate(wanted):
        if number >= STREAMS - 1 and not may_open_more(why):
            unasked.append(why)
            continue
        with contextlib.suppress(httpx.HTTPError):
            more = await ask(more, seconds)
    return more, unasked


def _wishes(request: Request, first: Recording, content: Content, held: bool) -> list[tuple[str, Asking]]:
    """What else to ask, most telling first."""
    wishes: list[tuple[str, Asking]] = []

    async def uncompressed(more: More, seconds: float) -> More:
        return replace(more, uncompressed=await request.ask(seconds, {"Accept-Encoding": "identity"}))

    async def resumed(more: More, seconds: float) -> More:
        if first.broken or first.ended:  # as long as the first, to see whether it ends alike
            answer = await request.ask(seconds, {"Last-Event-ID": asked_id})
        else:
            answer = await request.ask(min(seconds, RETURN_S), {"Last-Event-ID": asked_id}, _one_event)
        return replace(more, resumed=_readable(answer), asked_id=asked_id)

    async def again(more: More, seconds: float) -> More:
        return replace(more, again=_readable(await request.ask(seconds)))

    if held and "content-encoding" in first.headers:
        wishes.append(("the same without compression", uncompressed))
    asked_id = _middle_id(content)
    if asked_id and request.content is None:
        wishes.append(("whether it resumes after an id", resumed))
    elif first.broken or (is_cacheable(first) and request.content is None and first.ended):
        wishes.append(("whether a second client gets the same", again))
    return wishes


def _one_event(watching: Watching) -> bool:
    return bool(watching.recording.events)


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


async def _leaving_noticed(request: Request, first: Recording) -> bool | None:
    """Whether a labkit server has one reader less now; None where it does not say."""
    deadline_s = asyncio.get_running_loop().time() + NOTICE_WITHIN_S
    counted = int(first.headers[READERS]) if first.headers[READERS].isdigit() else 0
    now = None
    async with httpx.AsyncClient(trust_env=False, verify=request.verify) as client:
        while asyncio.get_running_loop().time() < deadline_s:
            with contextlib.suppress(httpx.HTTPError, ValueError):
                answer = await client.head(first.url, headers=dict(request.headers or {}), timeout=1.0)
                now = int(answer.headers.get(READERS, ""))
                if now < counted:
                    return True
            await asyncio.sleep(0.1)
    return None if now is None else False


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


def _why_not(problem: httpx.HTTPError, url: str) -> str:
    if isinstance(problem, httpx.TooManyRedirects):
        return f"{url} redirects in a circle. Look where it leads with: curl -sIL {url}"
    if isinstance(problem, httpx.ConnectError):
        return f"{url} cannot be reached: {problem}"
    return f"{url} gave no answer that can be read: {problem or type(problem).__name__}"
