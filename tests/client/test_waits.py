"""A wait that is cancelled loses nothing; a reader that is cancelled keeps no connection."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import httpx
import pytest

from labkit.client import EventSource, LongPolling, Polling, Source, WebSocketSource
from labkit.clock import ImpatientClock
from labkit.errors import LabError, StreamLost
from labkit.server import Channel, long_polling, polling, serve, websocket

from ..helpers import soon

STREAM = {"content-type": "text/event-stream"}
CLIENTS: dict[str, tuple[str, Callable[..., Source]]] = {
    "EventSource": ("/events", EventSource),
    "WebSocketSource": ("/socket", WebSocketSource),
    "LongPolling": ("/wait", LongPolling),
    "Polling": ("/poll", lambda url, **settings: Polling(url, every_s=0.005, **settings)),
}
clients = pytest.mark.parametrize("path, client", CLIENTS.values(), ids=CLIENTS)


class Trickle(httpx.AsyncByteStream):
    """Numbered events, a random few in each chunk, cut anywhere; `pause` is awaited before each chunk."""

    def __init__(self, count: int, pause: Callable[[], Coroutine[Any, Any, None]], seed: int = 0) -> None:
        self.body = b"".join(b"id: %d\ndata: %d\n\n" % (n, n) for n in range(count))
        self.pause, self.random, self.closed = pause, random.Random(seed), False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        at = 0
        while at < len(self.body):
            await self.pause()
            size = self.random.randrange(1, 400)
            yield self.body[at : at + size]
            at += size
        await asyncio.sleep(3600)

    async def aclose(self) -> None:
        self.closed = True


def source_of(body: httpx.AsyncByteStream, **settings: Any) -> EventSource:
    requests = itertools.count()

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=STREAM, stream=body) if next(requests) == 0 else httpx.Response(204)

    return EventSource("http://stream.test/", transport=httpx.MockTransport(answer), clock=ImpatientClock(), **settings)


async def wait_for(source: Source, seconds: float) -> str:
    return (await asyncio.wait_for(anext(source), seconds)).data


async def timeout(source: Source, seconds: float) -> str:
    async with asyncio.timeout(seconds):
        return (await anext(source)).data


async def task_that_is_cancelled(source: Source, seconds: float) -> str:
    waiting: asyncio.Task[Any] = asyncio.ensure_future(anext(source))
    done, _ = await asyncio.wait([waiting], timeout=seconds)
    if not done:
        waiting.cancel()
        await asyncio.wait([waiting])
        if waiting.cancelled():
            raise TimeoutError
    return str(waiting.result().data)


@pytest.mark.parametrize("wait", [wait_for, timeout, task_that_is_cancelled])
def test_a_thousand_timeouts_lose_no_event_and_double_none(
    wait: Callable[[Source, float], Coroutine[Any, Any, str]],
) -> None:
    async def main() -> None:
        rng, timeouts, got = random.Random(1), 0, list[str]()

        async def pause() -> None:
            # So many turns of the loop that a wait of no time is over, now before the chunk and now after it.
            for _ in range(rng.randrange(6)):
                await asyncio.sleep(0)

        async with source_of(Trickle(10_000, pause)) as source:
            while len(got) < 10_000:
                try:
                    got.append(await wait(source, rng.choice((0, 0, 1e-6, 30))))
                except TimeoutError:
                    timeouts += 1
            assert got == [str(n) for n in range(10_000)]
            assert timeouts >= 1000 and source.connections == 1 and source.state == "open"

    asyncio.run(main())


@clients
def test_a_timeout_ends_no_client(path: str, client: Callable[..., Source]) -> None:
    async def main() -> None:
        channel = Channel(heartbeat_s=60)
        routes = {
            "/events": channel, "/socket": websocket(channel), "/wait": long_polling(channel), "/poll": polling(channel),
        }  # fmt: skip
        async with serve(routes) as server, client(server.base_url + path, last_event_id="e-0") as source:
            await asyncio.wait_for(anext(source), 5)  # the gap: the stream is open
            got = list[str]()
            for number in range(20):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(anext(source), 0.001)
                channel.publish(str(number))
                got.append((await asyncio.wait_for(anext(source), 5)).data)
            assert got == [str(number) for number in range(20)]
            assert source.connections == 1 and source.state == "open"

    asyncio.run(main())


def never() -> Trickle:
    return Trickle(3, lambda: asyncio.sleep(0))


async def read_all(source: Source) -> None:
    async for _ in source:
        pass


def test_a_reader_that_is_cancelled_leaves_the_connection_and_who_reads_on_resumes() -> None:
    async def main() -> None:
        body, sent = never(), list[str | None]()

        def answer(request: httpx.Request) -> httpx.Response:
            sent.append(request.headers.get("last-event-id"))
            return httpx.Response(200, headers=STREAM, stream=body if len(sent) == 1 else Trickle(5, body.pause))

        source = EventSource("http://stream.test/", transport=httpx.MockTransport(answer))
        reading = asyncio.create_task(read_all(source))
        await soon(lambda: source.last_event_id == "2")
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        await soon(lambda: body.closed)
        assert source.state == "connecting"
        assert (await anext(source)).data == "0" and sent == [None, "2"]
        await source.close()

    asyncio.run(main())


def test_what_costs_is_not_asked_for_again_when_its_reader_was_cancelled() -> None:
    async def main() -> None:
        body = never()
        source = source_of(body, method="POST")
        reading = asyncio.create_task(read_all(source))
        await soon(lambda: source.last_event_id == "2")
        reading.cancel()
        await asyncio.wait([reading])
        await soon(lambda: body.closed)
        with pytest.raises(StreamLost, match="not asked for again"):
            await anext(source)
        assert source.connections == 1 and source.state == "closed"

    asyncio.run(main())


def test_a_group_that_is_cancelled_ends_at_once_and_leaves_no_task() -> None:
    async def main() -> None:
        body = never()

        async def read() -> None:
            async with source_of(body) as source:
                await read_all(source)

        async def fail() -> None:
            await asyncio.sleep(0.02)
            raise ValueError("enough")

        async with asyncio.timeout(5):
            with pytest.raises(ExceptionGroup):
                async with asyncio.TaskGroup() as group:
                    group.create_task(read())
                    group.create_task(fail())
        assert body.closed
        await soon(lambda: asyncio.all_tasks() == {asyncio.current_task()})

    asyncio.run(main())


@pytest.mark.parametrize("turns", range(12))
def test_a_reader_can_be_cancelled_at_every_step(turns: int) -> None:
    async def main() -> None:
        body = never()

        async def read() -> None:
            async with source_of(body) as source:
                await read_all(source)

        reading = asyncio.create_task(read())
        for _ in range(turns):
            await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        # One turn more: httpx leaves a generator of its own to the loop.
        await soon(lambda: asyncio.all_tasks() == {asyncio.current_task()})

    asyncio.run(main())


def test_two_tasks_that_wait_at_once_are_told_so() -> None:
    async def main() -> None:
        async with source_of(Trickle(0, lambda: asyncio.sleep(0))) as source:
            first: asyncio.Task[Any] = asyncio.ensure_future(anext(source))
            await asyncio.sleep(0)
            with pytest.raises(LabError, match="one task iterates"):
                await anext(source)
            first.cancel()

    asyncio.run(main())
