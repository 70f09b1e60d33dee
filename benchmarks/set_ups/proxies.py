"""Real products as hops in front of real streams: broken as people break them."""

from __future__ import annotations

from functools import partial

from hops.origins import CACHEABLE, answering, channel, deaf, nobody, progress, ticker, tokens
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

from set_ups.set_up import SetUp

WATCH = {"seconds": 5.0}
POST: dict[str, object] = {
    "content": b'{"messages": [], "stream": true}',
    "headers": {"Content-Type": "application/json"},
}
TLS = {"verify": False}
TICKER = partial(answering, ticker())
SHORT = partial(answering, ticker(count=30))
LARGE = partial(answering, ticker(pad=1000))
CLOCKLESS = partial(answering, progress())
MODEL = partial(answering, tokens())
SILENT = partial(answering, ticker(count=30, silence_s=20))
LATE = partial(answering, progress(), first_s=6.0)
FILE = partial(answering, ticker(count=30), CACHEABLE)
HELD = ("head-held", "held-to-the-end", "full-buffers")


def broken(
    name: str,
    cause: str | tuple[str, ...],
    origin: Origin,
    *hops: Hop,
    remedy: str = "",
    compare: bool = False,
    path: str = "",
    **options: object,
) -> SetUp:
    causes = (cause,) if isinstance(cause, str) else cause
    return SetUp(name, name.split(",")[0], causes, partial(behind, origin, *hops, compare=compare, path=path), remedy,
                 {**WATCH, **options})  # fmt: skip


