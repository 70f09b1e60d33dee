"""Who ends an iteration: close() from elsewhere, or a cancellation that is not ours to swallow."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from labkit.client import EventSource
from labkit.clock import ImpatientClock
from labkit.wire import Event

STREAM = {"content-type": "text/event-stream"}


class Server(httpx.AsyncBaseTransport):
    """Gives one answer, or fails with it."""

    def __init__(self, answer: httpx.Response | Exception) -> None:
        self.answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def test_a_reader_that_is_cancelled_by_others_is_cancelled() -> None:
    async def main() -> None:
        answer = httpx.Response(200, headers=STREAM, stream=Never())
        async with EventSource("http://stream.test/", transport=Server(answer)) as source:
            async for _ in source:
                pass

    async def cancel() -> None:
        reading = asyncio.create_task(main())
        await asyncio.sleep(0.05)
        reading.cancel()
        await reading

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())


class Never(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"data: a\n\n"
        await asyncio.sleep(3600)


@pytest.mark.parametrize(
    "where",
    [lambda: httpx.Response(200, headers=STREAM, stream=Never()), lambda: httpx.ConnectError("refused")],
    ids=["while reading", "while waiting"],
)
def test_close_from_elsewhere_ends_the_iteration(where: Callable[[], Any]) -> None:
    class Slow(ImpatientClock):
        async def sleep_s(self, seconds: float) -> None:
            await asyncio.sleep(3600)

    async def main() -> str:
        source = EventSource("http://stream.test/", transport=Server(where()), clock=Slow())

        async def read() -> list[Event]:
            return [event async for event in source]

        reading = asyncio.create_task(read())
        await asyncio.sleep(0.05)
        await source.close()
        await asyncio.wait_for(reading, 5)
        return source.state

    assert asyncio.run(main()) == "closed"
