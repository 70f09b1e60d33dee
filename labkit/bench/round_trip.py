"""The way up and back: a POST beside an event stream, against a WebSocket."""

from __future__ import annotations

import asyncio

from labkit.bench.latency import opened
from labkit.bench.origin import Origin, origin
from labkit.bench.result import Result
from labkit.bench.settings import allowed_rounds
from labkit.bench_servers.payload import event, now_ms, sent_ms
from labkit.client import EventSource, Source, WebSocketSource
from labkit.client.httpx_client import new_client

GRACE_S = 20.0
PAUSE_S = 0.005


async def round_trips(messages: int = 20, rounds: int = 5) -> Result:
    """From saying something until hearing it back from the server, in ms, for a chat over each."""
    rounds = allowed_rounds(rounds)
    samples: dict[str, list[list[float]]] = {"SSE and POST": [], "WebSocket": []}
    async with origin() as server:
        for _ in range(rounds):
            samples["SSE and POST"].append(await _post_and_stream(server, messages))
            samples["WebSocket"].append(await _socket(server, messages))
    return Result("How long until one hears oneself?", "ms", samples, {"messages": messages, "rounds": rounds})


async def _post_and_stream(server: Origin, messages: int) -> list[float]:
    async with EventSource(f"{server.url}/events") as source, new_client(server.url) as client:

        async def say(text: str) -> None:
            await client.post(f"{server.url}/say", content=text)

        return await _heard(source, say, messages)


async def _socket(server: Origin, messages: int) -> list[float]:
    async with WebSocketSource(f"{server.url}/socket") as source:
        return await _heard(source, source.send, messages)


async def _heard(source: Source, say: object, messages: int) -> list[float]:
    trips: list[float] = []
    heard = asyncio.Event()

    async def read() -> None:
        async for message in source:
            trips.append(now_ms() - sent_ms(message.data))
            heard.set()

    reading = asyncio.ensure_future(read())
    try:
        async with asyncio.timeout(GRACE_S):
            await opened(source, reading)
            for _ in range(messages + 1):
                heard.clear()
                await say(event(64))  # type: ignore[operator]
                await heard.wait()
                await asyncio.sleep(PAUSE_S)
    finally:
        reading.cancel()
    return trips[1:]  # the first one opened the connection for the POSTs
