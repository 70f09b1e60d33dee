"""The question that a browser asks first when a page of another origin wants more than a plain GET.

EventSource asks no such question, not even when it sends Last-Event-ID. fetch does, for that header and for JSON.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import httpx

from labkit.client import watch
from labkit.doctor.diagnosis import Finding
from labkit.recording import Recording

PREFLIGHT_S = 5.0


async def ask_preflight(
    url: str, origin: str, *, posted: bool = False, headers: Mapping[str, str] | None = None, verify: bool = True
) -> Recording | None:
    """The answer to the preflight that fetch sends before it resumes, or before it posts JSON; None without one.

    Args:
        url: the URL of the stream.
        origin: the origin of the page.
        posted: whether the request itself is a POST.
        headers: the headers of the request itself: their names are asked for, their values are not sent.
        verify: False accepts any certificate.

    Source: WHATWG Fetch, "CORS-preflight fetch".
    """
    question = {
        "Accept": "*/*",
        "Origin": origin,
        "Access-Control-Request-Method": "POST" if posted else "GET",
        "Access-Control-Request-Headers": ",".join(_asked_headers(posted, headers or {})),
    }
    try:
        return await watch(url, PREFLIGHT_S, method="OPTIONS", headers=question, verify=verify, max_bytes=1)
    except (httpx.HTTPError, httpx.InvalidURL):
        return None


def look_at_preflight(
    preflight: Recording, origin: str, *, posted: bool = False, headers: Mapping[str, str] | None = None
) -> Iterator[Finding]:
    """The finding about a preflight, if a browser would be refused: an error for a POST, a note for a GET.

    Source: WHATWG Fetch, "CORS-preflight fetch", steps 7 and 8.
    """
    why = _why_refused(preflight, origin, _asked_headers(posted, headers or {}))
    if why:
        yield Finding("preflight-refused", f"OPTIONS from {origin}: {why}", "error" if posted else None)


def _why_refused(preflight: Recording, origin: str, asked: list[str]) -> str:
    # GET and POST need not stand among Access-Control-Allow-Methods: they are "CORS-safelisted".
    allowed_origin = preflight.headers.get("access-control-allow-origin", "")
    allowed = _listed(preflight, "access-control-allow-headers")
    missing = [name for name in asked if name not in allowed and ("*" not in allowed or name == "authorization")]
    if preflight.redirects:
        return "it was redirected, which a preflight must not be"
    if preflight.status == 0:
        return "no answer"
    if not 200 <= preflight.status <= 299:
        return f"status {preflight.status}"
    if allowed_origin not in ("*", origin):
        return f"Access-Control-Allow-Origin: {allowed_origin}" if allowed_origin else "no Access-Control-Allow-Origin"
    if missing:
        return f"{missing[0]} is not among Access-Control-Allow-Headers: {', '.join(sorted(allowed)) or 'none'}"
    return ""


def _asked_headers(posted: bool, headers: Mapping[str, str]) -> list[str]:
    """The names that a browser asks for, in small letters and sorted: those that no form could send."""
    simple = {"accept", "accept-language", "content-language", "cookie", "origin", "user-agent", "cache-control"}
    names = {name.lower() for name in headers} - simple
    return sorted(names | ({"content-type"} if posted else {"last-event-id"}))


def _listed(preflight: Recording, header: str) -> set[str]:
    return {name.strip().lower() for name in preflight.headers.get(header, "").split(",") if name.strip()}