NGINX = [
    broken("nginx, as it comes, a short ticker", "held-to-the-end", SHORT, nginx(), remedy="nginx"),
    broken("nginx, as it comes, an endless ticker", HELD, TICKER, nginx(), remedy="nginx"),
    broken("nginx, as it comes, events of 1 KB", "full-buffers", LARGE, nginx(), remedy="nginx"),
    broken("nginx, as it comes, a model by POST", HELD, MODEL, nginx(), remedy="nginx", **POST),
    broken("nginx, as it comes, a model compared", (*HELD, "held-between"), MODEL, nginx(), remedy="nginx", compare=True),
    broken("nginx, gzip for event streams", "compression-holds", TICKER,
           nginx("proxy_http_version 1.1; gzip on; gzip_types text/event-stream; gzip_proxied any;"), remedy="nginx"),
    broken("nginx, gzip for event streams, jobs", "compression-holds", partial(answering, progress(count=12)),
           nginx("proxy_http_version 1.1; gzip on; gzip_types *; gzip_proxied any;"), remedy="nginx"),
    broken("nginx, TLS, HTTP/1.1 to the origin", ("full-buffers", "head-held", "held-to-the-end"), LARGE,
           nginx("proxy_http_version 1.1;", tls=True), remedy="nginx", **TLS),
    broken("nginx, proxy_read_timeout shorter than a silence", "idle-timeout", SILENT,
           nginx("proxy_read_timeout 2s; proxy_buffering off;"), remedy="nginx", seconds=10.0),
    broken("nginx, proxy_read_timeout, compared", "idle-timeout", SILENT,
           nginx("proxy_read_timeout 2s; proxy_buffering off;"), remedy="nginx", compare=True, seconds=10.0),
    broken("nginx, a cache in front of a stream without Cache-Control", "replayed", FILE,
           nginx("proxy_http_version 1.1; proxy_cache c; proxy_cache_valid 1m;", http="proxy_cache_path c keys_zone=c:1m;"),
           remedy="nginx"),
    # A server that plays its history to whoever comes would look the same.
    broken("nginx, a cache that ignores Cache-Control", ("replayed", "resume-ignored"), SHORT,
           nginx("proxy_http_version 1.1; proxy_cache c; proxy_cache_valid 1m; proxy_ignore_headers Cache-Control Expires;",
                 http="proxy_cache_path c keys_zone=c:1m;"), remedy="nginx"),
    broken("nginx, sub_filter over everything", HELD, SHORT,
           nginx("sub_filter_types *; sub_filter_once off; sub_filter http:// https://; proxy_set_header Accept-Encoding '';"),
           remedy="nginx"),
    broken("nginx, auth_basic", "wrong-status", TICKER,
           nginx("auth_basic inside; auth_basic_user_file @FOLDER@/passwords;"), remedy="here"),
    broken("nginx, error_page with status 200, the origin is down", "html-page", nobody,
           nginx("error_page 502 504 =200 /sorry.html;"), remedy="nginx"),
    broken("nginx, the origin is down", "wrong-status", nobody, nginx(), remedy="nginx"),
    broken("nginx, the origin never answers", "wrong-status", deaf, nginx("proxy_read_timeout 2s;"), remedy="nginx"),
    broken("nginx, two of them, the header eaten on the way", HELD,
           partial(answering, ticker(count=30), (*CACHEABLE, ("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no"))),
           nginx(), nginx(), remedy="nginx"),
    broken("nginx, try_files takes every path", "html-page", TICKER,
           nginx("try_files $uri /index.html;", passes=False), remedy="nginx"),
    broken("nginx, proxy_pass with a path behind the name", "wrong-status", TICKER,
           nginx("proxy_pass http://@ORIGIN@/;", passes=False), remedy="anywhere"),
    broken("nginx, a recorded stream as a file", "wrong-media-type", TICKER,
           nginx("try_files /stream.txt =404;", passes=False), remedy="nginx"),
    broken("nginx, limit_req lets nobody come back", "resume-refused", TICKER,
           nginx("proxy_buffering off; proxy_http_version 1.1; limit_req zone=z;", http="limit_req_zone $binary_remote_addr zone=z:1m rate=1r/m;")),
    broken("nginx, a Content-Type added by hand", "wrong-media-type", TICKER,
           nginx("proxy_buffering off; proxy_hide_header Content-Type; add_header Content-Type application/json;")),
    broken("nginx, two of them, the inner one compresses and the outer one hides that", "unreadable-encoding", TICKER,
           nginx("proxy_buffering off; gzip on; gzip_types text/event-stream; gzip_proxied any;"),
           nginx("proxy_http_version 1.1; proxy_buffering off; proxy_hide_header Content-Encoding;"), remedy="anywhere"),
    broken("nginx, a redirect to a login page", "html-page", TICKER,
           nginx("return 302 /login;", server="location /login { default_type text/html; return 200 '<!doctype html><title>Log in</title>'; }"),
           remedy="anywhere"),
    broken("nginx, proxy_ignore_client_abort", "leaving-unnoticed", partial(channel, 60.0),
           nginx("proxy_ignore_client_abort on; proxy_buffering off;"), remedy="nginx"),
    broken("nginx, request headers are not passed on", "resume-ignored", TICKER,
           nginx("proxy_buffering off; proxy_http_version 1.1; proxy_pass_request_headers off;")),
    broken("nginx, only GET is let through", "wrong-status", MODEL, nginx("limit_except GET { deny all; }"), **POST),
    broken("nginx, client_max_body_size", "wrong-status", MODEL, nginx("client_max_body_size 8;"), **POST),
    broken("nginx, the head waits for the first event", ("head-late",), partial(answering, progress(first_s=3.0)),
           nginx("proxy_http_version 1.1;"), remedy="nginx", compare=True),
]  # fmt: skip

