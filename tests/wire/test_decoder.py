from __future__ import annotations

import pytest

from labkit.check import Vector, vectors
from labkit.errors import LimitExceeded
from labkit.wire import Comment, Decoder, Event, Ignored, Retry
from labkit.wire.values import MAX_RECONNECTION_MS

from .oracle import byte_by_byte, decode, expected, id_in_force, in_two

truth_table = pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.name)


@truth_table
def test_each_vector_whole_byte_by_byte_and_cut_in_two_at_every_place(vector: Vector) -> None:
    raw = b"".join(vector.chunks)
    for chunks in [vector.chunks, [raw], byte_by_byte(raw), *in_two(raw)]:
        decoder = Decoder()
        out, _ = decode(chunks, decoder)
        assert [signal for signal in out if isinstance(signal, Event)] == list(vector.events)
        assert decoder.last_event_id == vector.last_event_id
        assert decoder.reconnection_ms == vector.retry_ms


@truth_table
def test_nothing_arrives_later_than_the_byte_that_completes_it(vector: Vector) -> None:
    raw = b"".join(vector.chunks)
    decoder, out = Decoder(), []
    for place in range(len(raw)):
        out += decoder.feed(raw[place : place + 1])
        assert out == expected(raw[: place + 1])[0]


def test_there_are_44_vectors() -> None:
    assert len(vectors()) == 44


@pytest.mark.parametrize("raw", ["data: a\r\rdata: b\r\r", "id: 1\rdata: a\r\n\r\ndata: b\n\r"], ids=repr)
def test_a_cr_ends_the_line_at_once_and_swallows_a_later_lf(raw: str) -> None:
    for chunks in in_two(raw.encode()):
        assert decode([*chunks, b"", b"\n"])[0] == expected(raw.encode() + b"\n")[0]


def test_the_byte_order_mark_goes_once_and_only_at_the_start() -> None:
    bom = b"\xef\xbb\xbf"
    for chunks in in_two(bom + b"data: a\n\n"):
        assert decode(chunks)[0] == [Event("a")]
    assert decode([bom, bom + b"data: a\n\n"])[0] == [
        Ignored("\ufeffdata: a", "'\\ufeffdata' is no field of the standard")
    ]
    assert decode([b"data: \xef\xbb\xbfa\n\n"])[0] == [Event("\ufeffa")]
    assert decode([bom]) == ([], [])


def test_a_run_of_plain_events_with_one_that_is_not() -> None:
    for middle in (b"data: x\ndata: y", b"data: x\nid: 7", b"id: 7\ndata: x", b"event: e\ndata: x", b"data:x", b": c"):
        raw = b"data: a\n\ndata: b\n\n" + middle + b"\n\ndata: c\n\ndata: d"
        for chunks in [[raw], *in_two(raw)]:
            assert decode(chunks) == expected(raw), middle


def test_one_event_in_one_chunk_takes_every_short_cut_rightly() -> None:
    chunks = [b"data: a\n\n", b"id: 1\n\n", b"data: b\n\n", b"id: 2\ndata: c\n\n", b"event: e\ndata: d\n\n", b"event: \ndata: e\n\n",
              b"id: \ndata: f\n\n", b"id: \0\ndata: g\n\n", b"event: x\n", b"data: h\n\n", b"data: i\r\n\n", b"data: \xff\n\n",
              b"id: 3\n", b"data: j\n\n", b"data: k\r", b"\n\n", b"data: l\ndata: m\n\n", b"data: n\nid: 4\n\n",
              b"data: o\n: c\n\n", b"data: p\n\ndata: q\n\n", b"data: r\n\n\n"]  # fmt: skip
    decoder, fed = Decoder(), b""
    for chunk in chunks:
        decoder.feed(chunk)
        fed += chunk
        assert decoder.last_event_id == id_in_force(fed)
    assert decode(chunks) == expected(fed)


def test_the_end_of_the_stream_throws_away_what_is_open_and_a_new_one_begins() -> None:
    decoder = Decoder(last_event_id="0")
    assert decoder.feed(b"id: 1\ndata: a\n\nid: 2\ndata: b\nda") == [Event("a", "message", "1")]
    assert decoder.close() == [
        Ignored("da", "the stream ended before this line did"),
        Ignored("b", "the stream ended before a blank line"),
    ]
    assert decoder.last_event_id == "1"
    assert decoder.feed(b"\xef\xbb\xbfdata: c\n\n") == [Event("c", "message", "1")]


