"""Heads as browsers read them, and the reason that an answer gives."""

from __future__ import annotations

import gzip
import json

import pytest

from labkit.doctor import Diagnosis, FurtherAnswers, judge
from labkit.recording import Arrival, Recording

EVENTS = b"retry: 2000\n\n" + b"".join(b"id: %d\ndata: tick\n\n" % number for number in range(1, 6))
PAGE = "https://my.app"


def answer(status: int = 200, body: bytes = EVENTS, origin: str = "", **headers: str) -> Diagnosis:
    plain = {"content-type": "text/event-stream", "cache-control": "no-cache", "transfer-encoding": "chunked"}
    changed = plain | {name.replace("_", "-"): value for name, value in headers.items()}
    kept = {name: value for name, value in changed.items() if value}
    recording = Recording(status, kept, (Arrival(0.1, body),) if body else (), end_s=1.0, url="https://x.example/")
    return judge(recording, FurtherAnswers(origin=origin, http2=True))


def seen(found: Diagnosis) -> str:
    return found.findings[0].evidence


@pytest.mark.parametrize("encoding", ["none", "UTF-8", "identity", "gzip, none", "compress"])
def test_an_encoding_that_no_browser_knows_is_no_illness(encoding: str) -> None:
    assert answer(content_encoding=encoding).healthy


@pytest.mark.parametrize(
    "content_type",
    ["text/event-stream, text/event-stream", "text/html, text/event-stream", "text/event-stream;charset=UTF-8;", "text/event-stream, */*"],
)  # fmt: skip
def test_several_types_open_where_the_last_one_is_right(content_type: str) -> None:
    assert answer(content_type=content_type).healthy


@pytest.mark.parametrize(
    ("cause", "content_type"),
    [
        ("wrong-charset", "text/event-stream;charset=utf8"),
        ("wrong-charset", "text/event-stream;charset=iso-8859-1, text/event-stream"),
        ("wrong-media-type", "text/event-stream, text/html"),
        ("wrong-media-type", "text/event-stream:charset=utf-8"),
    ],
)
def test_a_type_that_chromium_refuses_is_refused(cause: str, content_type: str) -> None:
    found = answer(content_type=content_type)
    assert found.first == cause and content_type in seen(found)


@pytest.mark.parametrize("content_type", ["text/html; charset=utf-8", "", "text/plain", "application/octet-stream"])
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_a_forgotten_type_is_that_and_no_page(content_type: str, coding: str) -> None:
    body = gzip.compress(EVENTS) if coding else EVENTS
    found = answer(body=body, content_type=content_type, content_encoding=coding)
    assert found.first == "wrong-media-type"
    assert "the body is an event stream, and begins with b'retry: 2000'" in seen(found)


def test_a_page_is_named_with_its_title() -> None:
    page = b"<!DOCTYPE html>\n<html><head><title>Log in &amp; go</title></head></html>"
    found = answer(body=page, content_type="text/html")
    assert found.first == "html-page" and "it says 'Log in & go'" in seen(found)
    assert answer(body=b"\n<html>", content_type="").first == "html-page"
    assert answer(body=b"", content_type="text/html").first == "html-page"
    assert answer(body=b"tick 1\ntick 2\n", content_type="text/html").first == "wrong-media-type"


def as_json(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (as_json({"error": {"message": "no such key", "type": "auth"}}), "no such key"),
        (as_json({"detail": "Not authenticated"}), "Not authenticated"),
        (as_json({"detail": [{"loc": ["query", "q"], "msg": "field required"}]}), "field required"),
        (
            as_json({"title": "Forbidden", "detail": "the plan has no streams", "status": 403}),
            "the plan has no streams",
        ),
        (as_json([{"error": "busy"}]), "busy"),
        (as_json({"code": 7}), '{"code": 7}'),
        (b"<html><head><title></title></head><body><h1>502 <i>Bad</i> Gateway</h1>", "502 Bad Gateway"),
        (b"<html><head><title>Error</title></head><body><pre>Cannot GET /a</pre></body>", "Cannot GET /a"),
        (b"<html><head><title>Error</title></head>", "Error"),
        (b"upstream connect error\nor disconnect", "upstream connect error or disconnect"),
        (b"x" * 500, "x" * 117 + "..."),
        (b"{" * 9000, "{" * 117 + "..."),
    ],
    ids=range(12),
)
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_the_reason_that_the_body_gives_is_shown(body: bytes, said: str, coding: str) -> None:
    found = answer(403, gzip.compress(body) if coding else body, content_type="", content_encoding=coding)
    assert found.first == "wrong-status" and seen(found) == f"status 403; the body says {said!a}"


def test_what_the_head_says_about_the_status_is_shown() -> None:
    assert (
        seen(answer(401, b"", www_authenticate='Bearer realm="a"')) == 'status 401; WWW-Authenticate: Bearer realm="a"'
    )
    assert seen(answer(405, b"", allow="POST")) == "status 405; Allow: POST"
    assert seen(answer(503, b"", retry_after="7")) == "status 503; Retry-After: 7"
    assert seen(answer(401, b"\xff", content_encoding="dcb")) == "status 401"  # a body that nobody can read


def test_an_answer_that_has_expired_is_in_no_cache() -> None:
    assert answer(cache_control="", expires="0").healthy
    assert answer(cache_control="", expires="Thu, 01 Jan 2099 00:00:00 GMT").first == "cacheable"


def test_each_piece_a_gzip_text_of_its_own() -> None:
    pieces = b"".join(gzip.compress(b"id: %d\ndata: tick\n\n" % number) for number in range(5))
    found = answer(body=pieces, content_encoding="gzip")
    assert found.first == "gzip-members" and "with 1 event, and another one follows" in seen(found)
    assert answer(body=gzip.compress(EVENTS), content_encoding="gzip").healthy


def test_a_compressed_body_whose_head_does_not_say_so() -> None:
    found = answer(body=gzip.compress(EVENTS))
    assert found.first == "unreadable-encoding" and "no Content-Encoding says so" in seen(found)


def test_a_star_and_credentials_exclude_each_other() -> None:
    star = {"access_control_allow_origin": "*"}
    assert answer(origin=PAGE, **star).healthy
    assert answer(origin=PAGE, access_control_allow_credentials="true", **star).first == "cors-credentials"
    assert answer(origin="https://x.example", access_control_allow_credentials="true", **star).healthy
    named = answer(origin=PAGE, access_control_allow_origin=PAGE, access_control_allow_credentials="true")
    assert named.healthy
    assert answer(origin=PAGE, access_control_allow_origin=f"{PAGE}, {PAGE}").first == "cors-refused"
