"""Every fault in virtual time."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable
from random import Random

import pytest

from labkit.errors import LabError
from labkit.faults import (
    Answer,
    AnswerStatus,
    Close,
    Cut,
    Delay,
    Duplicate,
    FailFirst,
    Fault,
    First,
    Gzip,
    HoldBytes,
    HoldTime,
    IdleTimeout,
    OneOf,
    Pass,
    Refuse,
    RefuseConnections,
    Send,
    Slice,
    Stall,
    Throttle,
    TotalTimeout,
    sent_data,
    simulate,
)
from labkit.faults.event_ends import EventEnds

THREE = [b"data: one\n\n", b"data: zw\xc3\xb6lf\n\n", b"data: three\n\n"]
ALL = b"".join(THREE)


def times(*faults: Fault, pieces: list[bytes] = THREE, **options: float) -> list[tuple[float, bytes | str]]:
    """(second, bytes or kind of close) of everything that happened."""
    happened = simulate(pieces, *faults, **options)  # type: ignore[arg-type]
    return [(at_s, action.data if isinstance(action, Send) else action.how) for at_s, action in happened]


def test_pass_does_nothing() -> None:
    assert times(Pass()) == [(0, THREE[0]), (1, THREE[1]), (2, THREE[2]), (2, "clean")]


def test_a_delay_moves_everything_the_end_too_and_keeps_the_order() -> None:
    assert times(Delay(0.5)) == [(0.5, THREE[0]), (1.5, THREE[1]), (2.5, THREE[2]), (2.5, "clean")]
    happened = simulate([(0.0, b"%d" % number) for number in range(50)], Delay(1, jitter_s=1))
    assert sent_data(happened) == b"".join(b"%d" % number for number in range(50))
    assert all(1 <= item.at_s <= 2 for item in happened)
    assert [item.at_s for item in happened] == sorted(item.at_s for item in happened)
    assert happened == simulate([(0.0, b"%d" % number) for number in range(50)], Delay(1, jitter_s=1))
    assert happened != simulate([(0.0, b"%d" % number) for number in range(50)], Delay(1, jitter_s=1), seed=1)


def test_a_throttle_sends_as_many_bytes_as_it_may() -> None:
    assert times(Throttle(5), pieces=[b"12345", b"1234567890", b""]) == [
        (1, b"12345"), (3, b"1234567890"), (3, b""), (3, "clean"),
    ]  # fmt: skip


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_slices_are_small_and_lose_nothing(size: int) -> None:
    happened = simulate(THREE, Slice(size, every_s=0.01))
    sent = [item.action.data for item in happened if isinstance(item.action, Send)]
    assert b"".join(sent) == ALL and max(map(len, sent)) <= size
    if size == 1:
        assert [item.at_s for item in happened[:4]] == pytest.approx([0, 0.01, 0.02, 0.03])


def test_held_bytes_come_in_full_buffers_and_the_rest_at_the_end() -> None:
    assert times(HoldBytes(20)) == [(1, ALL[:20]), (2, ALL[20:]), (2, "clean")]
    assert times(HoldBytes(4096)) == [(2, ALL), (2, "clean")]
    assert times(HoldBytes(10), pieces=[b"x" * 35]) == [(0, b"x" * 30), (0, b"x" * 5), (0, "clean")]


def test_held_time_lets_go_together_what_came_together() -> None:
    assert times(HoldTime(1.5)) == [(1.5, THREE[0] + THREE[1]), (2, THREE[2]), (2, "clean")]
    assert times(HoldTime(1.5), end_s=9) == [(1.5, THREE[0] + THREE[1]), (3.5, THREE[2]), (9, "clean")]


@pytest.mark.parametrize("how", ["clean", "fin", "rst"])
@pytest.mark.parametrize("count", range(len(ALL)))
def test_a_cut_comes_after_exactly_so_many_bytes(count: int, how: str) -> None:
    for pieces in (THREE, [ALL], [ALL[n : n + 1] for n in range(len(ALL))]):
        happened = simulate(pieces, Cut(bytes=count, how=how))  # type: ignore[arg-type]
        assert sent_data(happened) == ALL[:count]
        assert happened[-1].action == Close(how)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("events", "into", "left"),
    [(0, 0, b""), (0, 3, b"dat"), (1, 0, THREE[0]), (1, 9, THREE[0] + THREE[1][:9]), (2, 1, ALL[: len(ALL) - 12])],
)
def test_a_cut_after_events_and_into_the_next(events: int, into: int, left: bytes) -> None:
    for pieces in (THREE, [ALL], [ALL[n : n + 1] for n in range(len(ALL))]):
        assert sent_data(simulate(pieces, Cut(events=events, into=into))) == left


def test_a_stall_is_silent_for_ever_even_when_the_origin_ends() -> None:
    assert times(Stall(bytes=5)) == [(0, b"data:")]
    assert times(Stall()) == []


def test_an_idle_timeout_counts_from_the_last_byte_and_a_total_one_from_the_first() -> None:
    busy = [(float(second), b"x") for second in range(5)]
    assert simulate(busy, IdleTimeout(1.5), end_s=60)[-1] == (5.5, Close("fin"))
    assert simulate(busy, TotalTimeout(2.5, "rst"), end_s=60)[-1] == (2.5, Close("rst"))
    assert simulate(busy, IdleTimeout(1.5), end_s=5)[-1] == (5, Close("clean"))


def test_who_is_let_in() -> None:
    assert [FailFirst(2).connect(n) for n in (1, 2, 3)] == [Refuse(), Refuse(), None]
    assert RefuseConnections().connect(99) == Refuse()
    deploy = AnswerStatus((200, 502, 204), headers=(("Retry-After", "1"),))
    answers = [deploy.connect(n) for n in (1, 2, 3, 4)]
    assert answers == [None, Answer(502, (("Retry-After", "1"),)), Answer(204, (("Retry-After", "1"),)), None]


def test_the_first_connections_alone() -> None:
    assert sent_data(simulate(THREE, First(2, Cut(bytes=3)), n=2)) == b"dat"
    assert sent_data(simulate(THREE, First(2, Cut(bytes=3)), n=3)) == ALL
    assert First(1, RefuseConnections()).connect(2) is None
    assert First(1, Slice(1)).of_the_wire


def test_one_of_several_by_chance_the_same_for_the_same_seed() -> None:
    fault = OneOf((Pass(), Cut(bytes=3)))
    lengths = [[len(sent_data(simulate(THREE, fault, n=n, seed=seed))) for n in range(20)] for seed in (0, 0, 1)]
    assert lengths[0] == lengths[1] != lengths[2]
    assert set(lengths[0]) == {3, len(ALL)}


def test_a_doubled_event_comes_twice_however_it_is_cut() -> None:
    doubled = b"".join(event * 2 for event in THREE)
    for pieces in (THREE, [ALL], [ALL[n : n + 1] for n in range(len(ALL))]):
        assert sent_data(simulate(pieces, Duplicate())) == doubled
    assert sent_data(simulate([b": hi\n\n", *THREE], Duplicate(chance=0))) == b": hi\n\n" + ALL


def test_gzip_with_and_without_flush() -> None:
    flushed, held = simulate(THREE, Gzip()), simulate(THREE, Gzip(flush=False))
    assert gzip.decompress(sent_data(flushed)) == gzip.decompress(sent_data(held)) == ALL
    reader, read = zlib.decompressobj(wbits=31), []
    for item in flushed[:3]:
        assert isinstance(item.action, Send)
        read.append((item.at_s, reader.decompress(item.action.data)))
    assert read == [(0, THREE[0]), (1, THREE[1]), (2, THREE[2])]
    assert Gzip().head([("A", "b")]) == [("A", "b"), ("Content-Encoding", "gzip")]
    body = [item for item in held if isinstance(item.action, Send) and len(item.action.data) > 10]
    assert [item.at_s for item in body] == [2]  # nothing but gzip's own head before the end


def test_faults_in_a_row() -> None:
    assert times(Delay(1), HoldBytes(4096)) == [(3, ALL), (3, "clean")]
    assert times(HoldBytes(20), Cut(bytes=25)) == [(1, ALL[:20]), (2, ALL[20:25]), (2, "fin")]
    assert times(Cut(bytes=15), HoldBytes(10)) == [(0, ALL[:10]), (1, "fin")]  # what was held dies with the connection
    assert times(Cut(bytes=15, how="clean"), HoldBytes(10)) == [(0, ALL[:10]), (1, ALL[10:15]), (1, "clean")]
    assert times(Delay(5), IdleTimeout(2)) == [(5, THREE[0]), (6, THREE[1]), (7, THREE[2]), (7, "clean")]


def test_the_ends_of_events_are_those_of_the_standard() -> None:
    rng = Random(1)
    pieces = [b"data: a", b"data", b"event: x", b": c", b"dat", b"data x", b"\n", b"\r", b"\r\n", b"\n\n"]
    from labkit.wire import Event, explain

    for _ in range(500):
        raw = b"".join(rng.choices(pieces, k=rng.randint(1, 12)))
        events = sum(isinstance(step.signal, Event) and step.role == "blank" for step in explain(raw))
        assert len(EventEnds().feed(raw)) == events, raw
        ends = EventEnds()
        assert sum(len(ends.feed(raw[n : n + 1])) for n in range(len(raw))) == events, raw


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"\r\n"], ids=["LF", "CR", "CRLF"])
def test_an_event_ends_behind_the_whole_of_its_blank_line(line_end: bytes) -> None:
    event = b"data: a" + line_end * 2
    assert EventEnds().feed(event * 3) == [len(event), 2 * len(event), 3 * len(event)]
    ends = EventEnds()
    assert [ends.feed(event[:-1]), ends.feed(event[-1:])] == (
        [[len(event) - 1], []] if len(line_end) == 2 else [[], [1]]
    )


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Delay(-1), r"Delay\(seconds=-1\) is impossible"),
        (lambda: Delay(1, jitter_s=float("nan")), "jitter_s must be a number, zero or above"),
        (lambda: Throttle(0), r"Throttle\(bytes_per_s=0\)"),
        (lambda: Slice(0), r"Slice\(size=0\)"),
        (lambda: HoldBytes(-4096), r"HoldBytes\(size=-4096\)"),
        (lambda: HoldTime("1"), r"HoldTime\(seconds='1'\)"),
        (lambda: Cut(bytes=-1), r"Cut\(bytes=-1\)"),
        (lambda: Cut(bytes=1, how="gently"), r"ends by 'clean', 'fin', 'rst'"),
        (lambda: Cut(), "either bytes or events"),
        (lambda: Cut(bytes=1, events=1), "either bytes or events"),
        (lambda: Cut(bytes=1, into=1), "has no meaning"),
        (lambda: Cut(events=1, of_the_wire=True), "give bytes instead"),
        (lambda: Cut(bytes=1, how="clean", of_the_wire=True), "only the relay's body knows a clean end"),
        (lambda: Stall(-1), r"Stall\(bytes=-1\)"),
        (lambda: IdleTimeout(0), r"IdleTimeout\(seconds=0\)"),
        (lambda: TotalTimeout(1, "x"), r"TotalTimeout\(how='x'\)"),
        (lambda: FailFirst(-1), r"FailFirst\(n=-1\)"),
        (lambda: AnswerStatus((200, 99)), "a number from 200 to 599"),
        (lambda: AnswerStatus((199,)), "a number from 200 to 599"),
        (lambda: AnswerStatus((599, 600)), "a number from 200 to 599"),
        (lambda: Duplicate(1.5), "a chance is at most 1"),
        (lambda: Duplicate(-0.1), r"Duplicate\(chance=-0.1\)"),
        (lambda: First(0, Pass()), r"First\(n=0\)"),
        (lambda: OneOf(()), "one fault or more"),
        (lambda: OneOf((Pass(), Slice(1))), "all must be of the wire, or none"),
    ],
)
def test_an_impossible_fault_is_refused_when_it_is_built(make: Callable[[], Fault], why: str) -> None:
    with pytest.raises(LabError, match=why):
        make()
