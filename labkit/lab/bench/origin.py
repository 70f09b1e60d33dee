"""The server of the measurements, in a process of its own: what it needs is its own, and no client is in its way."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import httpx
from tornado.web import RequestHandler

from labkit.child import Child
from labkit.client.http import new_client
from labkit.errors import LabError
from labkit.server import Channel, long_polling, polling, serve, websocket
from labkit.server.site import Route
from labkit.sockets import free_port
from labkit.wire import Frame

START_WITHIN_S = 10.0
START = "import asyncio, sys; from labkit.lab.bench.origin import main; asyncio.run(main(*map(int, sys.argv[1:])))"


def now_ms() -> float:
    """The machine's monotonic clock, which all its processes share."""
    return time.monotonic() * 1000


def event(size_bytes: int) -> str:
    """The data of an event: when it was sent, filled up to a size. Nothing in it has to be escaped in JSON."""
    return f"{now_ms():.3f} ".ljust(size_bytes, "x")


def sent_ms(data: str) -> float:
    """When an event was sent."""
    return float(data.split(" ")[0])


class Play(RequestHandler):
    """POST {"events", "per_s", "size_bytes"} publishes so many, at a schedule that does not drift."""

    channel: ClassVar[Channel]

    async def post(self) -> None:
        asked = json.loads(self.request.body)
        self.finish("playing")
        await self.flush()
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        for number in range(asked["events"]):
            await asyncio.sleep(max(0.0, began_s + number / asked["per_s"] - loop.time()))
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
        self.finish({"cpu_s": time.process_time(), "memory_bytes": memory_bytes(), "last": self.channel.last_event_id})


def memory_bytes() -> int:
    """What of this process is in memory now; at its highest, where the machine does not tell more."""
    try:
        import resource
    except ImportError:  # Windows
        return 0
    with contextlib.suppress(OSError):
        return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * resource.getpagesize()
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


async def _coming(channel: Channel) -> AsyncGenerator[Frame, None]:
    """What is published from now on."""
    since = channel.last_event_id
    while True:
        replay, since = await channel.news(since)
        for frame in replay.frames:
            yield frame


async def main(port: int, null_port: int) -> None:
    """Serves until the process is ended: what `origin` starts."""
    channel = Channel(retry_ms=200)
    own = {"channel": channel}

    def say(_: RequestHandler, text: str) -> None:
        channel.publish(text)

    talking = type("Talking", (websocket(channel),), {"on_message": say})

    async def without_ids(_: str) -> AsyncGenerator[Frame, None]:
        async with contextlib.aclosing(_coming(channel)) as frames:
            async for frame in frames:
                yield Frame(data=frame.data)

    bare = type("Bare", (websocket(channel),), {"as_text": staticmethod(lambda frame: frame.data)})
    routes: dict[str, Route] = {
        "/bare/events": without_ids,
        "/bare/socket": bare,
        "/events": channel,
        "/socket": talking,
        "/wait": long_polling(channel),
        "/poll": polling(channel),
        **{f"/{one.__name__.lower()}": type(one.__name__, (one,), own) for one in (Play, Say, Usage)},
    }

    async def null(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Each event as a line of text, and nothing else: what the measuring itself costs."""
        with contextlib.suppress(OSError):
            async with contextlib.aclosing(_coming(channel)) as frames:
                async for frame in frames:
                    writer.write((frame.data or "").encode() + b"\n")
                    await writer.drain()

    async with serve(routes, port), await asyncio.start_server(null, "127.0.0.1", null_port):
        await asyncio.Event().wait()


@dataclass(frozen=True)
class Origin:
    """A running server: its URL, and the port of its null transport."""

    url: str
    null_port: int

    async def play(self, events: int, per_s: float, size_bytes: int = 64) -> None:
        """Begins to publish."""
        async with new_client(self.url) as client:
            await client.post(f"{self.url}/play", json={"events": events, "per_s": per_s, "size_bytes": size_bytes})

    async def usage(self) -> dict[str, Any]:
        """{"cpu_s", "memory_bytes", "last"}: what its process has used so far, and the newest id."""
        async with new_client(self.url) as client:
            answer: dict[str, Any] = (await client.get(f"{self.url}/usage")).json()
            return answer


@contextlib.asynccontextmanager
async def origin(start: str = START) -> AsyncIterator[Origin]:
    """A server in a process of its own, which ends with the block; `start` is the program.

    Raises:
        LabError: it did not start.
    """
    port, null_port = free_port(), free_port()
    made = Origin(f"http://127.0.0.1:{port}", null_port)
    with Child([sys.executable, "-c", start, str(port), str(null_port)]) as child:
        until_s = time.monotonic() + START_WITHIN_S
        while True:
            with contextlib.suppress(httpx.TransportError):
                await made.usage()
                break
            if time.monotonic() > until_s or not child.running:
                raise LabError("the server of the measurements did not start. Is the machine very busy? Run it again")
            await asyncio.sleep(0.02)
        yield made
