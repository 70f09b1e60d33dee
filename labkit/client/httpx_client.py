"""How the clients of this package set up httpx."""

from __future__ import annotations

import functools
import ssl
from typing import Any

import httpx

from labkit.system.sockets import is_loopback


@functools.cache
def shared_tls_context() -> ssl.SSLContext:
    """The TLS settings that all clients share: reading the certificates takes some 15 ms each time."""
    return httpx.create_ssl_context()


def new_client(url: str, *, verify: bool = True, **settings: Any) -> httpx.AsyncClient:
    """A new httpx client for this URL. For a URL on this machine it ignores the proxies of the environment.

    Args:
        url: decides whether a proxy may be used.
        verify: whether the server's certificate is checked.
        settings: passed on to httpx.AsyncClient.
    """
    return httpx.AsyncClient(
        trust_env=not is_loopback(httpx.URL(url).host), verify=shared_tls_context() if verify else False, **settings
    )
