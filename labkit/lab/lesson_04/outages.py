"""The same outage for different servers and clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

from labkit.client import EventSource
from labkit.clock import wait_until
from labkit.faults import Cut, First
from labkit.lab.record import collect
from labkit.log import EventLog, MemoryLog, Replay
from labkit.proxy import relay
from labkit.server import Channel, serve
from labkit.wire import Frame


class ForgetfulLog(MemoryLog):
    """Gives out ids like any log, and ignores those that come back: its server goes on with what is new."""

    def since(self, last_event_id: str, max_bytes: int | None = None) -> Replay:
        return Replay(())


async def through_a_cut(log: EventLog, texts: Sequence[str], cut_after: int = 3) -> list[str]:
    """What a client gets of the texts from a channel with this log, when its first connection is cut after some events.

    One text is published every 20 ms; the client waits 90 ms before it comes back: four are missed, or at least three.
    """
    channel = Channel(log, retry_ms=90)
    texts_received: list[str] = []
    async with (
        serve(channel) as server,
        relay(server.url, First(1, Cut(events=cut_after))) as proxy,
        EventSource(proxy.url) as source,
    ):
        reading = asyncio.ensure_future(collect(source, texts_received))
        await wait_until(lambda: channel.clients == 1)
        for text in texts:
            channel.publish(text)
            await asyncio.sleep(0.02)
        await wait_until(lambda: bool(texts_received) and texts_received[-1] == texts[-1], seconds=2)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
    return texts_received


async def from_the_start(texts: Sequence[str], cut_after: int = 3, deduplicate: bool = False) -> list[str]:
    """The same with a server that begins again for everybody, whatever id they bring."""

    async def source(last_event_id: str) -> AsyncGenerator[Frame, None]:
        for number, text in enumerate(texts, start=1):
            yield Frame(data=text, id=f"s-{number}", retry_ms=60)
            await asyncio.sleep(0.01)
        await asyncio.sleep(3600)

    texts_received: list[str] = []
    async with (
        serve(source) as server,
        relay(server.url, First(1, Cut(events=cut_after))) as proxy,
        EventSource(proxy.url, deduplicate=deduplicate) as events,
    ):
        async for event in events:
            texts_received.append(event.data)
            if event.data == texts[-1]:
                break
    return texts_received
