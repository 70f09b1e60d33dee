"""How the clients of this package set up httpx."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from labkit.client.body import ACCEPT_ENCODING
from labkit.system.secrets import PASSED_ON
from labkit.system.sockets import is_loopback


@functools.cache
def shared_tls_context() -> ssl.SSLContext:
    """The TLS settings that all clients share: reading the certificates takes some 15 ms each time."""
    return httpx.create_ssl_context()


def new_client(
    url: str, *, verify: bool = True, headers: Mapping[str, str] | None = None, **settings: Any
) -> httpx.AsyncClient:
    """A new httpx client for this URL. For a URL on this machine it ignores the proxies of the environment.

    Read what it gets with labkit.client.body: httpx itself decompresses without a bound. Requests to another origin,
    where a redirect leads to one, go without what was given with the request.

    Args:
        url: decides whether a proxy may be used, and for which origin headers are given.
        verify: whether the server's certificate is checked.
        headers: headers of each request.
        settings: passed on to httpx.AsyncClient.
    """
    return httpx.AsyncClient(
        trust_env=not is_loopback(httpx.URL(url).host),
        verify=shared_tls_context() if verify else False,
        event_hooks={"request": [_own_headers_only_for(httpx.URL(url))], "response": [_drop_body_of_redirect]},
        headers={"Accept-Encoding": ACCEPT_ENCODING, **(headers or {})},
        **settings,
    )


async def _drop_body_of_redirect(response: httpx.Response) -> None:
    # httpx would read it whole before it goes on, were it without an end.
    if response.has_redirect_location:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        await response.stream.aclose()
        response.stream = httpx.ByteStream(b"")


def _own_headers_only_for(url: httpx.URL) -> Callable[[httpx.Request], Awaitable[None]]:
    """What httpx calls before each request, redirected ones too. (By itself it takes Authorization away, no other.)"""

    async def take_away(request: httpx.Request) -> None:
        if _origin(request.url) != _origin(url):
            for name in set(request.headers) - PASSED_ON:
                del request.headers[name]

    return take_away


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)