def test_the_id_of_an_earlier_connection_stays_in_force() -> None:
    assert Decoder(last_event_id="41").feed(b"data: a\n\n") == [Event("a", "message", "41")]
    assert Decoder(last_event_id="41").feed(b"id\ndata: a\n\n") == [Event("a", "message", "")]


@pytest.mark.parametrize(
    ("digits", "ms"),
    [("0", 0), ("0250", 250), ("2147483647", MAX_RECONNECTION_MS), ("2147483648", MAX_RECONNECTION_MS), ("9" * 5000, MAX_RECONNECTION_MS),
     ("0" * 5000 + "7", 7)],
    ids=lambda value: str(value)[:12],
)  # fmt: skip
def test_retry_is_clamped(digits: str, ms: int) -> None:
    raw = f"retry: {digits}\n".encode()
    assert decode([raw])[0] == expected(raw)[0] == [Retry(ms)]


@pytest.mark.parametrize("value", ["+5", "1_000", "５", "٣", "-1", "1.5", "", "2 ", "  2", "0x10"])
def test_retry_takes_ascii_digits_only(value: str) -> None:
    raw = f"retry: {value}\n".encode()
    decoder = Decoder()
    (signal,) = decoder.feed(raw)
    assert isinstance(signal, Ignored) and [signal] == expected(raw)[0]
    assert decoder.reconnection_ms is None


class TestLimit:
    @pytest.mark.parametrize("end", [b"", b"\n", b"\n\ndata: c\n\n"], ids=["no line end", "a line end", "more events"])
    def test_what_was_complete_comes_first_and_the_next_call_raises(self, end: bytes) -> None:
        decoder = Decoder(max_event_bytes=20)
        complete = [Event("a"), Event("b", last_event_id="1")]
        assert decoder.feed(b"data: a\n\nid: 1\ndata: b\n\ndata: " + b"x" * 30 + end) == complete
        for call in (lambda: decoder.feed(b"\n\n"), lambda: decoder.feed(b""), decoder.close):
            with pytest.raises(LimitExceeded, match="20 bytes"):
                call()

    def test_it_raises_at_once_where_there_is_nothing_to_return(self) -> None:
        with pytest.raises(LimitExceeded):
            Decoder(max_event_bytes=20).feed(b"x" * 21)

    @pytest.mark.parametrize(
        ("raw", "fits"),
        [(b"data: " + b"x" * 14 + b"\n\n", True), (b"data: " + b"x" * 15 + b"\n\n", False),
         (b"data: abcd\ndata: efgh\n\n", True), (b"data: abcd\ndata: efghi\n\n", False),
         (b": " + b"x" * 19 + b"\n\n", False), (b"data: abcd\n: 4567890\n\n", True), (b"data: abcd\n: 4567890__\n\n", False),
         (b"data: a\n\n" * 50, True), (b":\n" * 500, True), (b"data\n" * 5 + b"\n", True), (b"data\n" * 6 + b"\n", False),
         ("data: €€€€\n\n".encode(), True), ("data: €€€€€\n\n".encode(), False)],
        ids=lambda value: repr(value)[:30],
    )  # fmt: skip
    def test_the_answer_does_not_depend_on_the_cuts(self, raw: bytes, fits: bool) -> None:
        for chunks in [[raw], byte_by_byte(raw), *in_two(raw), *([b"id: 1\n\n", *chunks] for chunks in in_two(raw))]:
            decoder = Decoder(max_event_bytes=20)
            if fits:
                assert decode(chunks, decoder)[1] == []
            else:
                with pytest.raises(LimitExceeded):
                    decode(chunks, decoder)

    def test_it_holds_no_more_than_the_limit(self) -> None:
        decoder = Decoder(max_event_bytes=1000)
        with pytest.raises(LimitExceeded):
            for _ in range(200):
                decoder.feed(b"data: 0123456789\n")
        assert not decoder._data and not decoder._line


def test_a_broken_stream_never_raises() -> None:
    assert decode([b"\xff\xfe\0\n", b"\x80: \xe2\x82\n", b"data: \xe2\x82", b"\n\n"])[0][-1] == Event("\ufffd")


def test_comments_are_signals() -> None:
    assert Decoder().feed(b":\n: hi\n:hi\n:  hi\n") == [Comment(""), Comment("hi"), Comment("hi"), Comment(" hi")]
