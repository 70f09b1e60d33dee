"""Every cause, from recordings in virtual time: no socket, no clock."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from labkit.doctor import Diagnosis, FurtherAnswers, causes, compare, judge
from labkit.doctor.language_models import is_model, look_at_answer
from labkit.faults import (
    Close,
    Cut,
    Fault,
    FillBuffers,
    Gzip,
    HoldBytes,
    HoldTime,
    IdleTimeout,
    Send,
    Slice,
    TotalTimeout,
    simulate,
)
from labkit.recording import Arrival, Recording
from labkit.wire import Event

from .test_content import BROKEN as BROKEN_CONTENT

#: These have their recordings in test_comparing.py and test_lateness.py.
LATE = {"held-between", "head-held", "worker-busy", "second-unanswered", "always-late"}
NOW_S = 1_790_000_000.0
HEAD = {"content-type": "text/event-stream", "cache-control": "no-cache", "transfer-encoding": "chunked"}
RETRY = b"retry: 2000\n\n"


def tick(number: int, at_s: float | None, size: int = 0) -> bytes:
    data = {"n": number} | ({} if at_s is None else {"sent": NOW_S + at_s}) | {"pad": "x" * size}
    return f"id: {number}\ndata: {json.dumps(data)}\n\n".encode()


def ticks(count: int = 20, every_s: float = 0.1, size: int = 0, clock: bool = True) -> list[tuple[float, bytes]]:
    return [(n * every_s, tick(n, n * every_s if clock else None, size)) for n in range(1, count + 1)]


def stream(pieces: Sequence[tuple[float, bytes]], *faults: Fault, seen: dict[str, str] | None = None) -> Recording:
    """What a client behind these faults records; the response ends with the last piece."""
    happened = simulate([(0.0, RETRY), *pieces], *faults)
    arrivals = [Arrival(item.at_s, item.action.data) for item in happened if isinstance(item.action, Send)]
    closed = [item for item in happened if isinstance(item.action, Close)]
    how = closed[0].action.how if closed and isinstance(closed[0].action, Close) else ""
    end_s = closed[0].at_s if closed else pieces[-1][0] + 1
    broken = "peer closed the connection" if how in ("fin", "rst") else ""
    headers = HEAD | (seen or {})
    return Recording(200, headers, tuple(arrivals), how == "clean", broken, 0.0, end_s, NOW_S, "http://127.0.0.1/")


def cut_late(pieces: Sequence[tuple[float, bytes]]) -> Recording:
    """A stream whose bytes stop, and whose connection is closed a second later, as Envoy does."""
    return replace(stream(pieces), ended=False, broken="peer closed connection", end_s=pieces[-1][0] + 1.05)


def body(*pieces: bytes, ended: bool = True, headers: dict[str, str] | None = None) -> Recording:
    """A stream whose pieces come a tenth of a second apart."""
    arrivals = tuple(Arrival(0.1 * place, piece) for place, piece in enumerate([RETRY, *pieces]))
    return Recording(200, HEAD | (headers or {}), arrivals, ended, "", 0.0, 0.1 * len(pieces), NOW_S, "http://x/")


def events(*texts: str) -> list[bytes]:
    return [f"id: {n}\ndata: {text}\n\n".encode() for n, text in enumerate(texts, start=1)]


def model_end(reason: str) -> str:
    """The last piece of a model's answer, with the reason for its end."""
    return json.dumps({"choices": [{"delta": {}, "finish_reason": reason}]})


def answered(status: int = 200, **headers: str) -> Recording:
    recording = body(*events("a", "b"))
    changed = {name.replace("_", "-"): value for name, value in headers.items()}
    return replace(recording, status=status, headers={k: v for k, v in (HEAD | changed).items() if v})


WORDS = body(*events("a", "b", "c", "d"))
MODEL = ['{"choices": [{"delta": {"content": "hi"}}]}', '{"choices": [{"delta": {"content": "!"}}]}']
ONE_LATE = [(n * 0.1 + 0.1, tick(n, n * 0.1)) for n in range(1, 20)] + [(2.0, tick(20, 2.0))]
SENT = [0.1 * n + 0.05 * (n % 3) for n in range(1, 21)]
UNEVEN = [(after, tick(n, sent)) for n, (sent, after) in enumerate(pairwise(SENT))]
GZIP_HEAD = zlib.compressobj(wbits=31).compress(b"data")
LATE_HEAD = Recording(200, HEAD, (Arrival(1.0, RETRY + events("a")[0]),), head_s=1.0, end_s=2.0)
POISON = b"id: 1\ndata: a\n\nid: 2\x01\ndata: b\n\n"

