"""How the clients of this package set up httpx, and send a request."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from labkit.recording.decompress import accept_encoding
from labkit.system.secrets import PASSED_ON
from labkit.system.sockets import is_loopback

#: Source: Fetch standard, HTTP-redirect fetch, step 7.
MAX_REDIRECTS = 20


@functools.cache
def shared_tls_context() -> ssl.SSLContext:
    """The TLS settings that all clients share: reading the certificates takes some 15 ms each time."""
    return httpx.create_ssl_context()


def new_client(
    url: str, *, verify: bool | ssl.SSLContext = True, headers: Mapping[str, str] | None = None, **settings: Any
) -> httpx.AsyncClient:
    """A new httpx client for this URL. For a URL on this machine it ignores the proxies of the environment.

    Read what it gets with labkit.client.body: httpx itself decompresses without a bound. Requests to another origin,
    where a redirect leads to one, go without what was given with the request.

    Args:
        url: decides whether a proxy may be used, and for which origin headers are given.
        verify: whether the server's certificate is checked, or the TLS settings to use.
        headers: headers of each request.
        settings: passed on to httpx.AsyncClient.
    """
    return httpx.AsyncClient(
        trust_env=not is_loopback(httpx.URL(url).host),
        verify=shared_tls_context() if verify is True else verify,
        event_hooks={"request": [_own_headers_only_for(httpx.URL(url))], "response": [_drop_body_of_redirect]},
        headers={"Accept-Encoding": accept_encoding(), **(headers or {})},
        **settings,
    )


async def send_request(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The response to this request, its body unread, after redirects were followed as Fetch follows them. To another
    origin go no headers but those of PASSED_ON. The caller closes the response.

    httpx's own way of following makes a GET of every method but HEAD at status 302; Fetch, of POST alone.

    Raises:
        httpx.RequestError: no answer came, or the redirects have no end.

    Source: Fetch standard, HTTP-redirect fetch.
    """
    asked = request
    for _ in range(MAX_REDIRECTS + 1):
        own = _origin(request.url) == _origin(asked.url)
        auth: Any = httpx.USE_CLIENT_DEFAULT if own else None
        response = await client.send(request, stream=True, follow_redirects=False, auth=auth)
        if not response.has_redirect_location:
            return response
        await response.aclose()
        request = _redirected(client, asked, request, response)
    raise httpx.TooManyRedirects(f"more than {MAX_REDIRECTS} redirects", request=request)


def _redirected(
    client: httpx.AsyncClient, asked: httpx.Request, request: httpx.Request, response: httpx.Response
) -> httpx.Request:
    try:
        url = request.url.join(response.headers["location"])
    except (httpx.InvalidURL, UnicodeError) as problem:
        raise httpx.RemoteProtocolError(f"a redirect to what is no URL: {problem}", request=request) from None
    status, method = response.status_code, request.method
    headers = {name: value for name, value in request.headers.items() if name not in ("host", "cookie")}
    content = request.content
    if (status in (301, 302) and method == "POST") or (status == 303 and method not in ("GET", "HEAD")):
        method, content = "GET", b""
        headers = {name: value for name, value in headers.items() if not name.startswith("content-")}
    redirected = client.build_request(method, url, headers=headers, content=content or None)
    redirected.extensions = request.extensions
    if _origin(url) != _origin(asked.url):
        for name in set(redirected.headers) - PASSED_ON:
            del redirected.headers[name]
    return redirected


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
