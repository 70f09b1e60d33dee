"""Who may ask a server on this machine to do something."""

from __future__ import annotations

import contextlib
import ipaddress
import re

from labkit.server.streams import LOOPBACK_ORIGIN


def is_own_page(origin: str | None, host: str) -> bool:
    """True for a page on this machine, for this server's own page under a numeric address, and for what is no browser.

    A name is not enough: another site can point its own name at this machine ("DNS rebinding").

    >>> is_own_page("http://localhost:8888", "localhost:8080")
    True
    >>> is_own_page("http://evil.example:8080", "evil.example:8080")
    False
    """
    if origin is None or LOOPBACK_ORIGIN.fullmatch(origin):
        return True
    return origin == f"http://{host}" and _is_numeric(re.sub(r":\d+$", "", host))


def _is_numeric(host: str) -> bool:
    with contextlib.suppress(ValueError):
        return bool(ipaddress.ip_address(host.strip("[]")))
    return False