# cause -> recordings in which it must be named first
FIRST: dict[str, list[Callable[[], Diagnosis]]] = {
    "wrong-status": [lambda: judge(answered(503)), lambda: judge(answered(204))],
    "html-page": [
        lambda: judge(replace(body(b"<!doctype html>"), headers={"content-type": "text/html; charset=utf-8"})),
        lambda: judge(Recording(200, {}, (Arrival(0, b"  <html><body>404"),))),
    ],
    "wrong-media-type": [
        lambda: judge(answered(content_type="text/plain")),
        lambda: judge(answered(content_type="application/json")),
        lambda: judge(answered(content_type="")),
        lambda: judge(answered(content_type="text/event-streams")),
    ],
    "wrong-charset": [lambda: judge(answered(content_type='text/event-stream; charset="iso-8859-1"'))],
    "cors-refused": [
        lambda: judge(WORDS, FurtherAnswers(origin="https://my.app")),
        lambda: judge(answered(access_control_allow_origin="https://other.app"), FurtherAnswers(origin="https://my.app")),
    ],
    "unreadable-encoding": [
        lambda: judge(answered(content_encoding="gzip")),
        lambda: judge(answered(content_encoding="dcz")),
    ],
    "backslash-n": [
        lambda: judge(body(rb"data: hello\n\n" + b"\n", rb"data: there\n\n" + b"\n")),
        lambda: judge(body(b"id: 1\n" + rb"data: hello\n\n" + b"\n\n")),
    ],
    "cr-cr-lf": [lambda: judge(body(b"id: 1\r\r\ndata: a\r\r\n\r\r\n"))],
    "double-data": [lambda: judge(body(*events("data: a", "data: b", "data: c")))],
    "never-ends": [
        lambda: judge(body(b"data: a\n", b"data: b\n", b"data: c\n")),
        lambda: judge(body(b"data: a\r\n", b"data: b\r\n", ended=False)),
    ],
    "json-cut": [lambda: judge(body(b'id: 1\ndata: {\n  "a": 1,\n  "b": 2\n}\n\n'))],
    "text-cut": [lambda: judge(body(b"id: 1\ndata: dear all\nhello: world\n\n"))],
    "bom": [lambda: judge(body(*events("a"), b"\xef\xbb\xbfdata: b\n\n"))],
    "not-utf8": [lambda: judge(body("id: 1\ndata: gr\u00fcn\n\n".encode("latin-1"), *events("a")))],
    "replayed": [
        lambda: judge(stream(ticks()), FurtherAnswers(resumed=replace(_at_once(stream(ticks())), headers=HEAD | {"age": "3"}), last_event_id="9")),
        lambda: judge(stream(ticks(), seen={"cache-control": ""}), FurtherAnswers(second_recording=_at_once(stream(ticks())))),
        lambda: judge(stream(ticks(clock=False), seen={"cache-control": "public"}), FurtherAnswers(resumed=_at_once(stream(ticks(clock=False))), last_event_id="9")),
    ],
    "compression-holds": [
        lambda: judge(_gzipped(ticks(), Gzip(flush=False)), FurtherAnswers(uncompressed=stream(ticks()))),
        lambda: judge(_gzipped(ticks(), Gzip(flush=False))),
        lambda: judge(replace(_gzipped(ticks()), arrivals=(Arrival(0.1, GZIP_HEAD),), end_s=5.0)),
        lambda: judge(replace(_gzipped([(0.1, b"")]), arrivals=()), FurtherAnswers(uncompressed=stream(ticks()))),
    ],
    "full-buffers": [
        lambda: judge(stream(ticks(size=400), FillBuffers())),
        lambda: judge(stream(ticks(size=400, clock=False), HoldBytes(4096))),
        lambda: judge(stream(ticks(40, 0.05, 1500), HoldBytes(16384))),
        lambda: judge(_gzipped(ticks(size=400), HoldBytes(4096), Gzip()), FurtherAnswers(uncompressed=stream(ticks(size=400), HoldBytes(4096)))),
    ],
    "held-to-the-end": [lambda: judge(stream(ticks(), HoldBytes(65536))), lambda: judge(stream(ticks(every_s=1, clock=False), HoldBytes(65536)))],
    "corked": [
        lambda: judge(stream(ticks(40, 0.06), HoldTime(0.205))),
        lambda: judge(stream(ticks(5, 1.01), HoldTime(0.205))),
    ],
    "one-late": [
        lambda: judge(stream(ONE_LATE)),
        lambda: judge(replace(stream(UNEVEN), began_epoch_s=NOW_S - 7, url="https://far.away/")),
    ],
    "held": [
        lambda: judge(stream(ticks(40, 0.1), HoldTime(1.0))),
        lambda: judge(replace(stream(ticks(), HoldBytes(65536)), ended=False)),
        lambda: judge(replace(stream(ticks(40, 0.1), HoldTime(1.0)), began_epoch_s=NOW_S + 3600, url="https://far.away/")),
    ],
    "idle-timeout": [
        lambda: judge(stream([*ticks(5), (30.0, tick(6, 5.0))], IdleTimeout(20))),
        lambda: judge(cut_late(ticks(25)), FurtherAnswers(resumed=cut_late(ticks(15)), last_event_id="9")),  # of another age
        lambda: judge(stream([*ticks(5), (5.0, tick(6, 5.0))], IdleTimeout(2)), FurtherAnswers(resumed=stream([*ticks(2), (5.0, tick(6, 5.0))], IdleTimeout(2)), last_event_id="2")),
    ],
    "total-timeout": [
        lambda: judge(stream(ticks(60), TotalTimeout(2)), FurtherAnswers(resumed=stream(ticks(60, size=1), TotalTimeout(2)), last_event_id="9")),
        lambda: judge(cut_late(ticks(25)), FurtherAnswers(resumed=cut_late(ticks(25, size=80)), last_event_id="9")),  # Envoy
    ],
    "broken-off": [
        lambda: judge(stream(ticks(60), Cut(bytes=700)), FurtherAnswers(second_recording=stream(ticks(60, clock=False, size=28), Cut(bytes=700)))),  # the same byte
        lambda: judge(replace(stream(ticks()), ended=False, broken="connection reset")),
        lambda: judge(stream(ticks(60), TotalTimeout(2)), FurtherAnswers(second_recording=stream(ticks(60), TotalTimeout(2)))),  # the same bytes
        lambda: judge(stream([*ticks(5), (5.0, tick(6, 5.0))], IdleTimeout(2))),  # nobody has seen it twice
    ],
    "llm-error": [lambda: judge(body(*events('{"error": "model \'x\' not found"}'))), lambda: judge(body(*events('{"error": "Model is overloaded", "error_type": "overloaded"}'))),
        lambda: judge(body(*events(*MODEL, '{"error": {"message": "overloaded"}}'))),
        lambda: judge(body(b"event: message_start\ndata: {}\n\nevent: error\ndata: {}\n\n")),
        lambda: judge(body(*events('{"error": {"message": "overloaded", "type": "server_error"}}'))),  # and nothing else
        lambda: judge(body(*events(*MODEL, '{"error": {"message": "overloaded"}, "choices": []}', "[DONE]"))),
        lambda: judge(body(*events(*MODEL, model_end("insufficient_system_resource"), "[DONE]"))),
        lambda: judge(body(*events(*["x"] * 30, *MODEL, '{"error": "overloaded"}'))),  # a model, after many events
        lambda: judge(replace(body(*events(*MODEL, '{"error": "overloaded"}')), ended=False)),  # and it stays open
    ],
    "llm-unfinished": [
        lambda: judge(body(*events(*MODEL))),
        lambda: judge(body(*events('{"candidates": [{"content": {"parts": []}}]}'))),
    ],
    "llm-filtered": [
        lambda: judge(body(*events(*MODEL, model_end("content_filter"), "[DONE]"))),
        lambda: judge(body(*events('{"promptFeedback": {"blockReason": "SAFETY"}}'))),
    ],
    "llm-refused": [lambda: judge(body(*events('{"choices": [{"delta": {"refusal": "No."}}]}', model_end("stop"), "[DONE]")))],
    "id-poison": [lambda: judge(body(POISON)), lambda: judge(body(b"id: " + b"x" * 9000 + b"\ndata: a\n\n"))],
    "ids-repeat": [lambda: judge(body(b"id: 1\ndata: a\n\nid: 1\ndata: b\n\n"))],
    "resume-refused": [lambda: judge(WORDS, FurtherAnswers(resumed=answered(400), last_event_id="2"))],
    "resume-ignored": [
        lambda: judge(WORDS, FurtherAnswers(resumed=WORDS, last_event_id="2")),  # from the start again
        lambda: judge(WORDS, FurtherAnswers(resumed=body(b"id: 9\ndata: new\n\n"), last_event_id="2")),  # on with what is new
        lambda: judge(WORDS, FurtherAnswers(resumed=body(), last_event_id="2")),  # nothing
    ],
    "retry-too-short": [lambda: judge(body(b"retry: 0\n\n", *events("a")))],
    "retry-too-long": [lambda: judge(body(b"retry: 3600000\n\n", *events("a")))],
    "retry-unreadable": [lambda: judge(body(b"retry: 3s\n\n", *events("a")))],
    "leaving-unnoticed": [lambda: judge(WORDS, FurtherAnswers(leaving_noticed=False))],
    "head-late": [lambda: judge(LATE_HEAD)],
    "no-heartbeat": [lambda: judge(replace(body(*events("a"), ended=False), end_s=20.0))],
    "cacheable": [lambda: judge(answered(cache_control="")), lambda: judge(answered(cache_control="max-age=60"))],
    "close-delimited": [lambda: judge(answered(transfer_encoding=""))],
}  # fmt: skip
NOTED: dict[str, Callable[[], Diagnosis]] = {
    "redirected": lambda: judge(replace(WORDS, redirects=("http://x/old",), url="http://x/new")),
    "retry-missing": lambda: judge(replace(WORDS, arrivals=WORDS.arrivals[1:])),
    "six-connections": lambda: judge(WORDS),
    "asks-again": lambda: judge(WORDS),
    "ids-missing": lambda: judge(body(b"data: a\n\n", b"data: b\n\n")),
    "unknown-field": lambda: judge(body(b"id: 1\ndata: a\n\ntime: 12\n\n")),
    "corked": lambda: judge(stream(ticks(40, 0.1, clock=False), HoldTime(0.205))),
    "llm-length": lambda: judge(body(*events(*MODEL, model_end("length"), "[DONE]"))),
    "llm-other-end": lambda: judge(body(*events(*MODEL, model_end("tired"), "[DONE]"))),
    "llm-odd": lambda: judge(body(*events("keep-alive", *MODEL, model_end("stop"), "[DONE]"))),
    "quiet": lambda: judge(body(ended=False)),
}
#: Those with tests of their own, in test_head.py and test_preflight.py.
IN_HEADS = {"gzip-members", "cors-credentials", "preflight-refused"}


