from __future__ import annotations

from typing import Any

import pytest

from labkit.lab.lesson_09.claims import (
    c21_who_sends_headers,
    c22_cookies_and_cors,
    c23_token_in_the_log,
    c24_get_only,
    c25_inner_html_runs_it,
    c64_websocket_sends_none,
)


def heard(**headers: str) -> dict[str, Any]:
    return {"headers": headers}


def test_c21() -> None:
    with_it, without = heard(authorization="x"), heard(accept="x")
    verdict = c21_who_sends_headers({"EventSource": without, "fetch": with_it, "httpx": with_it, "WebSocket": without})
    assert verdict.holds
    assert verdict.because == ("the header of fetch, httpx arrived; that of EventSource did not, and no error said so")
    assert not c21_who_sends_headers({"EventSource": with_it, "fetch": with_it}).holds
    assert not c21_who_sends_headers({"EventSource": without, "fetch": without}).holds
    assert not c21_who_sends_headers({"EventSource": without}).holds


def test_c64() -> None:
    own = {"sec-websocket-key": "x", "sec-websocket-version": "13"}
    verdict = c64_websocket_sends_none({"WebSocket": heard(**own)})
    assert verdict.holds and verdict.because == "authorization did not arrive; the browser's own 2 did"
    assert not c64_websocket_sends_none({"WebSocket": heard(authorization="x", **own)}).holds
    assert not c64_websocket_sends_none({"WebSocket": heard()}).holds  # that was no WebSocket


CASES = ["same origin", "other origin", "other origin, withCredentials", "the same, server says *"]


def test_c22() -> None:
    sent = dict(zip(CASES, [True, False, True, True], strict=True))
    read = dict(zip(CASES, [True, True, True, False], strict=True))
    assert c22_cookies_and_cors(sent, read).holds
    for case in CASES:
        assert not c22_cookies_and_cors({**sent, case: not sent[case]}, read).holds
        assert not c22_cookies_and_cors(sent, {**read, case: not read[case]}).holds


def test_c23() -> None:
    verdict = c23_token_in_the_log("sesame", True, ["200 GET /?token=sesame"])
    assert verdict.holds and verdict.because == "the stream opened, and 1 of 1 log line holds the token"
    assert not c23_token_in_the_log("sesame", True, ["200 GET /?token=***"]).holds
    assert not c23_token_in_the_log("sesame", False, ["401 GET /?token=sesame"]).holds


def test_c24() -> None:
    methods = {"EventSource": "GET", "fetch": "POST", "httpx": "POST"}
    asked = {"EventSource": 3, "fetch": 1, "httpx": 1}
    assert c24_get_only(methods, asked).holds
    assert not c24_get_only({**methods, "EventSource": "POST"}, asked).holds
    assert not c24_get_only(methods, {**asked, "fetch": 2}).holds
    assert not c24_get_only(methods, {**asked, "EventSource": 1}).holds


@pytest.mark.parametrize(
    ("ran", "holds"),
    [
        ({"innerHTML": True, "textContent": False}, True),
        ({"innerHTML": False, "textContent": False}, False),
        ({"innerHTML": True, "textContent": True}, False),
        ({"innerHTML": True}, False),
    ],
)
def test_c25(ran: dict[str, bool], holds: bool) -> None:
    assert c25_inner_html_runs_it(ran).holds is holds