HAPROXY = [
    broken("HAProxy, as it comes", "corked", TICKER, haproxy(""), remedy="HAProxy"),
    broken("HAProxy, as it comes, compared", "corked", TICKER, haproxy(""), remedy="HAProxy", compare=True),
    broken("HAProxy, as it comes, a model compared", ("corked", "held-between", "held"), MODEL, haproxy(""), compare=True),
    broken("HAProxy, timeout server", "idle-timeout", SILENT,
           haproxy("option http-no-delay\n  timeout server 2s"), seconds=10.0),
    broken("HAProxy, compression", "compression-holds", TICKER,
           haproxy("option http-no-delay\n  compression algo gzip\n  compression type text/event-stream text/html")),
    broken("HAProxy, no server behind it", "wrong-status", nobody, haproxy(), remedy="the proxy"),
    broken("HAProxy, 504", "wrong-status", deaf, haproxy("timeout server 2s"), remedy="the proxy"),
    broken("HAProxy, too many requests", "resume-refused", TICKER,
           haproxy(frontend="stick-table type ip size 1k expire 1m store http_req_rate(1m)\n  http-request track-sc0 src\n"
                            "  http-request deny deny_status 429 if { sc_http_req_rate(0) gt 1 }")),
    broken("HAProxy, it waits for the whole body", (*HELD, "held-between"), SHORT,
           haproxy(frontend="http-response wait-for-body time 20s"), compare=True),
    broken("HAProxy, a header takes Last-Event-ID away", "resume-ignored", TICKER,
           haproxy(frontend="http-request del-header Last-Event-ID")),
]  # fmt: skip

APACHE = [
    broken("Apache, ProxyTimeout", ("idle-timeout", "broken-off"), SILENT, apache("ProxyTimeout 2"), remedy="Apache", seconds=10.0),
    broken("Apache, the origin is down", "wrong-status", nobody, apache(), remedy="Apache"),
    broken("Apache, the origin never answers", "wrong-status", deaf, apache("ProxyTimeout 2"), remedy="Apache"),
    # A cache that obeys the no-cache of browsers, and of the doctor, plays nothing again: the missing header is told.
    broken("Apache, a disk cache", ("replayed", "cacheable"),
           partial(answering, ticker(count=30), (*CACHEABLE, ("Cache-Control", "max-age=60"))),
           apache("CacheRoot @FOLDER@\nCacheEnable disk /"), remedy="Apache"),
    broken("Apache, FallbackResource", "html-page", TICKER, apache("FallbackResource /index.html", passing=""), remedy="Apache"),
    broken("Apache, a charset set by hand", "wrong-charset", TICKER,
           apache('Header set Content-Type "text/event-stream; charset=iso-8859-1"')),
    broken("Apache, mod_ratelimit", ("always-late", "held", "full-buffers"), LARGE,
           apache("SetOutputFilter RATE_LIMIT\nSetEnv rate-limit 2"), seconds=8.0),
    broken("Apache, a CGI script that does not flush", "held-to-the-end", TICKER,
           apache("AddHandler cgi-script .cgi\nScriptAlias /events @FOLDER@/events.cgi", passing=""), compare=False),
    broken("Apache, mod_ext_filter through sed", HELD, SHORT,
           apache('ExtFilterDefine fix mode=output cmd="/bin/sed s/http:/https:/"\nSetOutputFilter fix'), remedy="Apache"),
    broken("Apache, downgrade-1.0", "close-delimited", TICKER, apache("SetEnv downgrade-1.0 1\nSetEnv force-response-1.0 1"), remedy="Apache"),
    broken("Apache, Require valid-user", "wrong-status", TICKER,
           apache('<Location "/events">\nAuthType Basic\nAuthName in\nAuthUserFile @FOLDER@/passwords\nRequire valid-user\n</Location>'),
           remedy="here"),
    broken("Apache, a rewrite to the login page", "html-page", TICKER,
           apache("RewriteEngine on\nRewriteRule ^/events /index.html [R=302,L]", passing=""), remedy="Apache"),
    broken("Apache, mod_headers takes Last-Event-ID away", "resume-ignored", TICKER, apache("RequestHeader unset Last-Event-ID early")),
]  # fmt: skip

