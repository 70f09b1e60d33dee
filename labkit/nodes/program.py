"""One node of a cluster, as a program: what Node starts in a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
from typing import Any

from tornado.web import RequestHandler

from labkit.errors import LabError
from labkit.log import EventLog, MemoryLog, RedisLog
from labkit.nodes.broadcast import Broadcast
from labkit.server import Channel, metrics, serve
from labkit.server.site import Route

RETRY_MS = 200  # a lesson does not wait three seconds for each reader that comes back


class _OfNode(RequestHandler):
    """What does something with the node's channel."""

    def initialize(self, node: RunningNode) -> None:
        self.node = node


class _Publish(_OfNode):
    """POST publishes the body and answers with its id; 503 with the reason where the log did not take it."""

    async def post(self) -> None:
        try:
            self.finish({"id": await self.node.publish(self.request.body.decode("utf-8"))})
        except LabError as problem:
            self.set_status(503)
            self.finish({"problem": str(problem)})


class _Status(_OfNode):
    """GET tells which node this is, and who reads from it. The balancer asks here whether the node is up."""

    def get(self) -> None:
        channel = self.node.channel
        self.finish({"node": self.node.name, "clients": channel.clients, "last_event_id": channel.last_event_id})


class RunningNode:
    """A node's channel, and the way on which events reach it.

    Args:
        name: the node's name.
        log: where the channel keeps its events.
        broadcast: passes what is published to all nodes, where the log does not do so.
    """

    def __init__(self, name: str, log: EventLog, broadcast: Broadcast | None) -> None:
        self.name = name
        self.channel = Channel(log, retry_ms=RETRY_MS)
        self._broadcast = broadcast

    async def publish(self, text: str) -> str:
        """The id of the event; "" where each node gives it its own.

        Raises:
            LabError: the log, or Redis, did not take it.
        """
        if self._broadcast is None:
            return await asyncio.to_thread(self.channel.publish, text)
        return await asyncio.to_thread(self._broadcast.send, text)

    def routes(self) -> dict[str, Route]:
        """What the node serves: /events, /publish, /node for the balancer, and /metrics if it has that package."""
        own = {"node": self}
        routes: dict[str, Route] = {"/events": self.channel, "/publish": (_Publish, own), "/node": (_Status, own)}
        with contextlib.suppress(LabError):  # a lesson without that package does without
            routes["/metrics"] = metrics(self.channel)
        return routes


async def main(settings_text: str) -> None:
    """Serves until SIGTERM, then ends its streams as a response ends, so that their readers come back elsewhere.

    Args:
        settings_text: JSON: {"name", "port", "kind": "memory", "redis" or "pubsub", "redis_url", "key"}.
    """
    settings: dict[str, Any] = json.loads(settings_text)
    stopping = asyncio.Event()
    with contextlib.suppress(NotImplementedError):  # Windows ends a process without a word to it
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    kind = settings["kind"]
    broadcast = Broadcast(settings["redis_url"], settings["key"]) if kind == "pubsub" else None
    node = RunningNode(settings["name"], _log(kind, settings), broadcast)
    async with serve(node.routes(), settings["port"]):
        if broadcast is not None:
            broadcast.listen(node.channel.publish)
        await stopping.wait()


def _log(kind: str, settings: dict[str, Any]) -> EventLog:
    return RedisLog(settings["redis_url"], name=settings["key"]) if kind == "redis" else MemoryLog()
