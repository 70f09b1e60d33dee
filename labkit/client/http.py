"""What every httpx client here is given."""

from __future__ import annotations

import functools
import ssl

import httpx


@functools.cache
def tls() -> ssl.SSLContext:
    """One for all: reading the certificates takes some 15 ms, each time."""
    return httpx.create_ssl_context()


def is_loopback(url: str) -> bool:
    """Whether the URL is on this machine: then no proxy of the environment must come between."""
    return httpx.URL(url).host in ("localhost", "127.0.0.1", "::1")
