"""JavaScript's proxies, jupyter-server-proxy, the relay with faults, and comparisons with the server itself."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from functools import partial
from urllib.parse import urlsplit

from hops.node import express, vite, webpack
from hops.origins import answering, nobody, progress, ticker
from hops.programs import Origin, caddy, envoy, haproxy, nginx, varnish

from labkit.faults import (
    AnswerStatus,
    Cut,
    Fault,
    FillBuffers,
    First,
    Gzip,
    HoldBytes,
    HoldHead,
    HoldTime,
    IdleTimeout,
    Stall,
    Throttle,
    TotalTimeout,
)
from labkit.lab import jupyter_proxy
from labkit.proxy import relay
from labkit.proxy.pipe import pipe
from set_ups.proxies import HELD, LARGE, LATE, MODEL, POST, SHORT, SILENT, TICKER, WATCH, broken
from set_ups.set_up import Address, SetUp

NO_TRANSFORM = (("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache, no-transform"))
TO = "target: 'http://@ORIGIN@', changeOrigin: true"
PASS = f"app.use(createProxyMiddleware({{ {TO}, pathFilter: '/events' }}));"
COMPRESS = "app.use(compression({ threshold: 0 }));"


@contextlib.asynccontextmanager
async def through_relay(origin: Origin, *faults: Fault, compare: bool = False) -> AsyncIterator[Address]:
    """The origin behind labkit's relay with these faults."""
    async with origin() as url, relay(url, *faults) as proxy:
        yield Address(proxy.url, url if compare else "")


@contextlib.asynccontextmanager
async def through_jupyter(origin: Origin) -> AsyncIterator[Address]:
    """The origin behind jupyter-server-proxy."""
    async with origin() as url, jupyter_proxy() as through:
        yield Address(through(url))


def relayed(
    name: str, cause: str | tuple[str, ...], origin: Origin, *faults: Fault, compare: bool = False, **options: object
) -> SetUp:
    causes = (cause,) if isinstance(cause, str) else cause
    run = partial(through_relay, origin, *faults, compare=compare)
    return SetUp(f"a relay, {name}", "a relay", causes, run, "", {**WATCH, **options})


@contextlib.asynccontextmanager
async def _through_pipe(origin: Origin, delay_s: float, compare: bool) -> AsyncIterator[Address]:
    async with origin() as direct, pipe(direct, delay_s) as way:
        yield Address(way.url + urlsplit(direct).path, direct if compare else "")


def further_away(delay_s: float, compare: bool = False) -> SetUp:
    """A healthy ticker to whose machine each byte takes so long, in both directions, the head's as well."""
    name = f"a path of {round(delay_s * 1000)} ms each way{', compared' if compare else ''}"
    return SetUp(name, "a path", (), partial(_through_pipe, TICKER, delay_s, compare), "", WATCH)


NODE = [
    broken("http-proxy-middleware, behind compression()", "compression-holds", TICKER, express(COMPRESS + PASS), remedy="Express"),
    broken("http-proxy-middleware, behind compression(), compared", "compression-holds", TICKER, express(COMPRESS + PASS),
           remedy="Express", compare=True),
    broken("http-proxy-middleware, responseInterceptor", HELD, SHORT, express(f"""
app.use(createProxyMiddleware({{ {TO}, pathFilter: '/events', selfHandleResponse: true,
  on: {{ proxyRes: responseInterceptor(async (buffer) => buffer) }} }}));"""), remedy="Express"),
    broken("http-proxy-middleware, behind express.json()", ("head-held", "wrong-status"), MODEL,
           express("app.use(express.json());" + PASS), **POST),
    # It gives up the server's connection, and leaves the reader's open: alone that looks like a silent server.
    broken("http-proxy-middleware, proxyTimeout, compared", ("held-between", "idle-timeout", "broken-off"),
           partial(answering, ticker(count=30, silence_s=4)),
           express(f"app.use(createProxyMiddleware({{ {TO}, pathFilter: '/events', proxyTimeout: 2000 }}));"),
           compare=True, seconds=10.0),
    broken("http-proxy-middleware, the origin is down", "wrong-status", nobody, express(PASS), remedy="the proxy"),
    broken("http-proxy-middleware, mounted, so that the path is cut", "wrong-status", TICKER,
           express(f"app.use('/events', createProxyMiddleware({{ {TO} }}));"), remedy="anywhere"),
    broken("Express, a page for every path", "html-page", TICKER,
           express("app.get('/{*any}', (request, response) => response.type('html').send('<!doctype html><title>My app</title>'));"),
           remedy="Express"),
    broken("webpack-dev-server, as it comes", "compression-holds", TICKER,
           webpack("proxy: [{ context: ['/events'], target: 'http://@ORIGIN@' }]"), remedy="webpack-dev-server"),
    # Who asks for text/event-stream gets a 404 of them, and who asks for a page gets the page.
    broken("webpack-dev-server, historyApiFallback, no proxy", ("html-page", "wrong-status"), TICKER, webpack("historyApiFallback: true"),
           remedy="webpack-dev-server"),
    broken("vite, no proxy for the path", ("html-page", "wrong-status"), TICKER, vite(""), remedy="vite"),
    broken("vite, the origin is down", "wrong-status", nobody, vite("proxy: { '/events': 'http://@ORIGIN@' }"), remedy="the server"),
]  # fmt: skip

