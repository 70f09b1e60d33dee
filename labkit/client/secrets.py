"""One rule for secrets: they go to the origin that they were given for, and to no other."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

#: What may be sent to anybody. All other headers of a request may be secrets: Authorization, Cookie, X-Api-Key, ...
_HARMLESS = frozenset(
    {
        "accept", "accept-encoding", "accept-language", "cache-control", "connection", "content-length", "content-type",
        "host", "if-modified-since", "if-none-match", "last-event-id", "origin", "te", "transfer-encoding",
        "user-agent",
    }
)  # fmt: skip


def is_for(url: httpx.URL, given_for: httpx.URL) -> bool:
    """Whether what was given for one URL may be sent to the other: the same origin, or its https.

    >>> is_for(httpx.URL("https://a.example/x"), httpx.URL("http://a.example/y"))
    True

    Source: RFC 6454, 4; the https of the same host is where a redirect from plain http leads, as with httpx itself.
    """
    if (url.scheme, url.host, _port(url)) == (given_for.scheme, given_for.host, _port(given_for)):
        return True
    upgraded = (given_for.scheme, _port(given_for), url.scheme, _port(url)) == ("http", 80, "https", 443)
    return upgraded and url.host == given_for.host


def headers_for(url: httpx.URL, given_for: httpx.URL, headers: Mapping[str, str]) -> dict[str, str]:
    """Of the headers that were given for one URL, those that may be sent to the other."""
    if is_for(url, given_for):
        return dict(headers)
    return {name: value for name, value in headers.items() if name.lower() in _HARMLESS}


def without_secrets(request: httpx.Request, given_for: httpx.URL) -> None:
    """Takes the headers away from a request that was sent on to another origin than they were given for."""
    for name in set(request.headers) - set(headers_for(request.url, given_for, request.headers)):
        del request.headers[name]


def _port(url: httpx.URL) -> int:
    return url.port or (443 if url.scheme == "https" else 80)
