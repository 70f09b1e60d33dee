from __future__ import annotations

import pytest

from labkit.check import Vector, vectors
from labkit.wire import Event, explain, signals


@pytest.mark.parametrize("vector", vectors(), ids=lambda vector: vector.name)
def test_the_oracle_knows_the_truth_table(vector: Vector) -> None:
    raw = b"".join(vector.chunks)
    steps = explain(raw)
    assert [step.signal for step in steps if isinstance(step.signal, Event)] == list(vector.events)
    assert b"".join(step.raw for step in steps) == raw
    assert [step.start for step in steps] == [sum(len(s.raw) for s in steps[:n]) for n in range(len(steps))]


def test_each_step_says_what_it_did_and_what_is_held_then() -> None:
    steps = explain(b"\xef\xbb\xbfevent: e\r\nid: 1\rdata: a\ndata\n\n: c\nfoo\nretry: 7\nid: \0\ndata: b\nda")
    assert [step.role for step in steps] == [
        "bom", "event", "id", "data", "data", "blank", "comment", "ignored", "retry", "ignored", "data", "unfinished", "unfinished",
    ]  # fmt: skip
    data = steps[4]
    assert (data.data_buffer, data.type_buffer, data.id_buffer) == ("a\n\n", "e", "1")
    blank = steps[5]
    assert (blank.data_buffer, blank.type_buffer, blank.id_buffer) == ("", "", "1")
    assert blank.signal == Event("a\n", "e", "1")
    assert steps[9].action == "ignored: an id with NUL is ignored, and the id before it stays"


def test_signals_are_the_steps_that_let_something_out() -> None:
    assert signals(b"data: a\n\ndata: b\n\n", "9") == [Event("a", "message", "9"), Event("b", "message", "9")]
