"""Findings about the head of a response: status, media type, CORS, caching and framing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from labkit.doctor.diagnosis import Finding, FurtherAnswers
from labkit.doctor.reason import readable_beginning, reason_of
from labkit.errors import counted
from labkit.recording import Recording
from labkit.recording.decompress import codings, first_member_bytes
from labkit.system.secrets import shown_url
from labkit.wire.media_type import extract_media_type

_HTML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(!doctype|html|head|body)\b", re.I)
_PAGE_BELOW = re.compile(rb"[\r\n]\s*<(!doctype|html)\b", re.I)
_EVENT_LINES = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:(?:data|event|id|retry):|: ?)[^\r\n]*[\r\n]")
_NOT_STORED = re.compile(r"\b(no-cache|no-store|private|max-age=0|s-maxage=0)\b", re.I)

#: With these nothing that follows is an event stream.
FATAL = {"wrong-status", "html-page", "wrong-media-type"}


def look_at_head(recording: Recording, further: FurtherAnswers) -> Iterator[Finding]:
    """The findings about the head. After a wrong status no others follow.

    Source: WHATWG HTML 9.2.2 (status, media type); WHATWG Fetch, "CORS protocol"; RFC 9111 (caching); RFC 9112
    (framing).
    """
    if recording.redirects:
        yield Finding("redirected", " to ".join(map(shown_url, [*recording.redirects, recording.url])))
    if recording.status != 200:
        yield Finding("wrong-status", _status_text(recording))
        return
    yield from _media_type(recording)
    yield from _gzip_members(recording)
    if further.origin and not is_same_origin(further.origin, recording.url):
        yield from _cors(recording, further.origin)
    if is_cacheable(recording) and not further.posted:
        control = recording.headers.get("cache-control")
        yield Finding("cacheable", f"Cache-Control: {control}" if control else "no Cache-Control")
    if recording.http_version in ("HTTP/1.0", "HTTP/1.1"):
        framed = "transfer-encoding" in recording.headers or "content-length" in recording.headers
        if not framed:
            yield Finding("close-delimited", f"{recording.http_version}, no Transfer-Encoding and no Content-Length")
        if not further.http2:
            yield Finding("six-connections", f"the answer came over {recording.http_version}")


def is_same_origin(origin: str, url: str) -> bool:
    """Whether the URL has this origin: then its pages may read it without CORS headers."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" == origin


def is_cacheable(recording: Recording) -> bool:
    """Whether a shared cache may keep the answer without asking the server again."""
    control = recording.headers.get("cache-control", "")
    # Without Cache-Control an Expires that is no date, such as 0, says that it has passed. RFC 9111, 5.3.
    expired = not control and recording.headers.get("expires", "").strip() in ("0", "-1")
    return not (expired or _NOT_STORED.search(control))


def _status_text(recording: Recording) -> str:
    """The status, with what the answer says about it."""
    told = [
        f"{name}: {recording.headers[name.lower()]}"
        for name in ("WWW-Authenticate", "Allow", "Retry-After", "Location")
        if name.lower() in recording.headers
    ]
    reason = reason_of(recording)
    told += [f"the body says {reason!a}"] if reason else []
    return "; ".join([f"status {recording.status}", *told])


def _cors(recording: Recording, origin: str) -> Iterator[Finding]:
    allowed = recording.headers.get("access-control-allow-origin")
    if allowed not in ("*", origin):
        header = f"Access-Control-Allow-Origin: {allowed}" if allowed else "no Access-Control-Allow-Origin"
        yield Finding("cors-refused", f"asked with Origin: {origin}, it answered with {header}")
    elif allowed == "*" and recording.headers.get("access-control-allow-credentials") == "true":
        evidence = "Access-Control-Allow-Origin: * beside Access-Control-Allow-Credentials: true"
        yield Finding("cors-credentials", evidence)


def _gzip_members(recording: Recording) -> Iterator[Finding]:
    names = codings(recording.headers.get("content-encoding", ""))
    if not names and recording.body.startswith(b"\x1f\x8b"):
        yield Finding("unreadable-encoding", "the body is gzip, and no Content-Encoding says so")
    if names not in (["gzip"], ["x-gzip"]):
        return
    end = first_member_bytes(recording.body)
    if end is not None:
        count = counted(len(recording.decompressed.events), "event")
        yield Finding("gzip-members", f"the gzip text ends after {end:,} bytes with {count}, and another one follows")


def _media_type(recording: Recording) -> Iterator[Finding]:
    content_type = recording.headers.get("content-type", "")
    media_type = extract_media_type(content_type)
    header = f"Content-Type: {content_type}" if content_type else "no Content-Type"
    if media_type is not None and media_type.essence == "text/event-stream":
        if media_type.charset not in ("", "utf-8"):
            yield Finding("wrong-charset", header)
        return
    start = readable_beginning(recording)
    if (lines := _EVENT_LINES.match(start)) and not _PAGE_BELOW.search(start):
        yield Finding(
            "wrong-media-type", f"{header}; the body is an event stream, and begins with {lines[0][:40].strip()!r}"
        )
        return
    says_html = media_type is not None and media_type.essence == "text/html"
    looks_html = _HTML.match(start) or _PAGE_BELOW.search(start) or (says_html and not start.strip()[:1].isalnum())
    reason = reason_of(recording)
    said = f"; it says {reason!a}" if reason else f"; it begins with {start[:40]!r}" if start else ""
    yield Finding("html-page" if looks_html else "wrong-media-type", header + said)