RELAYS = [
    relayed("a cork", "corked", TICKER, HoldTime(0.205)),
    relayed("a cork, compared", "corked", TICKER, HoldTime(0.205), compare=True),
    relayed("lumps of 0.8 s", "held", TICKER, HoldTime(0.8)),
    relayed("lumps of 0.8 s, compared", ("held", "held-between"), TICKER, HoldTime(0.8), compare=True),
    relayed("lumps of 0.8 s, no clock, compared", ("held", "held-between"), partial(answering, progress(every_s=0.1)),
            HoldTime(0.8), compare=True),
    relayed("full buffers of 2 KB", "full-buffers", LARGE, FillBuffers(2048)),
    relayed("full buffers of 8 KB, a model compared", (*HELD, "held-between"), MODEL, HoldBytes(8192), compare=True),
    relayed("gzip that never flushes", "compression-holds", TICKER, Gzip(flush=False)),
    relayed("the head held until the first event, compared", "head-late",
            partial(answering, progress(first_s=2.0)), HoldHead(), compare=True),
    relayed("a line of 300 bytes a second", "always-late", TICKER, Throttle(300), seconds=8.0),
    relayed("an idle timer", "idle-timeout", SILENT, IdleTimeout(2.0), seconds=10.0),
    relayed("an age of 2.5 s for every connection", "total-timeout", TICKER, TotalTimeout(2.5), seconds=6.0),
    relayed("it resets after nine events", "broken-off", TICKER, First(1, Cut(events=9, how="rst"))),
    relayed("it closes inside an event", "broken-off", TICKER, First(1, Cut(bytes=500, how="fin"))),
    relayed("429", "wrong-status", TICKER, AnswerStatus((429, 429))),
    relayed("it stalls after 500 bytes, compared", ("held-between", *HELD), TICKER, Stall(500), compare=True),
    relayed("a model cut in the middle", "broken-off", MODEL, Cut(bytes=3000, how="fin")),
    relayed("a model cut in the middle, cleanly", "llm-unfinished", MODEL, Cut(bytes=3000, how="clean")),
]  # fmt: skip

JUPYTER = [
    SetUp("jupyter-server-proxy, a client that takes anything", "jupyter-server-proxy", HELD,
          partial(through_jupyter, SHORT), "", {**WATCH, "headers": {"Accept": "*/*"}}),
]  # fmt: skip

CHAINS = [
    broken("nginx behind Varnish, the inner one buffers", HELD, SHORT, nginx(), varnish()),
    broken("Caddy in front of nginx that buffers", HELD, SHORT, nginx(), caddy()),
    broken("nginx in front of Envoy with its 15 s, compared", "total-timeout", TICKER, envoy({"timeout": "2s"}),
           nginx("proxy_http_version 1.1; proxy_buffering off;"), compare=True, seconds=6.0),
    broken("nginx, HTTP/1.0 to an Envoy", "wrong-status", TICKER, envoy(), nginx("proxy_http_version 1.0;"), remedy="nginx"),
    broken("HAProxy in front of an nginx with a timer, compared", "idle-timeout", SILENT,
           nginx("proxy_read_timeout 2s; proxy_buffering off;"), haproxy(), compare=True, seconds=10.0),
    broken("nginx, the origin works for 6 s before its head", ("head-held", "head-late"), LATE, nginx("proxy_buffering off;")),
]  # fmt: skip

SET_UPS = [*NODE, *RELAYS, *JUPYTER, *CHAINS]
