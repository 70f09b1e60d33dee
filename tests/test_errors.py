from __future__ import annotations

import pytest

from labkit.errors import (
    EncodeError,
    LabError,
    LimitExceeded,
    NotServing,
    PortInUse,
    RetriesExhausted,
    StreamLost,
    StreamRejected,
    StreamStalled,
)

ALL = [
    (EncodeError("id", "a\nb", "it holds LF"), ["id='a\\nb'", "it holds LF"]),
    (LimitExceeded("an event", 1048576), ["1,048,576 bytes", "raise max_event_bytes"]),
    (StreamRejected("http://x/", 200, "text/html"), ["http://x/", "text/html", "URL of a page"]),
    (StreamRejected("http://x/", 401, None), ["401", "(none)", "Authorization"]),
    (StreamRejected("http://x/", 404, None), ["path"]),
    (StreamRejected("http://x/", 502, None), ["proxy", "log"]),
    (StreamRejected("http://x/", 204, None), ["Only status 200"]),
    (StreamStalled(45.0), ["no byte for 45 s", "heartbeat"]),
    (RetriesExhausted(1, "refused"), ["1 failed attempt: refused"]),
    (RetriesExhausted(3), ["3 failed attempts"]),
    (NotServing(8000), ["port 8000", "launches it again"]),
    (PortInUse("127.0.0.1", 8000), ["port 8000 on 127.0.0.1", "another port"]),
]


@pytest.mark.parametrize("error, says", ALL, ids=[type(error).__name__ for error, _ in ALL])
def test_each_says_what_happened_and_what_to_do(error: LabError, says: list[str]) -> None:
    assert all(words in str(error) for words in says)
    assert isinstance(error, LabError)


def test_their_family() -> None:
    assert issubclass(EncodeError, ValueError)
    assert issubclass(StreamStalled, StreamLost)
    assert issubclass(RetriesExhausted, StreamLost)


def test_they_keep_the_facts() -> None:
    assert vars(EncodeError("id", 7, "why")) == {"field": "id", "value": 7, "why": "why"}
    assert StreamRejected("u", 404, None).status == 404


def test_a_long_value_is_cut_and_shown_in_ascii() -> None:
    assert str(EncodeError("data", "x" * 999, "why")) == f"data='{'x' * 56}... cannot be sent: why"
    assert "\\u2026" in str(EncodeError("data", "…", "why"))
