"""Whoever reads a model's answer calls its end the same: the upstream, the doctor, and the lessons."""

from __future__ import annotations

import asyncio
import json

import pytest

from labkit.dialects import Ending, Finish, Oddity, Part, Reasoning, Refusal, Text, ToolCall, worst_ending
from labkit.doctor import judge
from labkit.lab.lesson_07 import streamed
from labkit.llm import Upstream, UpstreamFailed
from labkit.llm.model_request import ModelRequest, Turn
from labkit.recording import Arrival, Recording
from labkit.server import serve

from .replay import Replay
from .streams import STREAMS, ModelStream

EVENTS = [stream for stream in STREAMS if not stream.lines]
CAUSES: dict[Ending, str] = {
    "failed": "llm-error", "unfinished": "llm-unfinished", "broken": "llm-unfinished", "filtered": "llm-filtered",
    "refused": "llm-refused", "length": "llm-length", "other": "llm-other-end",
}  # fmt: skip
by_name = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)


class Received:
    """What an upstream made of a stream."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.problem: UpstreamFailed | None = None

    @property
    def ending(self) -> Ending:
        """How it ended: as the worst of its choices, or as the error says."""
        if self.problem is not None:
            return self.problem.ending
        return worst_ending(part.ending for part in self.parts if isinstance(part, Finish))

    def said(self, kind: type[Text] | type[Reasoning] | type[Refusal], choice: int = 0) -> str:
        """The text of this kind."""
        return "".join(part.text for part in self.parts if isinstance(part, kind) and part.choice == choice)

    @property
    def tool_calls(self) -> list[tuple[str, object]]:
        """The name and the arguments of each tool call of the first choice, put together by their number alone."""
        calls: dict[int, list[str]] = {}
        for part in self.parts:
            if isinstance(part, ToolCall):
                call = calls.setdefault(part.number, ["", ""])
                call[0] += part.name
                call[1] += part.arguments
        return [(name, json.loads(arguments)) for name, arguments in calls.values()]


async def received(base_url: str) -> Received:
    """All parts that an upstream at this URL gives."""
    got = Received()
    try:
        async for part in Upstream(base_url, "any").parts(ModelRequest((Turn("user", "?"),))):
            got.parts.append(part)
    except UpstreamFailed as problem:
        got.problem = problem
    return got


@pytest.fixture(scope="module")
def from_upstream() -> dict[str, Received]:
    """What an upstream makes of each stream, all of them asked for from one server."""

    async def main() -> dict[str, Received]:
        paths = {stream.name: f"/{number}" for number, stream in enumerate(EVENTS)}
        routes = {f"{paths[stream.name]}/chat/completions": (Replay, {"stream": stream}) for stream in EVENTS}
        async with serve(routes) as server:
            return {name: await received(server.base_url + path) for name, path in paths.items()}

    return asyncio.run(main())


def recorded(stream: ModelStream) -> Recording:
    """The stream as a client records it."""
    headers = {"content-type": "application/x-ndjson" if stream.lines else "text/event-stream"}
    arrivals = (Arrival(0.1, stream.body[:40]), Arrival(0.2, stream.body[40:]))
    broken = "cut" if stream.broken else ""
    return Recording(200, headers, arrivals, ended=not stream.broken, broken=broken, end_s=0.3)


@pytest.mark.parametrize("stream", EVENTS, ids=lambda stream: stream.name)
def test_an_upstream_passes_on_what_came_and_how_it_ended(
    stream: ModelStream, from_upstream: dict[str, Received]
) -> None:
    got = from_upstream[stream.name]
    assert got.ending == stream.ending, got.problem
    said = got.said(Text), got.said(Reasoning), got.said(Refusal)
    assert said == (stream.text, stream.reasoning, stream.refusal)
    assert stream.choices in ((), tuple(got.said(Text, index) for index in range(len(stream.choices))))
    assert got.tool_calls == [(name, json.loads(arguments)) for name, arguments in stream.tool_calls]
    assert any(isinstance(part, Oddity) for part in got.parts) is (stream.is_odd and got.problem is None)
    if got.problem is not None and stream.ending == "failed":
        assert stream.why in str(got.problem)


@by_name
def test_the_lessons_call_it_so(stream: ModelStream) -> None:
    answer = streamed(recorded(stream))
    assert (answer.text, answer.ending, answer.complete) == (stream.text, stream.ending, stream.ending == "finished")
    assert bool(answer.error) is (answer.answer.failure is not None)


@pytest.mark.parametrize("stream", EVENTS, ids=lambda stream: stream.name)
def test_the_doctor_names_the_cause(stream: ModelStream) -> None:
    names = [finding.name for finding in judge(recorded(stream)).findings]
    found = [name for name in names if name.startswith("llm-")]
    if stream.name in ("labkit: cut", "nothing at all") or stream.name.startswith(
        "mcp:"
    ):  # which may be a stream of anybody
        assert found == []
    elif stream.ending in CAUSES:
        assert found == [CAUSES[stream.ending]]
    else:
        assert found == (["llm-odd"] if stream.is_odd else [])


def test_the_table_has_every_ending_and_enough_streams() -> None:
    assert {stream.ending for stream in STREAMS} == set(Ending.__args__)  # type: ignore[attr-defined]
    assert len({stream.name for stream in STREAMS}) == len(STREAMS) >= 100
