"""What a client meets that comes back: an answer that is final, or a silence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence

from labkit.client import EventSource, State
from labkit.clock import wait_until
from labkit.errors import LabError
from labkit.faults import AnswerStatus, Cut, Fault, First, Stall
from labkit.proxy import Relay, relay
from labkit.server import Channel, serve
from labkit.wire.session import Policy


async def deploy(policy: Policy, statuses: Sequence[int] = (200, 502, 502, 200)) -> str:
    """What becomes of a client whose stream is cut by a deploy, and which then meets these statuses: a sentence."""
    channel = Channel(retry_ms=50)
    faults: tuple[Fault, ...] = (AnswerStatus(tuple(statuses)), First(1, Cut(events=1)))
    async with (
        serve(channel) as server,
        relay(server.url, *faults) as proxy,
        EventSource(proxy.url, policy=policy) as source,
    ):
        reading = asyncio.ensure_future(anext(source))
        await wait_until(lambda: reading.done() or channel.clients == 1, seconds=5)
        channel.publish("before")
        try:
            await reading
            reading = asyncio.ensure_future(anext(source))
            await wait_until(
                lambda: reading.done() or (source.connections == len(statuses) and channel.clients == 1), seconds=5
            )
            channel.publish("after")
            return f"got {(await reading).data!r} over its connection number {source.connections}"
        except StopAsyncIteration:  # a 204, which is no error: the stream has ended in order
            return "stopped: a 204 says that no more comes"
        except LabError as problem:
            return f"gave up: {type(problem).__name__}"


async def notices_silence(read_timeouts_s: Mapping[str, float | None], wait_s: float) -> dict[str, float | None]:
    """When clients with these read timeouts notice that their connection is dead; None: not within `wait_s`.

    Less than 0: so long before the silence, while heartbeats still came. That timeout is shorter than a heartbeat.

    The connection stays open, and nothing comes through it any more, not even the heartbeats that the server sends
    every 100 ms.
    """
    channel = Channel(heartbeat_s=0.1)
    noticed: dict[str, float | None] = {}
    async with serve(channel) as server, relay(server.url) as proxy:
        for name, read_timeout_s in read_timeouts_s.items():
            proxy.set()
            noticed[name] = await _notices(proxy, read_timeout_s, wait_s)
    return noticed


async def _notices(proxy: Relay, read_timeout_s: float | None, wait_s: float) -> float | None:
    changes: list[tuple[float, State]] = []
    source = EventSource(
        proxy.url, read_timeout_s=read_timeout_s, on_state=lambda state, why: changes.append((time.monotonic(), state))
    )
    async with source:
        reading = asyncio.ensure_future(anext(source))
        await wait_until(lambda: source.state == "open")
        await asyncio.sleep(0.25)  # heartbeats come, and nobody is worried
        silent_s = time.monotonic()
        proxy.set(Stall())
        await wait_until(lambda: source.state != "open", seconds=wait_s)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        opened_s = next(at_s for at_s, state in changes if state == "open")
        return next((at_s - silent_s for at_s, state in changes if state == "connecting" and at_s > opened_s), None)
