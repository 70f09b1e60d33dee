"""Each verdict of lesson 02 holds for an honest server, and turns when the same function meets one that does the opposite."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from tornado.web import RequestHandler

from labkit.lab import send
from labkit.lab.lesson_02 import opens_with, opens_without, slow_reader
from labkit.lab.lesson_02.claims import (
    c02_headers_that_matter,
    c10_twenty_lines,
    c11_line_break_breaks_it,
    c63_bounded_for_slow_readers,
)
from labkit.lab.verdict import Verdict
from labkit.recording import Recording
from labkit.server import Channel, serve
from labkit.wire import Frame, encode

pytestmark = pytest.mark.live

RECOMMENDED = {"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}


def naive(tokens: list[str]) -> Recording:
    return asyncio.run(send(*[f"data: {token}\n\n".encode() for token in tokens]))


def repaired(tokens: list[str]) -> Recording:
    return asyncio.run(send(*[encode(Frame(data=token)) for token in tokens]))


def test_c02() -> None:
    assert c02_headers_that_matter(asyncio.run(opens_without(RECOMMENDED))).holds is True
    # A server that also sends the wrong type: now nothing opens, whatever is left out.
    wrong = RECOMMENDED | {"Content-Type": "text/plain"}
    assert c02_headers_that_matter(asyncio.run(opens_without(wrong))).holds is False


def test_c02_the_type_is_compared_exactly() -> None:
    assert asyncio.run(opens_with({"Content-Type": "Text/Event-Stream; charset=latin-1"}))
    assert not asyncio.run(opens_with({"Content-Type": "text/event-streams"}))


def test_c10() -> None:
    tokens = ["a", "b"]
    assert c10_twenty_lines("line\n" * 20, tokens, naive(tokens)).holds is True
    assert c10_twenty_lines("line\n" * 21, tokens, naive(tokens)).holds is False
    assert c10_twenty_lines("line\n" * 20, tokens, naive(["a"])).holds is False


def test_c11() -> None:
    poem = ["Roses", "are\nred"]
    assert c11_line_break_breaks_it(poem, naive(poem)).holds is True
    assert c11_line_break_breaks_it(poem, repaired(poem)).holds is False
    assert c11_line_break_breaks_it(["no break"], naive(["no break"])).holds is None


async def channel_against_sleeper() -> Verdict:
    channel = Channel()
    async with serve(channel) as server:
        samples = await slow_reader(server.url, channel.publish, lambda: channel.waiting_bytes, events=200)
        assert [visit.left for visit in channel.visits] == ["too slow: its buffer was full"]
    return c63_bounded_for_slow_readers([held for _, held in samples], channel.room_bytes, samples[-1][0])


async def queue_against_sleeper() -> Verdict:
    queue: asyncio.Queue[str] = asyncio.Queue()

    class Tutorial(RequestHandler):
        async def get(self) -> None:
            while True:
                self.write(await queue.get())
                await self.flush()

    def held() -> int:
        return queue.qsize() * 8192

    async with serve({"/": Tutorial}) as server:
        samples = await slow_reader(server.url, queue.put_nowait, held, events=1024)
    return c63_bounded_for_slow_readers([held for _, held in samples], 64 * 1024, samples[-1][0])


@pytest.mark.parametrize(("experiment", "holds"), [(channel_against_sleeper, True), (queue_against_sleeper, False)])
def test_c63(experiment: Callable[[], object], holds: bool, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("CRITICAL", logger="tornado")  # the tutorial's handler does not expect a client to leave
    assert asyncio.run(experiment()).holds is holds  # type: ignore[arg-type]


def test_c63_needs_enough_bytes_to_tell() -> None:
    assert c63_bounded_for_slow_readers([10], room_bytes=1000, published_bytes=500).holds is None
