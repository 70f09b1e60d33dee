"""Findings about the head of a response: status, media type, CORS, caching and framing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from labkit.doctor.diagnosis import Finding, FurtherAnswers
from labkit.recording import Recording
from labkit.system.secrets import shown_url

_HTML = re.compile(rb"\s*<(!doctype|html|head|body)\b", re.I)
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
        yield Finding("wrong-status", f"status {recording.status}")
        return
    yield from _media_type(recording)
    allowed = recording.headers.get("access-control-allow-origin")
    if further.origin and not _is_same_origin(further.origin, recording.url) and allowed not in ("*", further.origin):
        header = f"Access-Control-Allow-Origin: {allowed}" if allowed else "no Access-Control-Allow-Origin"
        yield Finding("cors-refused", f"asked with Origin: {further.origin}, it answered with {header}")
    if is_cacheable(recording) and not further.posted:
        control = recording.headers.get("cache-control")
        yield Finding("cacheable", f"Cache-Control: {control}" if control else "no Cache-Control")
    if recording.http_version in ("HTTP/1.0", "HTTP/1.1"):
        framed = "transfer-encoding" in recording.headers or "content-length" in recording.headers
        if not framed:
            yield Finding("close-delimited", f"{recording.http_version}, no Transfer-Encoding and no Content-Length")
        if not further.http2:
            yield Finding("six-connections", f"the answer came over {recording.http_version}")


def _is_same_origin(origin: str, url: str) -> bool:
    """Whether the URL has this origin: then its pages may read it without CORS headers."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" == origin


def is_cacheable(recording: Recording) -> bool:
    """Whether a shared cache may keep the answer without asking the server again."""
    return not _NOT_STORED.search(recording.headers.get("cache-control", ""))


def _media_type(recording: Recording) -> Iterator[Finding]:
    content_type = recording.headers.get("content-type", "")
    essence, *parameters = (part.strip() for part in content_type.lower().split(";"))
    header = f"Content-Type: {content_type}" if content_type else "no Content-Type"
    if essence != "text/event-stream":
        start = recording.body[:40]
        looks_html = essence == "text/html" or (not essence and _HTML.match(start))
        name = "html-page" if looks_html else "wrong-media-type"
        yield Finding(name, f"{header}; it begins with {start!r}" if looks_html else header)
    charset = next(
        (parameter.partition("=")[2].strip('" ') for parameter in parameters if parameter.startswith("charset")),
        "utf-8",
    )
    if essence == "text/event-stream" and charset not in ("utf-8", "utf8"):
        yield Finding("wrong-charset", header)
