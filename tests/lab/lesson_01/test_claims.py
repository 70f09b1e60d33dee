"""Each verdict of lesson 01 holds for an honest server, and turns when the same function meets one that does the opposite."""

from __future__ import annotations

import asyncio
import base64
import gzip
from collections.abc import Awaitable

import pytest

from labkit.lab import raw_server, record, send
from labkit.lab.lesson_01 import reconnect_waits
from labkit.lab.lesson_01.claims import (
    c01_ordinary_response,
    c03_blank_line_dispatches,
    c04_lines_are_joined,
    c05_type_selects_listener,
    c06_id_stays_in_force,
    c07_retry_sets_the_wait,
    c08_comment_is_a_heartbeat,
    c09_text_only,
    c12_readable_by_eye,
    c13_cut_anywhere,
    listeners,
)
from labkit.lab.verdict import Verdict
from labkit.recording import Recording

pytestmark = pytest.mark.live

HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


def run(work: Awaitable[Recording]) -> Recording:
    async def main() -> Recording:
        return await work

    return asyncio.run(main())


def sent(*script: bytes | float) -> Recording:
    return run(send(*script))


def turns(honest: Verdict, opposite: Verdict) -> None:
    assert honest.holds is True, honest
    assert opposite.holds is False, opposite
    assert honest.because != opposite.because


async def watched(head: bytes, stay: bool) -> Recording:
    async with raw_server([b"data: hello\n\n"], head=head, stay=stay) as url:
        return await record(url, seconds=0.3)


def test_c01() -> None:
    stream = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    turns(c01_ordinary_response(run(watched(stream, stay=True))), c01_ordinary_response(run(watched(HTML, stay=True))))
    assert c01_ordinary_response(run(watched(stream, stay=False))).holds is False


def test_c03() -> None:
    never = c03_blank_line_dispatches(sent(b"data: one\n", b"data: two\n"))
    whole = c03_blank_line_dispatches(sent(b"data: one\n\n", b"data: two\n"))
    turns(whole, never)
    assert whole.because.startswith("2 data lines; 1 blank line gave 1 event; ")


def test_c04() -> None:
    turns(c04_lines_are_joined(sent(b"data: a\ndata: b\n\n")), c04_lines_are_joined(sent(b"data: a\n\ndata: b\n\n")))


def test_c05() -> None:
    def verdict(raw: bytes) -> Verdict:
        return c05_type_selects_listener(listeners(sent(raw).events, "message", "price"), "price")

    turns(verdict(b"event: price\ndata: 3.50\n\n"), verdict(b"data: 3.50\n\n"))


def test_c06() -> None:
    clears = c06_id_stays_in_force(sent(b"id: 1\ndata: a\n\nid\ndata: b\n\n"))
    turns(c06_id_stays_in_force(sent(b"id: 1\ndata: a\n\ndata: b\n\n")), clears)


def test_c07() -> None:
    def verdict(raw: bytes) -> Verdict:
        return c07_retry_sets_the_wait(sent(raw), asyncio.run(reconnect_waits(raw)))

    turns(verdict(b"retry: 250\n\n"), verdict(b"retry: 250ms\n\n"))


def test_c08() -> None:
    turns(c08_comment_is_a_heartbeat(sent(b": beat\n")), c08_comment_is_a_heartbeat(sent(b"data: beat\n\n")))


def test_c09() -> None:
    def verdict(blob: bytes) -> Verdict:
        in_base64 = sent(b"data: " + base64.b64encode(blob) + b"\n\n")
        return c09_text_only(blob, sent(b"data: " + blob + b"\n\n"), in_base64)

    turns(verdict(bytes(range(128, 256))), verdict(b"plain text"))


def test_c12() -> None:
    raw = b"data: hello\n\n"
    squeezed = gzip.compress(raw).decode("latin-1")
    turns(c12_readable_by_eye(raw.decode(), sent(raw)), c12_readable_by_eye(squeezed, sent(raw)))


def test_c13() -> None:
    raw = "data: €\n\n".encode()
    kind = c13_cut_anywhere(sent(raw), sent(raw[:6], raw[6:]))
    turns(c13_cut_anywhere(sent(raw), sent(raw[:7], raw[7:])), kind)
    other = sent("data: £€\n\n".encode()[:7], "data: £€\n\n".encode()[7:])
    assert c13_cut_anywhere(sent(raw), other).holds is False
