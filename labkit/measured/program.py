"""The server of the measurements, as a program: what `origin` starts in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncGenerator
from random import Random
from typing import ClassVar

from tornado.web import RequestHandler

from labkit.measured import compressed
from labkit.measured.nulls import answer, coming
from labkit.measured.payload import event
from labkit.measured.process import fill, used
from labkit.server import Channel, long_polling, polling, serve, websocket
from labkit.server.site import Route
from labkit.wire import Frame

UNEVEN = Random(7)


class Play(RequestHandler):
    """POST {"events", "per_s", "size_bytes", "jitter"} publishes so many, at a schedule that does not drift. Each comes
    up to `jitter` intervals late, by chance: events that come like a clock keep step with who asks like one."""

    channel: ClassVar[Channel]

    async def post(self) -> None:
        asked = json.loads(self.request.body)
        self.finish("playing")
        await self.flush()
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for number in range(asked["events"]):
            due_s = began_s + (number + asked["jitter"] * UNEVEN.random()) / asked["per_s"]
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            self.channel.publish(event(asked["size_bytes"]), "price")  # with a type, as events have one


class Say(RequestHandler):
    """POST publishes the body: the way up, where the way down is a stream."""

    channel: ClassVar[Channel]

    def post(self) -> None:
        self.channel.publish(self.request.body.decode())
        self.set_status(204)


class Usage(RequestHandler):
    """GET tells what this process has used."""

    channel: ClassVar[Channel]

    def get(self) -> None:
        self.finish({**used(), "last": self.channel.last_event_id})


def routes(channel: Channel) -> dict[str, Route]:
    """Each transport as it is, with the data alone, and compressed; and what the experiments ask the server for."""

    def say(_: RequestHandler, text: str) -> None:
        channel.publish(text)

    async def without_ids(_: str) -> AsyncGenerator[Frame, None]:
        async with contextlib.aclosing(coming(channel)) as frames:
            async for frame in frames:
                yield Frame(data=frame.data)

    own = {"channel": channel}
    return {
        "/events": channel,
        "/socket": type("Talking", (websocket(channel),), {"on_message": say}),
        "/wait": long_polling(channel),
        "/poll": polling(channel),
        "/bare/events": without_ids,
        "/bare/socket": type("Bare", (websocket(channel),), {"as_text": staticmethod(lambda frame: frame.data)}),
        compressed.path("/events"): compressed.stream(channel),
        compressed.path("/socket"): websocket(channel, compression=True),
        compressed.path("/wait"): compressed.answers(channel, wait=True),
        compressed.path("/poll"): compressed.answers(channel, wait=False),
        **{f"/{one.__name__.lower()}": type(one.__name__, (one,), own) for one in (Play, Say, Usage)},
    }


async def main(port: int, null_port: int) -> None:
    """Serves until the process is ended."""
    event(64)
    fill()
    channel = Channel(retry_ms=200)
    null = functools.partial(answer, channel)
    async with serve(routes(channel), port), await asyncio.start_server(null, "127.0.0.1", null_port):
        await asyncio.Event().wait()
