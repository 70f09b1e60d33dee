"""Products that were set right in front of streams that are right: nothing above a note may be raised."""

from __future__ import annotations

from functools import partial

from hops.node import express, next_js, vite, webpack
from hops.origins import FRAMES, answering, channel, polls, progress, ticker, tokens
from hops.programs import (
    Hop,
    Origin,
    apache,
    behind,
    caddy,
    envoy,
    h2o,
    haproxy,
    lighttpd,
    nginx,
    socat,
    squid,
    varnish,
)

from labkit.faults import Delay, Gzip, Slice, Throttle
from set_ups.more_hops import COMPRESS, NO_TRANSFORM, PASS, further_away, relayed, through_jupyter
from set_ups.proxies import _GZIP, FOREVER, LARGE, MODEL, POST, TICKER, TLS, WATCH
from set_ups.set_up import SetUp

CURED = partial(answering, ticker(), (*FRAMES, ("X-Accel-Buffering", "no")))
UNTOUCHED = partial(answering, ticker(), NO_TRANSFORM)


def healthy(name: str, origin: Origin, *hops: Hop, compare: bool = False, path: str = "", **options: object) -> SetUp:
    run = partial(behind, origin, *hops, compare=compare, path=path)
    return SetUp(name, name.split(",")[0], (), run, "", {**WATCH, **options})


PRODUCTS = [
    healthy("nginx, proxy_buffering off", TICKER, nginx("proxy_buffering off;")),
    healthy("nginx, HTTP/1.1 to the origin", TICKER, nginx("proxy_http_version 1.1;")),
    healthy("nginx, the origin's X-Accel-Buffering", CURED, nginx()),
    healthy("nginx, gzip flushed, buffering off", TICKER,
            nginx("proxy_http_version 1.1; proxy_buffering off; gzip on; gzip_types *; gzip_proxied any;")),
    healthy("nginx, TLS and HTTP/2, buffering off", TICKER, nginx("proxy_buffering off;", tls=True, listen="http2"), **TLS),
    healthy("nginx, a model by POST, compared", MODEL, nginx("proxy_buffering off;"), compare=True, **POST),
    healthy("nginx, a ticker compared", TICKER, nginx("proxy_buffering off;"), compare=True),
    healthy("nginx, a cache that obeys no-cache", TICKER,
            nginx("proxy_http_version 1.1; proxy_cache c;", http="proxy_cache_path c keys_zone=c:1m;")),
    healthy("nginx, limit_rate, which an unbuffered stream does not obey", LARGE,
            nginx("proxy_buffering off; proxy_http_version 1.1; limit_rate 3k;"), seconds=8.0),
    healthy("HAProxy, option http-no-delay", TICKER, haproxy()),
    healthy("HAProxy, option http-no-delay, compared", TICKER, haproxy(), compare=True),
    healthy("HAProxy, TLS and HTTP/2", TICKER, haproxy(bind="ssl crt @CERTIFICATE@ alpn h2,http/1.1"), **TLS),
    healthy("Apache, mod_proxy as it comes", TICKER, apache()),
    healthy("Apache, mod_deflate for everything", TICKER, apache("SetOutputFilter DEFLATE")),
    healthy("Apache, mod_buffer, which lets a flush through", TICKER, apache("SetOutputFilter BUFFER")),
    healthy("Apache, compared", TICKER, apache(), compare=True),
    healthy("Caddy, reverse_proxy as it comes", TICKER, caddy()),
    healthy("Caddy, TLS", TICKER, caddy(tls=True), **TLS),
    healthy("Caddy, encode", TICKER, caddy("encode zstd gzip\n reverse_proxy @ORIGIN@")),
    healthy("Caddy, encode in front of a slow first event, as it is now", partial(answering, progress(first_s=2.0)),
            caddy("encode gzip\n reverse_proxy @ORIGIN@", versions=("2.11.7", ""))),
    healthy("Caddy, a model compared", MODEL, caddy(), compare=True, **POST),
    healthy("Varnish, no-cache from the server", TICKER, varnish()),
    healthy("Varnish, pipe", TICKER, varnish('sub vcl_recv { if (req.url ~ "^/events") { return (pipe); } }')),
    healthy("Squid, cache deny all", TICKER, squid()),
    healthy("lighttpd, stream-response-body = 2", TICKER, lighttpd("server.stream-response-body = 2")),
    healthy("lighttpd, mod_deflate, which leaves streams alone", TICKER,
            lighttpd('server.stream-response-body = 2\ndeflate.mimetypes = ("text/")\n'
                     'deflate.allowed-encodings = ("gzip")\n', ', "mod_deflate"')),
    healthy("Envoy, timeout 0s", TICKER, envoy(FOREVER)),
    healthy("Envoy, timeout 0s, compared", TICKER, envoy(FOREVER), compare=True),
    healthy("Envoy, HTTP/2 and TLS alone", TICKER, envoy(FOREVER, tls=True), **TLS),
    healthy("Envoy, the compressor", TICKER, envoy(FOREVER, filters=(_GZIP,))),
    healthy("h2o, as it comes", TICKER, h2o()),
    healthy("h2o, compress: ON", TICKER, h2o(top="compress: ON")),
    healthy("socat", TICKER, socat()),
    healthy("three hops, each set right", TICKER, nginx("proxy_buffering off;"), haproxy(), caddy()),
]  # fmt: skip