CADDY = [
    broken("Caddy, write timeout", "total-timeout", TICKER,
           caddy(options="servers {\n timeouts {\n write 2s\n }\n }"), remedy="Caddy"),
    broken("Caddy, try_files takes every path", "html-page", TICKER,
           caddy("root * @FOLDER@\n try_files {path} /index.html\n file_server"), remedy="Caddy"),
    broken("Caddy, the origin is down", "wrong-status", nobody, caddy(), remedy="the proxy"),
    broken("Caddy, response_header_timeout", "wrong-status", LATE,
           caddy("reverse_proxy @ORIGIN@ {\n transport http {\n response_header_timeout 1s\n }\n }"), remedy="the proxy"),
    broken("Caddy, buffer_responses", HELD, SHORT,
           caddy("reverse_proxy @ORIGIN@ {\n buffer_responses\n }", versions=("", "2.7")), remedy="Caddy"),
    broken("Caddy, response_buffers", HELD, SHORT,
           caddy("reverse_proxy @ORIGIN@ {\n response_buffers 1MiB\n }", versions=("2.7", "")), remedy="Caddy"),
    broken("Caddy, encode in front of a slow first event", "head-late", partial(answering, progress(first_s=2.0)),
           caddy("encode gzip\n reverse_proxy @ORIGIN@", versions=("", "2.11")), remedy="Caddy"),
    broken("Caddy, basicauth", "wrong-status", TICKER,
           caddy("basicauth {\n ann JDJhJDE0JEFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n }\n reverse_proxy @ORIGIN@"), remedy="here"),
    broken("Caddy, a header that unsets the type", "wrong-media-type", TICKER,
           caddy("header Content-Type text/plain\n reverse_proxy @ORIGIN@ {\n header_down -Content-Type\n }")),
]  # fmt: skip

VARNISH = [
    broken("Varnish, a stream without Cache-Control", "replayed", FILE, varnish(), remedy="Varnish"),
    broken("Varnish, do_stream is off", HELD, SHORT,
           varnish("sub vcl_backend_response { set beresp.do_stream = false; }"), remedy="Varnish"),
    broken("Varnish, do_stream is off, compared", (*HELD, "held-between"), TICKER,
           varnish("sub vcl_backend_response { set beresp.do_stream = false; }"), remedy="Varnish", compare=True),
    broken("Varnish, do_gzip", "compression-holds", TICKER,
           varnish("sub vcl_backend_response { set beresp.do_gzip = true; set beresp.uncacheable = true; }"), remedy="Varnish"),
    broken("Varnish, between_bytes_timeout", ("idle-timeout", "broken-off"), SILENT,
           varnish(backend=".between_bytes_timeout = 2s;"), remedy="Varnish", seconds=10.0),
    broken("Varnish, first_byte_timeout", "wrong-status", LATE, varnish(backend=".first_byte_timeout = 2s;"), remedy="Varnish"),
    broken("Varnish, the origin is down", "wrong-status", nobody, varnish(), remedy="Varnish"),
    broken("Varnish, a TTL whatever the server says", "replayed", SHORT,
           varnish("sub vcl_backend_response { set beresp.ttl = 1m; set beresp.uncacheable = false; return (deliver); }"),
           remedy="Varnish"),
    broken("Varnish, synth 403", "wrong-status", TICKER, varnish("sub vcl_recv { return (synth(403)); }"), remedy="here"),
]  # fmt: skip

SQUID = [
    broken("Squid, a cache and max-age", ("replayed", "cacheable"),
           partial(answering, ticker(count=30), (*CACHEABLE, ("Cache-Control", "max-age=60"))), squid(""), remedy="Squid"),
    broken("Squid, read_timeout", ("idle-timeout", "broken-off"), SILENT, squid("cache deny all\nread_timeout 2 seconds"),
           remedy="Squid", seconds=10.0),
    broken("Squid, the origin is down", "wrong-status", nobody, squid(), remedy="the proxy"),
    broken("Squid, access denied", "wrong-status", TICKER, squid("cache deny all\nadapted_http_access deny all"), remedy="here"),
]  # fmt: skip

