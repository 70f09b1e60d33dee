"""What an answer is and how it ended, in every dialect."""

from __future__ import annotations

import json

import pytest

from labkit.dialects import ModelAnswer
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


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_every_stream_is_called_what_it_is(stream: ModelStream) -> None:
    answer = read(stream)
    assert (answer.ending, answer.text) == (stream.ending, stream.text)
    assert (answer.reasoning, answer.refusal) == (stream.reasoning, stream.refusal)
    assert tuple((call.name, call.arguments) for call in answer.tool_calls) == stream.tool_calls
    for _, arguments in stream.tool_calls:
        json.loads(arguments)
    assert stream.why in answer.why and bool(answer.why) is (stream.ending != "finished")
    assert bool(answer.notes) is stream.is_odd
    if stream.choices:
        assert tuple(answer.choices[index].text for index in sorted(answer.choices)) == stream.choices
