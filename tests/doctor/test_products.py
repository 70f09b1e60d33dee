"""Whose line is offered first, by the heads and bodies that products really send; and that no cause depends on it."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from labkit.doctor import FurtherAnswers, PortAnswer, causes, judge
from labkit.doctor.products import fitting_remedies, known_products, products_of
from labkit.recording import Arrival, Recording


def answer(headers: dict[str, str], body: bytes = b"", status: int = 200, url: str = "http://x/") -> Recording:
    return Recording(status, headers, (Arrival(0.1, body),) if body else (), url=url, end_s=1.0)


def first_line(cause: str, recording: Recording) -> tuple[str, str]:
    remedy = fitting_remedies(causes()[cause].remedies, products_of(recording), recording.status)[0]
    return remedy.where, remedy.line


#: (head, cause, the product whose line comes first, words of that line)
HEADS = [
    ({"server": "nginx/1.22.1"}, "held-to-the-end", "nginx", "proxy_buffering off"),
    ({"server": "nginx/1.22.1"}, "idle-timeout", "nginx", "proxy_read_timeout"),
    ({"server": "openresty"}, "compression-holds", "nginx", "gzip off"),
    ({"server": "Apache/2.4.66 (Debian)"}, "held-to-the-end", "Apache", "flushpackets=on"),
    ({"server": "Apache/2.4.66 (Debian)"}, "compression-holds", "Apache", "no-gzip"),
    ({"server": "Apache/2.4.66 (Debian)"}, "idle-timeout", "Apache", "timeout=3600"),
    ({"server": "Caddy", "via": "1.0 Caddy"}, "compression-holds", "Caddy", "encode @text"),
    ({"server": "Caddy"}, "total-timeout", "Caddy", "write 0"),
    ({"via": "1.1 varnish (Varnish/7.1)", "x-varnish": "32770"}, "held", "Varnish", "return (pass)"),
    ({"via": "1.1 varnish (Varnish/7.1)"}, "replayed", "Varnish", "return (pass)"),
    ({"via": "1.1 varnish (Varnish/7.1)"}, "compression-holds", "Varnish", "do_gzip = false"),
    ({"via": "1.1 varnish (Varnish/7.1)"}, "idle-timeout", "Varnish", "between_bytes_timeout"),
    ({"server": "envoy", "x-envoy-upstream-service-time": "1"}, "total-timeout", "Envoy", "timeout: 0s"),
    ({"server": "envoy"}, "idle-timeout", "Envoy", "stream_idle_timeout"),
    ({"server": "istio-envoy"}, "total-timeout", "Istio", "VirtualService"),
    ({"via": "1.1 host (squid/5.7)"}, "replayed", "Squid", "cache deny"),
    ({"server": "cloudflare", "cf-ray": "8f0-FRA"}, "idle-timeout", "Cloudflare", "120 s"),
    ({"server": "cloudflare", "cf-ray": "8f0-FRA"}, "compression-holds", "Cloudflare", "no-transform"),
    ({"via": "1.1 abc.cloudfront.net (CloudFront)"}, "idle-timeout", "CloudFront", "response timeout, 30 s"),
    ({"via": "1.1 google"}, "total-timeout", "Google Cloud", "--timeout=3600"),
    ({"server": "Google Frontend"}, "total-timeout", "Google Cloud Run", "300 s"),
    ({"via": "1.1 vegur", "server": "Cowboy"}, "idle-timeout", "Heroku", "55 s"),
    ({"x-amz-apigw-id": "a", "x-amzn-requestid": "b"}, "held-to-the-end", "AWS API Gateway", "STREAM"),
    ({"x-amzn-requestid": "b"}, "held-to-the-end", "AWS Lambda", "RESPONSE_STREAM"),
    ({"set-cookie": "AWSALB=x"}, "idle-timeout", "AWS ALB", "4000  # 60 s"),
    ({"server": "Microsoft-Azure-Application-Gateway/v2"}, "held-to-the-end", "Azure", "enableResponseBuffering"),
    ({"server": "Microsoft-IIS/10.0", "x-powered-by": "ASP.NET"}, "compression-holds", "IIS", "doDynamicCompression"),
    ({"x-powered-by": "Express"}, "compression-holds", "Express", "response.flush()"),
    ({"x-powered-by": "Express"}, "printed-object", "JavaScript", "JSON.stringify"),
    ({"x-powered-by": "Express"}, "resume-ignored", "Express", "request.get('Last-Event-ID')"),
    ({"x-powered-by": "Next.js"}, "compression-holds", "Next.js", "compress: false"),
    ({"x-powered-by": "PHP/8.2.28"}, "held-to-the-end", "PHP", "ob_end_flush"),
    ({"x-powered-by": "PHP/8.2.28"}, "wrong-media-type", "PHP", "header('Content-Type: text/event-stream')"),
    ({"server": "gunicorn"}, "total-timeout", "gunicorn", "gthread"),
    ({"server": "gunicorn"}, "printed-object", "Python", "json.dumps"),
    ({"server": "gunicorn", "referrer-policy": "same-origin"}, "html-escaped", "Django", "json.dumps"),
    ({"server": "uvicorn"}, "double-data", "FastAPI", "fastapi.sse"),
    ({"server": "uvicorn", "cache-control": "no-store"}, "double-data", "sse-starlette", "yield"),
    ({"keep-alive": "timeout=5"}, "gzip-members", "Node.js", "Z_SYNC_FLUSH"),
    ({"x-powered-by": "PHP/8.2.28"}, "backslash-n", "PHP", "double quotes"),
    ({"server": "gunicorn", "referrer-policy": "same-origin"}, "held-to-the-end", "Django", "a plain generator"),
    ({"server": "gunicorn"}, "held-to-the-end", "Flask", "stream_with_context"),
    ({"server": "uvicorn", "referrer-policy": "same-origin"}, "gzip-members", "Django", "identity"),
    ({"server": "Werkzeug/3.1.3 Python/3.11.7"}, "held-to-the-end", "Flask", "stream_with_context"),
    ({"server": "WSGIServer/0.2 CPython/3.11.7"}, "held-to-the-end", "Django", "under WSGI a plain generator"),
    ({"server": "daphne"}, "compression-holds", "Django", "GZipMiddleware"),
    ({"server": "uvicorn"}, "wrong-media-type", "FastAPI", "EventSourceResponse"),
    ({"server": "Python/3.11 aiohttp/3.13.2"}, "resume-ignored", "aiohttp", "Last-Event-ID"),
    ({"server": "TornadoServer/6.6.1"}, "held-to-the-end", "tornado", "flush()"),
    ({"server": "Kestrel"}, "wrong-media-type", "ASP.NET Core", "ServerSentEvents"),
    ({"server": "lighttpd/1.4.69"}, "held-to-the-end", "lighttpd", "stream-response-body"),
    # of two products on the way the one at the edge comes first, if it has a line
    ({"server": "nginx", "x-powered-by": "PHP/8.2"}, "full-buffers", "nginx", "proxy_buffering off"),
    ({"server": "nginx", "x-powered-by": "PHP/8.2"}, "printed-object", "PHP", "json_encode"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "cause", "where", "words"), HEADS, ids=[f"{next(iter(r[0].values()))}: {r[1]}" for r in HEADS]
)
def test_the_line_for_the_product_that_is_there_comes_first(
    head: dict[str, str], cause: str, where: str, words: str
) -> None:
    found, line = first_line(cause, answer(head))
    assert found == where and words in line, (found, line)


BODIES = [
    (b"<html><head><title>502</title></head><body><center>nginx/1.22.1</center></body>", 502, "nginx"),
    (b"<address>Apache/2.4.66 (Debian) Server at x Port 80</address>", 404, "Apache"),
    (b"upstream connect error or disconnect/reset before headers. reset reason: connection", 503, "Envoy"),
    (b"<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n", 503, "HAProxy"),
    (b"<p>Guru Meditation:</p><p>XID: 2</p><hr><p>Varnish cache server</p>", 503, "Varnish"),
    (b'{"message":"Missing Authentication Token"}', 403, "AWS API Gateway"),
    (b"error code: 524", 524, "Cloudflare"),
    (b'{"detail":"Not Found"}', 404, "FastAPI"),
    (b"<!doctype html>\n<html lang=en>\n<title>405 Method Not Allowed</title>", 405, "Flask"),
    (b"<html><body><pre>Cannot GET /events</pre></body></html>", 404, "Express"),
    (b"<b>Fatal error</b>: Uncaught Error", 200, "PHP"),
    (b'{"timestamp":"2026-01-01","status":404,"error":"Not Found","path":"/events"}', 404, "Spring"),
    (b'data: a\r\n\r\n: ping - 2026-01-01 12:00:00+00:00\r\n\r\n', 200, "sse-starlette"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "status", "product"), BODIES, ids=[row[2] for row in BODIES])
def test_the_look_of_the_body_gives_a_product_away(body: bytes, status: int, product: str) -> None:
    assert product in products_of(answer({}, body, status))


def test_a_host_names_its_cloud() -> None:
    assert "AWS NLB" in products_of(answer({}, url="https://a.elb.eu-central-1.amazonaws.com/events"))
    assert "Heroku" in products_of(answer({}, url="https://app.herokuapp.com/events"))
    assert products_of(answer({}, b"data: a\n\n")) == ()


@pytest.mark.parametrize(
    ("status", "words"),
    [(401, "--header"), (403, "--header"), (405, "--post"), (406, "Accept"), (422, "--post"), (404, "path"),
     (429, "Retry-After"), (502, "behind it"), (503, "behind it"), (204, "204 ends"), (500, "log"), (418, "answer 200")],
)  # fmt: skip
def test_each_status_has_its_own_line(status: int, words: str) -> None:
    shown = fitting_remedies(causes()["wrong-status"].remedies, (), status)
    assert words in shown[0].line
    assert all(not remedy.statuses or status in remedy.statuses for remedy in shown)
    assert shown[-1].statuses == ()


def test_a_gateways_own_log_is_named_first() -> None:
    body = b"upstream connect error or disconnect/reset before headers"
    assert first_line("wrong-status", answer({"server": "envoy"}, body, 503))[0] == "Envoy"
    assert first_line("wrong-status", answer({"server": "nginx"}, b"", 502))[0] == "nginx"


def test_without_a_hint_the_order_is_that_of_the_file() -> None:
    for cause in causes().values():
        by_status = sorted(cause.remedies, key=lambda remedy: not remedy.statuses)
        assert fitting_remedies(cause.remedies) == tuple(by_status)


def test_a_product_is_no_cause() -> None:
    events = b"".join(b"id: %d\ndata: a\n\n" % n for n in range(9))
    head = {"content-type": "text/event-stream", "cache-control": "no-cache", "transfer-encoding": "chunked"}
    plain = answer(head, events)
    for named, _, _, _ in HEADS:
        assert judge(replace(plain, headers=head | named)).findings == judge(plain).findings


def test_every_remedy_has_a_source_and_every_product_a_remedy() -> None:
    remedies = [remedy for cause in causes().values() for remedy in cause.remedies]
    assert all(re.match(r"https://[\w.-]+/", remedy.source) and remedy.line.strip() for remedy in remedies)
    for cause in causes().values():
        assert len(set(cause.remedies)) == len(cause.remedies), cause.name
    words = {remedy.where for remedy in remedies}
    for product in known_products():
        assert words & set(product.where), product.where


@pytest.mark.parametrize(
    ("data", "where"),
    [("[object Object]", "JavaScript"), ("n=1 name='a'", "pydantic"), ("map[n:1]", "Go"), ("Array", "PHP"),
     ("com.acme.Tick@1b2c3d", "Java"), ("#<Tick:0x000123>", "Rails")],
)  # fmt: skip
def test_a_printed_object_says_itself_whose_line_is_first(data: str, where: str) -> None:
    head = {"content-type": "text/event-stream", "cache-control": "no-cache", "server": "uvicorn"}
    found = judge(answer(head, f"data: {data}\n\n".encode() * 3)).findings[0]
    assert (found.name, found.remedies[0].where) == ("printed-object", where)


def test_no_line_of_another_language_is_meant_where_a_header_is_shared() -> None:
    assert "sse-starlette" not in products_of(answer({"cache-control": "no-store", "x-powered-by": "Express"}))
    assert "Node.js" not in products_of(answer({"keep-alive": "timeout=5, max=100", "server": "Apache"}))


@pytest.mark.parametrize(
    ("further", "name", "where"),
    [
        (FurtherAnswers(port=PortAnswer("404 within 3 ms", True, headers={"server": "uvicorn"})), "head-held", "FastAPI"),
        (FurtherAnswers(port=PortAnswer("404 within 3 ms", True, headers={"server": "TornadoServer/6.5"})), "head-held", "tornado"),
        (FurtherAnswers(port=PortAnswer(after_leaving="404 within 1 ms", headers={"server": "gunicorn"})), "worker-busy", "gunicorn"),
        (FurtherAnswers(port=PortAnswer("404 within 3 ms", True), uncompressed=answer({"x-powered-by": "Express"})), "compression-holds", "Express"),
    ],
)  # fmt: skip
def test_where_no_head_came_another_answer_says_whose_line_is_first(
    further: FurtherAnswers, name: str, where: str
) -> None:
    found = judge(Recording(0, {}, url="http://127.0.0.1/events", end_s=10.0), further).findings[0]
    assert (found.name, found.remedies[0].where) == (name, where)
