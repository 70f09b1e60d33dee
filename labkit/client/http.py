"""What every httpx client here is given."""

from __future__ import annotations

import functools
import ssl
from typing import Any

import httpx

from labkit.sockets import LOOPBACK_HOSTS


@functools.cache
def tls() -> ssl.SSLContext:
    """One for all: reading the certificates takes some 15 ms, each time."""
    return httpx.create_ssl_context()


def is_loopback(url: str) -> bool:
    """Whether the URL is on this machine: then no proxy of the environment must come between."""
    return httpx.URL(url).host in LOOPBACK_HOSTS


def new_client(url: str, *, verify: bool = True, **settings: Any) -> httpx.AsyncClient:
    """A client for this URL; `settings` are httpx's."""
    return httpx.AsyncClient(trust_env=not is_loopback(url), verify=tls() if verify else False, **settings)
