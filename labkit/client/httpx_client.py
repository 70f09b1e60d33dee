"""What every httpx client here is given."""

from __future__ import annotations

import functools
import ssl
from typing import Any

import httpx

from labkit.system.sockets import is_loopback


@functools.cache
def shared_tls_context() -> ssl.SSLContext:
    """One for all: reading the certificates takes some 15 ms, each time."""
    return httpx.create_ssl_context()


def new_client(url: str, *, verify: bool = True, **settings: Any) -> httpx.AsyncClient:
    """A client for this URL; `settings` are httpx's. To this machine no proxy of the environment comes between."""
    return httpx.AsyncClient(
        trust_env=not is_loopback(httpx.URL(url).host), verify=shared_tls_context() if verify else False, **settings
    )
