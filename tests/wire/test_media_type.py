"""Content-Type as browsers read it. Each verdict on opening was given by Chromium 156, but for the two that say so."""

from __future__ import annotations

import pytest

from labkit.wire.media_type import MediaType, extract_media_type
from labkit.wire.session import opens_stream

OPENS = [
    "text/event-stream",
    "text/event-stream, text/event-stream",
    "text/html, text/event-stream",
    "text/event-stream, */*",
    "text/event-stream, nonsense",
    "nonsense, text/event-stream",
    'text/event-stream;charset="utf-8"',
    "text/event-stream; charset=UTF-8; x=y",
    "text/event-stream;charset=iso-8859-1, text/event-stream;charset=utf-8",
    "text/event-stream;",
    "TEXT/Event-Stream",
    "text/event-stream, charset=utf-8",
    " text/event-stream ",
    "text/event-stream;charset=",
    "text/event-stream; charset = utf-8",
    'text/event-stream;a="x, text/html"',
    'text/event-stream;a="x\\", text/html"',
    "text/event-stream; charset:utf-8",
]
REFUSED = [
    "text/event-stream, text/html",
    "text/event-stream:charset=utf-8",
    "text /event-stream",
    "",
    '"text/event-stream"',
    "text/event-streams",
    "event-stream",
    "text/event-stream charset=utf-8",  # by the standard; Chromium opens it
]
#: The charset that Chromium sees, and refuses if it is not UTF-8.
CHARSETS = {
    "text/event-stream;charset=utf8": "utf8",
    "text/event-stream;charset='utf-8'": "'utf-8'",
    "text/event-stream;charset=iso-8859-1, text/event-stream": "iso-8859-1",
    "text/event-stream;charset=utf-8, text/event-stream;charset=iso-8859-1": "iso-8859-1",
    "text/event-stream;charset=utf-16;charset=utf-8": "utf-16",
    'text/event-stream;charset="ut\\f-8"': "utf-8",
    "text/html;charset=latin1, text/event-stream": "",
    "text/event-stream;x=charset;charset=us-ascii": "us-ascii",
}


@pytest.mark.parametrize("content_type", OPENS)
def test_it_opens_where_a_browser_opens(content_type: str) -> None:
    assert opens_stream(200, content_type)
    assert not opens_stream(204, content_type)


@pytest.mark.parametrize("content_type", REFUSED)
def test_it_refuses_where_a_browser_refuses(content_type: str) -> None:
    assert not opens_stream(200, content_type)


@pytest.mark.parametrize("content_type", CHARSETS)
def test_the_charset_is_the_one_that_a_browser_sees(content_type: str) -> None:
    assert extract_media_type(content_type) == MediaType("text/event-stream", CHARSETS[content_type])


def test_without_a_readable_part_there_is_no_type() -> None:
    assert extract_media_type(None) is None
    assert extract_media_type(", ;, /, text/, */*") is None
    assert not opens_stream(200, None)
