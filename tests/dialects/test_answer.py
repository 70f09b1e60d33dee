"""What an answer is and how it ended, in every dialect."""

from __future__ import annotations

import json

import pytest

from labkit.dialects import ModelAnswer, TokenCounts
from labkit.wire import Decoder, Event

from .streams import STREAMS, ModelStream


def read(stream: ModelStream) -> ModelAnswer:
    """The answer in a stream."""
    answer = ModelAnswer()
    if stream.lines:
        *whole, _ = stream.body.decode().split("\n")
        for line in whole:
            answer.feed_line(line)
    else:
        for signal in Decoder().feed(stream.body):
            if isinstance(signal, Event):
                answer.feed_event(signal)
    answer.close(broken=stream.broken)
    return answer


COUNTS = {
    "chat: stop": (3, 2), "chat: the usage in every chunk": (3, 2), "anthropic: end_turn": (3, 2),
    "responses: completed": (3, 2), "gemini: STOP": (3, 2), "cohere: COMPLETE": (3, 2), "generate: eos_token": (None, 3),
    "dify: a chat": (3, 2), "ag-ui: thoughts, and what a subagent says": (4, 2), "ollama: stop, in lines": (3, 2), "gemini: the question is blocked": (3, None),
}  # fmt: skip


@pytest.mark.parametrize("name", COUNTS)
def test_what_is_billed_is_told_in_every_dialect(name: str) -> None:
    (stream,) = [stream for stream in STREAMS if stream.name == name]
    assert read(stream).token_counts == TokenCounts(*COUNTS[name])


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_every_stream_is_called_what_it_is(stream: ModelStream) -> None:
    answer = read(stream)
    assert (answer.ending, answer.text) == (stream.ending, stream.text)
    assert (answer.reasoning, answer.refusal) == (stream.reasoning, stream.refusal)
    given = [(call.name, json.loads(call.arguments)) for call in answer.tool_calls]
    assert given == [(name, json.loads(arguments)) for name, arguments in stream.tool_calls]
    assert stream.why in answer.why and bool(answer.why) is (stream.ending != "finished")
    assert bool(answer.notes) is stream.is_odd
    assert ("so it is with" in answer.why) is (len(answer.choices) > 1 and stream.ending != "finished")
    dialect = stream.name.partition(":")[0]
    is_told = answer.choices or answer.token_counts.prompt_tokens or dialect in ("ag-ui", "dify", "mcp")
    assert answer.dialect == (dialect if is_told else "")
    if stream.choices:
        assert tuple(answer.choices[index].text for index in sorted(answer.choices)) == stream.choices
