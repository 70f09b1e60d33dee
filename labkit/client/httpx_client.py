"""How the clients of this package set up httpx, and send a request."""

from __future__ import annotations

import contextlib
import functools
import importlib
import ssl
from collections.abc import Mapping
from typing import Any

import httpx

from labkit.recording.decompress import accept_encoding
from labkit.system.secrets import PASSED_ON
from labkit.system.sockets import is_loopback

#: Source: Fetch standard, HTTP-redirect fetch, step 7.
MAX_REDIRECTS = 20
#: What httpx imports with its first request, and not before: some 0.3 s, for which that request would wait.
_IMPORTED_LATE = ("anyio._backends._asyncio", "anyio.streams.tls", "certifi", "h11", "httpcore",
                  "httpcore._backends.anyio", "sniffio")  # fmt: skip


@functools.cache
def shared_tls_context() -> ssl.SSLContext:
    """The TLS settings that all clients share: reading the certificates takes some 15 ms each time."""
    return httpx.create_ssl_context()


def new_client(
    url: str, *, verify: bool | ssl.SSLContext = True, headers: Mapping[str, str] | None = None, **settings: Any
) -> httpx.AsyncClient:
    """A new httpx client for this URL. For a URL on this machine it ignores the proxies of the environment.

    Read what it gets with labkit.client.body: httpx itself decompresses without a bound. It follows no redirect:
    send_request() does.

    Args:
        url: decides whether a proxy may be used.
        verify: whether the server's certificate is checked, or the TLS settings to use.
        headers: headers of each request.
        settings: passed on to httpx.AsyncClient.
    """
    return httpx.AsyncClient(
        trust_env=not is_loopback(httpx.URL(url).host),
        verify=shared_tls_context() if verify is True else verify,
        headers={"Accept-Encoding": accept_encoding(), **(headers or {})},
        **settings,
    )


@functools.cache
def import_transport() -> None:
    """Imports what httpx else imports at its first request, while somebody waits or a clock runs. Once is enough."""
    for name in _IMPORTED_LATE:
        with contextlib.suppress(ImportError):  # another version may have it elsewhere
            importlib.import_module(name)


async def send_request(client: httpx.AsyncClient, request: httpx.Request) -> httpx.Response:
    """The response to this request, its body unread, after redirects were followed as Fetch follows them. To another
    origin go no headers but those of PASSED_ON. The caller closes the response; its `history` has the redirects.

    httpx's own way of following makes a GET of every method but HEAD at status 302 (Fetch, of POST alone), keeps all
    headers but Authorization and Cookie, and reads the body of a redirect, were it without an end.

    Raises:
        httpx.RequestError: no answer came, or the redirects have no end.

    Source: Fetch standard, HTTP-redirect fetch.
    """
    asked, history = request, list[httpx.Response]()
    while len(history) <= MAX_REDIRECTS:
        own = _origin(request.url) == _origin(asked.url)
        auth: Any = httpx.USE_CLIENT_DEFAULT if own else None
        response = await client.send(request, stream=True, follow_redirects=False, auth=auth)
        if not response.has_redirect_location:
            response.history = history
            return response
        await response.aclose()
        history.append(response)
        request = _redirected(client, asked, request, response)
    raise httpx.TooManyRedirects(f"more than {MAX_REDIRECTS} redirects", request=request)


def _redirected(
    client: httpx.AsyncClient, asked: httpx.Request, request: httpx.Request, response: httpx.Response
) -> httpx.Request:
    try:
        url = request.url.join(response.headers["location"])
    except (httpx.InvalidURL, UnicodeError) as problem:
        raise httpx.RemoteProtocolError(f"a redirect to what is no URL: {problem}", request=request) from None
    if request.url.fragment and not url.fragment:
        url = url.copy_with(fragment=request.url.fragment)
    status, method = response.status_code, request.method
    headers = {name: value for name, value in request.headers.items() if name not in ("host", "cookie")}
    content = request.content
    if (status in (301, 302) and method == "POST") or (status == 303 and method not in ("GET", "HEAD")):
        method, content = "GET", b""
        headers = {name: value for name, value in headers.items() if not name.startswith("content-")}
    redirected = client.build_request(method, url, headers=headers, content=content or None)
    redirected.extensions = request.extensions
    drop_own_headers(redirected, asked.url)
    return redirected


def drop_own_headers(request: httpx.Request, url: httpx.URL) -> None:
    """Takes away what was given with a request for `url`, all but the headers of PASSED_ON, if this one goes to another
    origin."""
    if _origin(request.url) != _origin(url):
        for name in set(request.headers) - PASSED_ON:
            del request.headers[name]


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or {"http": 80, "https": 443}.get(url.scheme)
