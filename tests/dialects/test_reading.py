"""What one event says; and that no event, however wrong, makes a reader raise."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labkit.dialects import (
    ENDING_SENTENCES,
    EndMark,
    Failed,
    Finish,
    ModelAnswer,
    Oddity,
    Part,
    Reasoning,
    Text,
    TokenCounts,
    ToolCall,
    WholeCharacters,
    dialect_of,
    mended,
    read_event,
    read_line,
)  # fmt: skip
from labkit.wire import Decoder, Event

from .streams import DONE, STREAMS, USAGE, A, chat

EVENTS = [
    signal
    for stream in STREAMS
    if not stream.lines
    for signal in Decoder().feed(stream.body)
    if isinstance(signal, Event)
]
VALUES = [json.loads(event.data) for event in EVENTS if event.data.startswith("{")]
TYPES = sorted({event.type for event in EVENTS})
NAMES = sorted({name for value in VALUES for name in value} | {"delta", "content", "function", "finish_reason", "text"})
WRONG: list[Any] = [
    None,
    True,
    7,
    -1.5,
    "\ud800",
    "error",
    [],
    [None],
    [[1]],
    {},
    {"a": [1]},
    {"error": {"message": 7}},
]


def spoilt(value: Any) -> Iterator[Any]:
    """The value with something wrong in each place of it, one after the other."""
    yield from WRONG
    for place in range(len(value)) if isinstance(value, list) else value if isinstance(value, dict) else ():
        copy: Any = list(value) if isinstance(value, list) else dict(value)
        for wrong in spoilt(value[place]):
            copy[place] = wrong
            yield copy


def test_something_wrong_in_any_place_of_any_event_raises_nothing() -> None:
    tried = 0
    for data in {json.dumps(value) for value in VALUES}:
        for wrong in spoilt(json.loads(data)):
            event, answer = Event(json.dumps(wrong)), ModelAnswer()
            assert all(isinstance(part, Part) for part in answer.feed_event(event))
            answer.close()
            assert answer.ending in ENDING_SENTENCES
            tried += 1
    assert tried > 10_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(WRONG),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
)  # fmt: skip


@given(st.lists(st.tuples(JSON.map(json.dumps) | st.text(), st.sampled_from(TYPES)), max_size=6), st.booleans())
def test_nothing_that_arrives_raises(events: list[tuple[str, str]], broken: bool) -> None:
    answer = ModelAnswer()
    for data, kind in events:
        for part in answer.feed_event(Event(data, kind)):
            assert isinstance(part, Part)
        answer.feed_line(data)
    answer.close(broken=broken)
    assert answer.ending in ENDING_SENTENCES
    for text in (answer.text, answer.reasoning, answer.refusal, answer.why, *answer.notes):
        text.encode()
    assert all(isinstance(call.arguments, str) and call.arguments is not None for call in answer.tool_calls)


@pytest.mark.parametrize("depth", [500, 900, 990, 5000])
@pytest.mark.parametrize("name", ["error", "choices", "candidates", "message", "text", "tool_call"])
def test_deep_nesting_is_no_text(name: str, depth: int) -> None:
    for value in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        event = Event(f'{{"{name}": {value}, "done": true, "arguments": {value}}}')
        assert not any(isinstance(part, Text) for part in read_event(event))
        args = '{"choices": [{"delta": {"tool_calls": [{"function": {"name": "x", "arguments": %s}}]}}]}'
        read_event(Event(args % value))


def test_what_keeps_the_line_open_is_no_part_and_what_nobody_knows_is_an_oddity() -> None:
    assert read_event(Event('{"type": "ping"}', "ping")) == read_event(Event('{"type": "keepalive"}')) == []
    for data, why in ((" ", "empty data"), ("keep-alive", "no JSON"), ("[]", "no object"), ('{"a": 1}', "no")):
        (part,) = read_event(Event(data))
        assert isinstance(part, Oddity) and why in part.why
    assert read_line("") == [] and read_event(Event(DONE)) == read_event(Event("[DONE]\r ")) == [EndMark(DONE)]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ({"choices": 7}, "choices that are no objects"),
        ({"choices": [None]}, "choices that are no objects"),
        ({"choices": [{"delta": "x"}]}, "a delta that is no object"),
    ],
)
def test_a_chunk_that_makes_no_sense_is_an_oddity(value: object, why: str) -> None:
    assert [part.why for part in read_event(Event(json.dumps(value))) if isinstance(part, Oddity)] == [why]


def test_no_part_is_empty() -> None:
    empty = {"content": [{"text": "", "refusal": "", "thinking": ""}, ""], "tool_calls": [{"index": 0}], "refusal": ""}
    assert read_event(Event(json.dumps({"choices": [{"delta": empty}]}))) == []
    for kind, delta in (("output_text", ""), ("function_call_arguments", ""), ("mcp_call_arguments", "{}")):
        assert read_event(Event(json.dumps({"type": f"response.{kind}.delta", "delta": delta}))) == []
    for event in EVENTS:
        for part in read_event(event):
            assert part != Text("") and part != Reasoning("") and part != TokenCounts(None, None)


def test_a_message_beside_a_delta_is_not_read_twice() -> None:
    answer, message = ModelAnswer(), {"content": "whole"}
    choice = {"index": 0, "delta": {"content": "piece"}, "message": message}
    assert answer.feed_event(Event(json.dumps({"choices": [choice]}))) == [Text("piece")]


def test_numbers_that_are_none_are_not_counted() -> None:
    assert read_event(Event(json.dumps(USAGE))) == [TokenCounts(3, 2)]
    for wrong in (True, -1, "3", 1.5, None):
        assert read_event(Event(json.dumps({**USAGE, "usage": {"prompt_tokens": wrong}}))) == []


def test_a_dialect_is_told_only_by_what_belongs_to_it() -> None:
    assert dialect_of(Event(json.dumps(A))) == "chat"
    for data in (
        DONE, '{"error": "x"}', '{"choices": [{"text": "Paris"}, {"text": "Rome"}]}',
        '{"question": "?", "choices": ["a", "b"]}', '{"candidates": ["Ann", {"name": "Bob"}]}',
        '{"done": true, "message": "moved"}', '{"token": "abc"}', '{"type": "done"}', '{"text": "a", "by": "Ann"}',
        '{"type": "RUN_FINISHED", "job": 1}', '{"type": "CUSTOM", "name": "x"}', '{"event": "message", "text": "hi"}',
        '{"event": "ping"}', '{"jsonrpc": "2.0", "id": 1, "result": "0x1"}', '{"jsonrpc": "2.0", "method": "eth_log"}',
        '{"jsonrpc": "2.0", "id": 1, "result": {"kind": "status-update", "messages": []}}',
    ):  # fmt: skip
        assert dialect_of(Event(data)) == "", data


def test_the_answer_has_counts_and_notes_and_takes_nothing_after_its_end() -> None:
    answer = ModelAnswer()
    for data in ("", json.dumps(A), "", json.dumps(USAGE)):
        answer.feed_event(Event(data))
    assert (answer.ending, answer.why, answer.dialect) == ("", "", "chat")
    assert answer.feed_event(Event(DONE)) == [EndMark(DONE)]
    assert answer.notes == ["2 events left out: empty data", "no reason was given for the end"]
    assert answer.token_counts == TokenCounts(3, 2)
    assert answer.feed_event(Event('{"error": "too late"}')) == [] and answer.ending == "finished"
    answer.close(broken=True)
    answer.close(broken=True)
    assert (answer.ending, answer.dialect, len(answer.notes)) == ("finished", "chat", 2)


def test_the_word_for_a_failure_is_the_kind_of_the_error() -> None:
    answer = ModelAnswer()
    answer.feed_event(Event(json.dumps(chat("a", "stop"))))
    answer.feed_event(Event('{"error": {"message": "busy", "type": "server_error"}}'))
    answer.close()
    answer.close()
    assert (answer.ending, answer.reason, answer.why) == ("failed", "server_error", "the model says: busy")


def test_the_worst_of_two_reasons_is_told() -> None:
    answer = ModelAnswer()
    for reason in ("stop", "length", "stop"):
        answer.feed_event(Event(json.dumps(chat(finish=reason))))
    answer.close()
    answer.close()
    assert (answer.ending, answer.reason, answer.notes) == ("length", "length", ["the end mark is missing"])


def test_parts_stand_in_the_order_of_their_event() -> None:
    value = chat("a", "stop", reasoning="b", tool_calls=[{"index": 1, "id": "c", "function": {"name": "n"}}])
    expected: list[Part] = [Reasoning("b"), Text("a"), ToolCall(1, "c", "n"), Finish("finished", "stop")]
    assert read_event(Event(json.dumps(value))) == expected
    assert read_event(Event(json.dumps({**value, "error": {"message": "x", "code": 7}}))) == [
        *expected,
        Failed("x", "7"),
    ]


@given(st.lists(st.text(max_size=3) | st.sampled_from(["\ud83d", "\ude00"]), max_size=6))
def test_characters_are_whole_wherever_they_are_cut(pieces: list[str]) -> None:
    characters = WholeCharacters()
    parts = [*map(characters.feed, pieces), characters.close()]
    assert "".join(parts) == mended("".join(pieces))
    for part in parts:
        part.encode()