NODE = [
    healthy("http-proxy-middleware, as it comes", TICKER, express(PASS)),
    healthy("http-proxy-middleware, no-transform", UNTOUCHED, express(COMPRESS + PASS)),
    healthy("webpack-dev-server, compress: false", TICKER,
            webpack("compress: false, proxy: [{ context: ['/events'], target: 'http://@ORIGIN@' }]")),
    healthy("vite, its proxy", TICKER, vite("proxy: { '/events': 'http://@ORIGIN@' }")),
    healthy("vite, which tells the server who left", partial(channel, 60.0),
            vite("proxy: { '/events': 'http://@ORIGIN@' }"), path="/events"),
    healthy("Next.js, a route that passes a stream on with no-transform", UNTOUCHED, next_js()),
    healthy("Next.js, whose compression is flushed", TICKER, next_js()),
    healthy("Next.js, whose compression is flushed, a model compared", MODEL, next_js(), compare=True),
]  # fmt: skip

STREAMS = [
    further_away(0.2),
    further_away(0.2, compare=True),
    relayed("a path of 150 to 250 ms", (), TICKER, Delay(0.15, 0.1)),
    relayed("a slow line of 4 KB a second", (), TICKER, Throttle(4000)),
    relayed("pieces of 7 bytes", (), TICKER, Slice(7)),
    relayed("gzip that flushes, compared", (), TICKER, Gzip(), compare=True),
    relayed("a tunnel to a machine whose clock is 3 s behind", (), partial(answering, ticker(clock_s=3.0), clock_s=3.0)),
    relayed("a tunnel to a machine whose clock is 200 ms behind", (), partial(answering, ticker(clock_s=0.2), clock_s=0.2)),
    relayed("a tunnel to a machine whose clock is 2 s ahead", (), partial(answering, ticker(clock_s=-2.0), clock_s=-2.0)),
    relayed("a database asked every 2 s", (), partial(answering, polls()), seconds=10.0),
    relayed("a database asked every 2 s, in 60 ms", (), partial(answering, polls(query_s=0.06)), seconds=10.0),
    relayed("a database asked every second, in 30 ms", (), partial(answering, polls(1.0, 0.03)), seconds=8.0),
    relayed("a database asked every 2 s, compared", (), partial(answering, polls()), compare=True, seconds=10.0),
    relayed("a job without clock and ids", (), partial(answering, progress())),
    relayed("a model by POST, compared", (), MODEL, compare=True, **POST),
    relayed("a slow model", (), partial(answering, tokens(30, 0.2, 1.0)), seconds=9.0),
    SetUp("jupyter-server-proxy", "jupyter-server-proxy", (), partial(through_jupyter, TICKER), "", WATCH),
    healthy("nginx, a labkit channel", partial(channel, 0.2), nginx("proxy_buffering off;")),
    healthy("nginx, a database asked every 2 s", partial(answering, polls(2.0, 0.04)), nginx("proxy_buffering off;"), seconds=10.0),
]  # fmt: skip

SET_UPS = [*PRODUCTS, *NODE, *STREAMS]
