"""Each verdict of lesson 07 turns when somebody does the opposite."""

from __future__ import annotations

import json
from dataclasses import replace

from labkit.lab.lesson_07.accents import ACCENTS, by_format, by_habit, understood
from labkit.lab.lesson_07.claims import (
    c45_done_ends_it,
    c46_named_events,
    c47_lines_of_json,
    c48_same_code,
    c49_first_token,
    c50_continues,
    c51_cancels,
    c52_error_under_200,
    c53_partial_is_state,
)
from labkit.lab.lesson_07.streamed_answers import Streamed, streamed
from labkit.recording import Recording
from labkit.recording.recording import Arrival

USAGE = json.dumps({"choices": [], "usage": {"completion_tokens": 2}})


def said(*datas: str, names: tuple[str, ...] = (), status: int = 200) -> Recording:
    """A recording of these events, one every second."""
    blocks = (
        [f"event: {name}\ndata: {data}\n\n" for name, data in zip(names, datas, strict=True)]
        if names
        else [f"data: {data}\n\n" for data in datas]
    )
    return Recording(status, {}, tuple(Arrival(float(n), block.encode()) for n, block in enumerate(blocks, 1)))


def delta(text: str) -> str:
    return json.dumps({"choices": [{"delta": {"content": text}}]})


def named(*types: str) -> Recording:
    return said(*(json.dumps({"type": kind}) for kind in types), names=types)


OPENAI = said(delta("a"), delta("b"), "[DONE]")
ANTHROPIC = named("message_start", "ping", "message_stop")
LINES = Recording(200, {}, (Arrival(1.0, b'{"done": false}\n{"done": true}\n'),))


def test_an_answer_says_when_and_whether_it_was_whole() -> None:
    answer = streamed(OPENAI)
    assert (answer.text, answer.at_s, answer.complete) == ("ab", [1.0, 2.0], True)
    assert repr(answer) == "2 pieces: the first after 1.00 s, the last after 2.00 s; whole"
    assert repr(streamed(said(delta("a")))).endswith("not whole: stopped")  # it is still open
    for finish, ending in (("length", "length"), ("stop", "finished")):
        data = json.dumps({"choices": [{"delta": {"content": "a"}, "finish_reason": finish}]})
        answer = streamed(replace(said(data, "[DONE]"), ended=True))
        assert (answer.ending, answer.complete) == (ending, ending == "finished")
    answer = streamed(replace(LINES, arrivals=(Arrival(1.0, b'{"message": {"content": "a"}, "done": fal'), Arrival(2.0, b"se}")),
                              headers={"content-type": "application/x-ndjson"}, ended=True, end_s=2.0))  # fmt: skip
    assert (answer.text, answer.at_s, answer.ending) == ("a", [2.0], "unfinished")
    assert repr(streamed(said("x", status=401))) == "no piece of an answer (status 401)"


def test_c45() -> None:
    assert c45_done_ends_it(OPENAI).holds
    assert not c45_done_ends_it(said(delta("a"))).holds
    assert not c45_done_ends_it(ANTHROPIC).holds and not c45_done_ends_it(said()).holds


def test_c46() -> None:
    assert c46_named_events(ANTHROPIC).holds
    assert not c46_named_events(OPENAI).holds and not c46_named_events(said()).holds
    assert not c46_named_events(named("message_start", "ping")).holds


def test_c47() -> None:
    assert c47_lines_of_json(LINES).holds
    assert not c47_lines_of_json(OPENAI).holds and not c47_lines_of_json(said()).holds


def test_c48() -> None:
    good, bad = understood(by_format), understood(by_habit)
    assert set(good.values()) == {"whole"} and list(bad.values()).count("whole") == 1 and len(good) == len(ACCENTS)
    assert c48_same_code(good, bad).holds and not c48_same_code(bad, bad).holds and not c48_same_code({}, bad).holds
    assert set(understood(lambda raw: "something").values()) == {"other text"}


def test_c49() -> None:
    late = Streamed(OPENAI, ["a", "b"], [3.0, 3.0], True, "")
    assert c49_first_token(streamed(OPENAI), late).holds
    assert not c49_first_token(streamed(OPENAI), streamed(OPENAI)).holds
    assert not c49_first_token(streamed(OPENAI), replace(late, pieces=["a"])).holds
    assert c49_first_token(streamed(OPENAI), streamed(said())).holds is None


def test_c50() -> None:
    assert c50_continues("ab", "ab", 3, 1).holds
    assert not c50_continues("ab", "aab", 3, 1).holds and not c50_continues("ab", "ab", 3, 2).holds
    assert c50_continues("ab", "ab", 1, 1).holds is None


def test_c51() -> None:
    assert c51_cancels(5, 14, 80).holds
    assert not c51_cancels(5, 80, 80).holds and not c51_cancels(5, 4, 80).holds


def test_c52() -> None:
    error = json.dumps({"error": {"message": "overloaded"}})
    assert c52_error_under_200(streamed(said(delta("a"), error))).holds
    assert not c52_error_under_200(streamed(said(delta("a"), error, status=500))).holds
    assert not c52_error_under_200(streamed(OPENAI)).holds
    assert not c52_error_under_200(streamed(said(error))).holds


def test_c53() -> None:
    half, whole = streamed(said(delta("a"))), streamed(said(delta("a"), delta("b"), USAGE, "[DONE]"))
    assert c53_partial_is_state(half, whole, 10).holds
    assert not c53_partial_is_state(half, whole, 1).holds
    assert not c53_partial_is_state(whole, whole, 10).holds
    assert not c53_partial_is_state(half, streamed(OPENAI), 10).holds  # nobody was ever told a bill
    assert not c53_partial_is_state(streamed(said(delta("a"), USAGE)), whole, 10).holds