LIGHTTPD = [
    broken("lighttpd, as it comes, a short ticker", HELD, SHORT, lighttpd(), remedy="lighttpd"),
    broken("lighttpd, as it comes, compared", (*HELD, "held-between"), TICKER, lighttpd(), remedy="lighttpd", compare=True),
    broken("lighttpd, the origin is down", "wrong-status", nobody, lighttpd(), remedy="the proxy"),
]  # fmt: skip

_FILTERS = "type.googleapis.com/envoy.extensions.filters.http"
_LUA = {"name": "lua", "typed_config": {"@type": f"{_FILTERS}.lua.v3.Lua", "default_source_code": {"inline_string":
        "function envoy_on_response(h) h:headers():add('x-size', h:body():length()) end"}}}  # fmt: skip
_LIMIT = {"name": "limit", "typed_config": {
    "@type": f"{_FILTERS}.local_ratelimit.v3.LocalRateLimit", "stat_prefix": "l",
    "token_bucket": {"max_tokens": 1, "tokens_per_fill": 1, "fill_interval": "60s"},
    "filter_enabled": {"default_value": {"numerator": 100}}, "filter_enforced": {"default_value": {"numerator": 100}},
}}  # fmt: skip
_GZIP = {"name": "gzip", "typed_config": {
    "@type": f"{_FILTERS}.compressor.v3.Compressor",
    "response_direction_config": {"common_config": {"content_type": ["text/event-stream"], "min_content_length": 30}},
    "compressor_library": {"name": "gzip", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip"}},
}}  # fmt: skip
FOREVER = {"timeout": "0s"}

ENVOY = [
    broken("Envoy, as it comes, 15 s", "total-timeout", TICKER, envoy(), remedy="Envoy", seconds=20.0),
    broken("Envoy, a route timeout of 3 s", "total-timeout", TICKER, envoy({"timeout": "3s"}), remedy="Envoy", seconds=8.0),
    broken("Envoy, a route timeout, compared", "total-timeout", TICKER, envoy({"timeout": "3s"}), remedy="Envoy", seconds=8.0, compare=True),
    broken("Envoy, stream_idle_timeout", "idle-timeout", SILENT, envoy(FOREVER, {"stream_idle_timeout": "2s"}), remedy="Envoy", seconds=10.0),
    broken("Envoy, max_stream_duration", "total-timeout", TICKER,
           envoy(FOREVER, {"common_http_protocol_options": {"max_stream_duration": "2.5s"}}), remedy="Envoy", seconds=6.0),
    broken("Envoy, Lua reads the whole body", HELD, SHORT, envoy(FOREVER, filters=(_LUA,)), remedy="Envoy"),
    broken("Envoy, the origin is down", "wrong-status", nobody, envoy(), remedy="Envoy"),
    broken("Envoy, the head comes too late", "wrong-status", LATE, envoy({"timeout": "2s"}), remedy="Envoy"),
    broken("Envoy, a local rate limit", "resume-refused", TICKER, envoy(FOREVER, filters=(_LIMIT,))),
]  # fmt: skip

H2O = [
    broken("h2o, proxy.timeout.io", ("idle-timeout", "broken-off"), SILENT, h2o("        proxy.timeout.io: 2000"), seconds=10.0),
    broken("h2o, the origin is down", "wrong-status", nobody, h2o(), remedy="the proxy"),
    broken("h2o, the origin never answers", "wrong-status", deaf, h2o("        proxy.timeout.io: 2000"), remedy="the proxy"),
]  # fmt: skip

OTHERS = [
    broken("socat, an idle timer", "idle-timeout", SILENT, socat("-T", "2"), seconds=10.0),
    broken("socat, the server behind it is down", ("not examined", "broken-off"), nobody, socat()),
]

SET_UPS = [*NGINX, *HAPROXY, *APACHE, *CADDY, *VARNISH, *SQUID, *LIGHTTPD, *ENVOY, *H2O, *OTHERS]
