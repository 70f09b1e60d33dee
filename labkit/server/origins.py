"""Who may ask a server on this machine to do something."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Collection

import httpx

from labkit.errors import LabError
from labkit.server.handlers import LOOPBACK_ORIGIN


def is_own_page(origin: str | None, host: str, allowed_origins: Collection[str] = ()) -> bool:
    """True for a page on this machine, for this server's own page under a numeric address, for what is no browser, and
    for a page of an origin that was allowed by name, such as a hub's.

    A name is not enough: another site can point its own name at this machine ("DNS rebinding").

    >>> is_own_page("http://localhost:8888", "localhost:8080")
    True
    >>> is_own_page("http://evil.example:8080", "evil.example:8080")
    False
    """
    if origin is None or origin in allowed_origins or LOOPBACK_ORIGIN.fullmatch(origin):
        return True
    return origin == f"http://{host}" and _is_numeric(re.sub(r":\d+$", "", host))


def normalize_origin(text: str) -> str:
    """The origin as a browser writes it in a request.

    >>> normalize_origin("https://Hub.example.org:443/")
    'https://hub.example.org'

    Raises:
        LabError: it is none.
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
