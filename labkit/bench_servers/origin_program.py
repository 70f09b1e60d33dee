"""The server of the measurements, as a program: what `origin` starts in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncGenerator
from random import Random

from tornado.web import RequestHandler

from labkit.bench_servers import compressed
from labkit.bench_servers.null_servers import answer, frames_since
from labkit.bench_servers.payload import event
from labkit.server import Channel, long_polling, polling, serve, websocket
from labkit.server.site import Route
from labkit.server.websocket import ChannelSocket
from labkit.system.usage import fill_free_memory, resource_usage
from labkit.wire import Frame

UNEVEN = Random(7)


class OfChannel(RequestHandler):
    """What does something with the channel."""

    def initialize(self, channel: Channel) -> None:
        self.channel = channel


class TalkingSocket(ChannelSocket):
    """A WebSocket that publishes what its client says."""

    def on_message(self, message: str | bytes) -> None:
        self.channel.publish(message if isinstance(message, str) else message.decode())


class BareSocket(ChannelSocket):
    """A WebSocket that sends the data alone."""

    tells_position = False

    @staticmethod
    def text_of(frame: Frame) -> str:
        return frame.data or ""


class Play(OfChannel):
    """POST {"events", "per_s", "size_bytes", "jitter"} publishes so many, at a schedule that does not drift. Each comes
    up to `jitter` intervals late, by chance: events that come like a clock keep step with who asks like one."""

    async def post(self) -> None:
        request = json.loads(self.request.body)
        self.finish("playing")
        await self.flush()
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for number in range(request["events"]):
            due_s = began_s + (number + request["jitter"] * UNEVEN.random()) / request["per_s"]
            await asyncio.sleep(max(0.0, due_s - loop.time()))
            self.channel.publish(event(request["size_bytes"]), "price")  # with a type, as events have one


class Say(OfChannel):
    """POST publishes the body: the way up, where the way down is a stream."""

    def post(self) -> None:
        self.channel.publish(self.request.body.decode())
        self.set_status(204)


class Usage(OfChannel):
    """GET tells what this process has used."""

    def get(self) -> None:
        self.finish({**resource_usage(), "last": self.channel.last_event_id})


def routes(channel: Channel) -> dict[str, Route]:
    """Each transport as it is, with the data alone, and compressed; and what the experiments ask the server for."""

    async def without_ids(_: str) -> AsyncGenerator[Frame, None]:
        async with contextlib.aclosing(frames_since(channel)) as frames:
            async for frame in frames:
                yield Frame(data=frame.data)

    own = {"channel": channel}
    return {
        "/events": channel,
        "/socket": (TalkingSocket, own),
        "/wait": long_polling(channel),
        "/poll": polling(channel),
        "/bare/events": without_ids,
        "/bare/socket": (BareSocket, own),
        compressed.path("/events"): compressed.stream(channel),
        compressed.path("/socket"): websocket(channel, compression=True),
        compressed.path("/wait"): compressed.answers(channel, wait=True),
        compressed.path("/poll"): compressed.answers(channel, wait=False),
        "/play": (Play, own),
        "/say": (Say, own),
        "/usage": (Usage, own),
    }


async def main(port: int, null_port: int) -> None:
    """Serves until the process is ended."""
    event(64)
    fill_free_memory()
    channel = Channel(retry_ms=200)
    null = functools.partial(answer, channel)
    async with serve(routes(channel), port), await asyncio.start_server(null, "127.0.0.1", null_port):
        await asyncio.Event().wait()
