"""Who may ask a server on this machine to do something."""

from __future__ import annotations

import contextlib
import ipaddress
import re
from collections.abc import Collection
from urllib.parse import urlsplit

from labkit.errors import LabError
from labkit.server.streams import LOOPBACK_ORIGIN

DEFAULT_PORTS = {"http": 80, "https": 443}  # a browser leaves them out


def is_own_page(origin: str | None, host: str, allowed: Collection[str] = ()) -> bool:
    """True for a page on this machine, for this server's own page under a numeric address, for what is no browser, and
    for a page of an origin that was `allowed` by name, such as a hub's.

    A name is not enough: another site can point its own name at this machine ("DNS rebinding").

    >>> is_own_page("http://localhost:8888", "localhost:8080")
    True
    >>> is_own_page("http://evil.example:8080", "evil.example:8080")
    False
    """
    if origin is None or origin in allowed or LOOPBACK_ORIGIN.fullmatch(origin):
        return True
    return origin == f"http://{host}" and _is_numeric(re.sub(r":\d+$", "", host))


def checked_origin(text: str) -> str:
    """The origin as a browser writes it in a request.

    >>> checked_origin("https://Hub.example.org:443/")
    'https://hub.example.org'

    Raises:
        LabError: it is none.
    """
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = 0
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or port == 0 or parts.path not in ("", "/"):
        raise LabError(f"{text!r} is no origin. One is https://hub.example.org, or http://name:8000")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + ("" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}")


def _is_numeric(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(host.strip("[]")))
    return False