def _at_once(recording: Recording) -> Recording:
    return replace(recording, arrivals=(Arrival(0.001, recording.body),), end_s=0.002)


def _gzipped(pieces: Sequence[tuple[float, bytes]], *faults: Fault) -> Recording:
    return stream(pieces, *faults, seen={"content-encoding": "gzip"})


@pytest.mark.parametrize(
    ("name", "make"),
    [(name, make) for name, makes in FIRST.items() for make in makes],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_right_cause_is_named_first(name: str, make: Callable[[], Diagnosis]) -> None:
    found = make()
    assert found.first == name, found
    assert not found.healthy and found.findings[0].evidence


@pytest.mark.parametrize("name", NOTED)
def test_notes_are_no_illness(name: str) -> None:
    found = NOTED[name]()
    assert name in [finding.name for finding in found.findings], found
    assert found.healthy and found.first == "healthy"


def test_every_cause_has_its_recordings() -> None:
    known = {name for name in causes() if not name.startswith("mcp-")}  # those are in test_mcp.py
    assert set(FIRST) | set(NOTED) | {row[0] for row in BROKEN_CONTENT} | IN_HEADS | LATE == known
    for name in FIRST:
        assert causes()[name].severity != "note", name
    for name in set(NOTED) - set(FIRST):
        assert causes()[name].severity == "note", name


HEALTHY = {
    "ticks": lambda: judge(stream(ticks())),
    "ticks without a clock": lambda: judge(stream(ticks(clock=False))),
    "slow ticks": lambda: judge(stream(ticks(5, 1.0))),
    "large events in small pieces": lambda: judge(stream(ticks(10, 0.3, 20000), Slice(1460))),
    "gzip, flushed": lambda: judge(_gzipped(ticks(), Gzip())),
    "a replay, then ticks": lambda: judge(stream([(0.01, tick(n, n - 30.0)) for n in range(1, 20)] + [(s, tick(20 + n, s)) for n, (s, _) in enumerate(ticks())])),
    "a fast stream": lambda: judge(stream(ticks(200, 0.005))),
    "batches that the server makes": lambda: judge(stream([(n // 5 + 1.0, tick(n, n // 5 + 1.0)) for n in range(20)])),
    "a finished answer at once": lambda: judge(body(b"".join(events("a", "b", "c", "d", "e")))),
    "a model's answer": lambda: judge(body(*events(*MODEL, "[DONE]"))),
    "resumed": lambda: judge(WORDS, FurtherAnswers(resumed=body(b"id: 3\ndata: c\n\n"), last_event_id="2")),
    "a gap that is told": lambda: judge(WORDS, FurtherAnswers(resumed=body(b"event: gap\ndata: {}\n\nid: 9\ndata: x\n\n"), last_event_id="2")),
    "may be read": lambda: judge(answered(access_control_allow_origin="*"), FurtherAnswers(origin="https://my.app")),
    "heartbeats": lambda: judge(stream([(n * 10.0, b": still here\n\n") for n in range(6)] + [(60.0, tick(1, 60.0))])),
    "a mark at the start": lambda: judge(Recording(200, HEAD, (Arrival(0, b"\xef\xbb\xbf" + RETRY + events("a")[0]),), end_s=1)),
    "a character that the watching cut": lambda: judge(body(*events("a"), "data: ü".encode()[:-1], ended=False)),
    "clocks that do not agree": lambda: judge(replace(stream(ticks()), began_epoch_s=NOW_S + 3600)),
    "history first, by the same clock": lambda: judge(stream([(0.01 * n, tick(n, n * 0.06 - 3)) for n in range(30)] + [(s, tick(50 + n, s)) for n, (s, _) in enumerate(ticks())])),
    "records by the date of their making": lambda: judge(stream([(0.1 * n, tick(n, n * 80_000 - 2e6)) for n in range(20)])),
    "meetings in the future": lambda: judge(stream([(0.1 * n, tick(n, n * 80_000 + 3600)) for n in range(20)])),
    "a clock that is 200 ms behind": lambda: judge(replace(stream(ticks()), began_epoch_s=NOW_S + 0.2, url="https://far.away/")),
    "whole seconds": lambda: judge(stream([(n + 0.985, tick(n, float(n)).replace(b".0", b"")) for n in range(6)])),
    "one hiccup": lambda: judge(stream([(max(s, 1.3) if s > 1 else s, piece) for s, piece in ticks(50, 0.05)])),
    "a greeting on each connection": lambda: judge(WORDS, FurtherAnswers(resumed=body(b"event: hello\ndata: {}\n\nid: 3\ndata: c\n\n"), last_event_id="2")),
    "a long model's answer": lambda: judge(body(*events(*[json.dumps({"choices": [{"delta": {"content": "x" * 400}}]})] * 500, "[DONE]"))),
    "one long event": lambda: judge(body(b"id: 1\n" + b"data: " * 1 + b"x" * 70 + b"\n" + b"data: xxxxxxxxxxxxxxx\n" * 9000 + b"\n")),
    "a pause behind a line": lambda: judge(stream([(n * 0.3 + part * 0.15, piece) for n in range(8) for part, piece in enumerate((tick(3 * n, None) + tick(3 * n + 1, None), b": ping\n"))])),
    "an escaped line break": lambda: judge(body(*events(r"some text\n", "b"))),
    "a field that looks like an id": lambda: judge(body(*events("id:1 state:up", "id:2 state:down"))),
    "fields that nobody knows": lambda: judge(body(b"id: 1\nversion: 1\nsource: a\ndata: x\n\n")),
    "a model that waits for a tool": lambda: judge(body(*events(*MODEL, model_end("tool_calls"), "[DONE]"))),
    "an error that is no model's": lambda: judge(body(*events('{"error": {"message": "no such room"}}', '{"room": 1}'))),
    "a job that ends as the lab's answers did": lambda: judge(body(b'id: 1\ndata: {"text": "step 1"}\n\n', b'event: done\ndata: {"state": "failed"}\n\n')),
    "choices that are no model's, as texts": lambda: judge(body(*events('{"question": "?", "choices": [{"text": "a"}, {"text": "b"}]}'))),
    "choices that are no model's": lambda: judge(body(*events('{"question": "?", "choices": ["a", "b"]}'))),
    "the responses of OpenAI, posted": lambda: judge(body(b'event: response.created\ndata: {}\n\nevent: response.completed\ndata: {}\n\n'), FurtherAnswers(posted=True)),
    "Gemini's": lambda: judge(body(b'data: {"candidates": [{"content": 1}]}\n\ndata: {"candidates": [{"finishReason": "STOP"}]}\n\n')),
    "the page's own origin": lambda: judge(replace(WORDS, url="https://my.app/x"), FurtherAnswers(origin="https://my.app")),
    "work before the head, then a comment": lambda: judge(replace(body(b": open\n\n", *events("a")), head_s=0.8, arrivals=tuple(Arrival(a.at_s + 0.8, a.data) for a in body(b": open\n\n", *events("a")).arrivals))),
    "a framework that had just been started": lambda: judge(Recording(200, HEAD, tuple(Arrival(1.0 + 0.2 * n, each) for n, each in enumerate(events(*"abcdef"))), head_s=1.0, end_s=3.0)),
    "work before the head, with a comment in the first piece": lambda: judge(replace(LATE_HEAD, arrivals=(Arrival(1.0, b": open\n\n" + events("a")[0]),))),
    "a torrent whose reader stopped for a moment": lambda: judge(Recording(200, HEAD, (Arrival(0.1, b"data: 7\n\n" * 80_000 + b"da"), Arrival(0.4, b"ta: 1\n\n" * 9)), end_s=0.5)),
    "gzip without an event yet": lambda: judge(replace(_gzipped(ticks()), arrivals=(Arrival(0.1, GZIP_HEAD),), end_s=1.0)),
    "a model that thinks before its head, posted": lambda: judge(LATE_HEAD, FurtherAnswers(posted=True)),
    "a slow way to the server": lambda: judge(replace(WORDS, sent_s=0.9, head_s=1.0, arrivals=tuple(Arrival(a.at_s + 1.0, a.data) for a in WORDS.arrivals))),
    "results after some work": lambda: judge(body(b": started\n\n", *[b""] * 15, b"".join(events("a", "b", "c", "d", "e")))),
    "a log that is played at once, through a cache that had nothing": lambda: judge(WORDS, FurtherAnswers(second_recording=replace(_at_once(WORDS), headers=HEAD | {"age": "0"}))),
    "a log that is played at once": lambda: judge(WORDS, FurtherAnswers(second_recording=_at_once(WORDS))),
    "a chat that repeats its words": lambda: judge(body(b"id: 1\ndata: a\n\n", b"id: 1\ndata: a\n\n")),
}  # fmt: skip


@pytest.mark.parametrize("name", HEALTHY)
def test_no_false_alarm(name: str) -> None:
    found = HEALTHY[name]()
    assert found.healthy, found


def test_a_buffer_of_any_size_and_events_of_any_size_are_told() -> None:
    for size in (1024, 4096, 16384):
        for pad in (100, 333, 700):
            found = judge(stream(ticks(3 * size // pad + 10, 0.1, pad), HoldBytes(size)))
            assert found.first in ("full-buffers", "held"), (size, pad, found)
            if found.first == "full-buffers" and "multiple" in found.findings[0].evidence:
                assert f"{size:,} bytes" in found.findings[0].evidence, (size, pad, found)


def test_the_hop_that_holds_is_found_by_comparing() -> None:
    direct = stream(ticks())
    held, sentence = compare(direct, stream(ticks(), HoldBytes(65536)))
    assert held and "holds events back: 9" in sentence  # 950 ms in the middle
    alike = compare(direct, stream(ticks(every_s=0.13, clock=False)), same_events=False)
    assert not alike[0] and "those are alike" in alike[1]
    same = b"data: tick\n\n"
    lump = body(*[same] * 9)
    assert compare(lump, replace(lump, arrivals=(Arrival(4.5, same * 9),)))[0]
    held, sentence = compare(direct, direct)
    assert not held and "nothing is held there" in sentence
    assert compare(direct, Recording(200))[0]
    assert not compare(Recording(200), direct)[0]
    assert "cannot be compared" in compare(direct, body(b"id: other\ndata: a\n\n"))[1]
    late = stream(ticks(), HoldBytes(65536))
    assert not compare(late, late)[0]  # held before both
    brisk = ticks(24, 0.06)
    held, sentence = compare(stream(brisk), stream(brisk, HoldTime(0.2)))
    assert held and "in 24 and in 7 bursts" in sentence, "no event is late enough; the bursts alone show it"


def test_a_diagnosis_speaks_json() -> None:
    found = judge(answered(503))
    told = json.loads(json.dumps(found.as_json()))
    assert told["healthy"] is False and told["findings"][0]["cause"] == "wrong-status"
    assert set(told["findings"][0]) == {"cause", "severity", "title", "evidence", "why", "remedies"}
    assert "wrong-status: status 503" in repr(found)
    assert judge(_gzipped(ticks(), Gzip())).facts[1].endswith("then it ended")


def test_who_names_a_product_is_not_believed() -> None:
    for product in ("nginx/1.22.1", "HAProxy", "cloudflare"):
        named = replace(stream(ticks()), headers=HEAD | {"server": product, "via": f"1.1 {product}"})
        assert judge(named).findings == judge(stream(ticks())).findings


def test_a_long_answer_is_judged_by_its_beginning() -> None:
    endless = b"".join(events(*["x" * 1000] * 3000))
    assert judge(body(endless)).healthy
    assert zlib.crc32(endless)  # 3 MB were there


@pytest.mark.parametrize(
    "raw",
    [
        b"retry: " + b"9" * 5000 + b"\n\n",
        b"\xef\xbb\xbf",
        b"\x00\x00\n\n",
        b"data\n\n" * 3,
        b"id\n\n:\n\n\n\n",
        b"data: a\n" * 20_000,
        b"\r\r\r",
    ],
    ids=["a long number", "a mark alone", "NULs", "empty events", "empty lines", "one event of many lines", "CRs"],
)
def test_odd_bodies_are_judged_without_an_exception(raw: bytes) -> None:
    for headers in ({}, {"content-encoding": ""}, {"content-encoding": "deflate"}):
        assert judge(body(raw, headers=headers)).facts


def test_events_that_the_server_sends_in_batches_are_no_error() -> None:
    found = judge(stream([(n // 10 + 1.0, tick(n, n / 10)) for n in range(40)]))
    assert [finding.severity for finding in found.findings if finding.name == "held"] == ["warning"]


@pytest.mark.parametrize("sent, said", [("", "no Cache-Control"), ("max-age=60", "Cache-Control: max-age=60")])
def test_the_evidence_of_a_header_is_the_header(sent: str, said: str) -> None:
    (found,) = [finding for finding in judge(answered(cache_control=sent)).findings if finding.name == "cacheable"]
    assert found.evidence == said


def test_a_stream_of_ones_own_that_ends_with_done_is_not_odd() -> None:
    events = [*(Event(f'{{"word": "{word}", "sent": 1.5}}') for word in "abc"), Event("[DONE]")]
    ended = Recording(200, {}, (), ended=True)
    assert is_model(events) and list(look_at_answer(ended, events)) == []
    chunk = '{"choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": "stop"}]}'
    odd = [Event(""), Event(chunk), Event("[DONE]")]
    assert [finding.name for finding in look_at_answer(ended, odd)] == ["llm-odd"]
