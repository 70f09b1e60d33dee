from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from labkit.wire import Comment, Decoder, Event, Frame, Ignored, Retry, encode

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
line = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\0"), max_size=20)


def read(raw: bytes, last_event_id: str = "") -> list[object]:
    return list(Decoder(last_event_id=last_event_id).feed(raw))


def test_the_bytes() -> None:
    assert encode(Frame(data="hi")) == b"data: hi\n\n"
    assert encode(Frame(data="")) == b"data: \n\n"
    assert encode(Frame(data="a\r\nb\rc\nd")) == b"data: a\ndata: b\ndata: c\ndata: d\n\n"
    everything = Frame(data="x", event="e", id="7", retry_ms=250, comment="c")
    assert encode(everything) == b": c\nevent: e\nid: 7\nretry: 250\ndata: x\n\n"
    assert encode(Frame(comment="two\nlines")) == b": two\n: lines\n\n"
    assert encode(Frame()) == b"\n"


def test_characters_that_only_python_takes_for_line_ends_stay() -> None:
    odd = "a\u2028b\u0085c\x0bd\x0ce"
    assert read(encode(Frame(data=odd))) == [Event(odd)]


@given(text, st.none() | line, st.none() | line)
def test_a_client_reads_what_was_written(data: str, event: str | None, id: str | None) -> None:
    arrived = re.sub("\r\n|\r", "\n", data)
    # An id of None leaves the one in force, "" clears it.
    in_force = "before" if id is None else id
    signals = read(encode(Frame(data=data, event=event, id=id)), last_event_id="before")
    assert signals == [Event(arrived, event or "message", in_force)]


@given(text)
def test_no_comment_becomes_anything_else(comment: str) -> None:
    assert all(isinstance(signal, Comment) for signal in read(encode(Frame(comment=comment))))


def test_retry_alone_is_heard() -> None:
    assert read(encode(Frame(retry_ms=0))) == [Retry(0)]
    assert not any(isinstance(signal, Ignored) for signal in read(encode(Frame(retry_ms=10**9))))
