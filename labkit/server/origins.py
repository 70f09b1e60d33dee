"""Which web pages may send requests to a server on this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Collection

import httpx

from labkit.errors import LabError
from labkit.server.handlers import LOOPBACK_ORIGIN
from labkit.system.hosts import named_origins

#: What a server says to a page that may not command it.
FOREIGN_PAGE = (
    "only a page of this machine, or of this server, may ask. If yours is another, such as a hub's, name its origin in "
    "LABKIT_ORIGINS before the server starts"
)


def is_own_page(origin: str | None, host: str, allowed_origins: Collection[str] = ()) -> bool:
    """Whether a request comes from a page that may command this server.

    True for a page on this machine, for this server's own page under a numeric address, for a client that is no
    browser (`origin` is None), and for a page of one of the `allowed_origins`, or of those in LABKIT_ORIGINS, such as a
    hub's. A name is not enough: another site can point its own name at this machine ("DNS rebinding").

    Args:
        origin: the request's Origin header.
        host: the request's Host header.
        allowed_origins: origins that were allowed by name, as normalize_origin() gives them.

    >>> is_own_page("http://localhost:8888", "localhost:8080")
    True
    >>> is_own_page("http://evil.example:8080", "evil.example:8080")
    False
    """
    if origin is None or origin in allowed_origins or origin in named_origins() or LOOPBACK_ORIGIN.fullmatch(origin):
        return True
    return origin == f"http://{host}" and _is_numeric(re.sub(r":\d+$", "", host))


def normalize_origin(text: str) -> str:
    """The origin as a browser writes it in a request: lower case, without a default port or a slash at the end.

    >>> normalize_origin("https://Hub.example.org:443/")
    'https://hub.example.org'

    Raises:
        LabError: the text is not an origin.

    Source: RFC 6454, 6.2.
    """
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL:
        url = httpx.URL("")
    rest = " " in text.strip() or url.userinfo or url.query or url.fragment or url.path not in ("", "/")
    if url.scheme not in ("http", "https") or not url.host or rest:
        raise LabError(f"{text!r} is no origin. One is https://hub.example.org, or http://name:8000")
    return f"{url.scheme}://{url.netloc.decode('ascii')}"  # in lower case, without a port that is the default


def _is_numeric(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(host.strip("[]")))
    return False
