"""A widget that shows which node of a cluster serves how many readers, and kills nodes."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

from labkit.cluster import Cluster, NodeStatus
from labkit.errors import LabError
from labkit.widgets.assets import FIGURES, join_files
from labkit.widgets.panel import Panel

ASKED_EVERY_S = 0.25


class ClusterPanel(Panel):
    """A panel that shows the nodes of a cluster and who is where; its buttons kill, stop and start them, and Redis.

    The buttons do what the methods of Cluster, Node and RedisServer do.
    """

    _esm = join_files(FIGURES, "elements.js", "clusterpanel.js")
    _css = join_files("labkit.css", "clusterpanel.css")

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._statuses: list[NodeStatus] = []
        self._busy: dict[str, str] = {}  # node, or "redis" or "all", -> what is being done with it
        super().__init__()
        self._asking: asyncio.Task[None] = asyncio.ensure_future(self._ask())

    @property
    def alive(self) -> bool:
        return self.cluster.running

    def close(self) -> None:
        self._asking.cancel()
        super().close()

    def snapshot(self) -> dict[str, Any]:
        cluster = self.cluster
        redis = cluster.redis
        return {
            "running": cluster.running,
            "balancer": cluster.balancer.name,
            "deploying": "all" in self._busy,
            "nodes": [
                {"name": status.name, "running": status.running, "clients": status.clients,
                 "newest": status.last_event_id, "doing": self._busy.get(status.name, "")}
                for status in self._statuses
            ],
            "redis": None if redis is None else
                {"name": redis.name, "running": redis.running, "doing": self._busy.get("redis", "")},
        }  # fmt: skip

    def obey(self, message: dict[str, Any]) -> str:
        cluster, ask = self.cluster, message.get("ask")
        if not cluster.running:
            return "this cluster was stopped for good. Run the cell that starts it again, then this one"
        if ask in ("kill", "stop", "start"):
            node = cluster.node(message["node"])
            action = {"kill": node.kill, "stop": node.stop, "start": node.start}[ask]
            self._do(node.name, f"{ask}…", action)
        elif ask in ("stop redis", "start redis") and cluster.redis is not None:
            self._do("redis", "…", cluster.redis.stop if ask == "stop redis" else cluster.redis.start)
        elif ask == "restart one by one":
            self._do("all", "…", cluster.restart_one_by_one)
        return ""

    def _do(self, what: str, word: str, action: Callable[[], object]) -> None:
        """Does it on a thread: a process takes its time to start, and the panel goes on meanwhile."""
        if what in self._busy:
            return
        self._busy[what] = word
        loop = asyncio.get_running_loop()

        def act() -> None:
            problem = ""
            try:
                action()
            except LabError as error:
                problem = str(error)
            finally:
                self._busy.pop(what, None)
            loop.call_soon_threadsafe(self.send, {"problem": problem})

        threading.Thread(target=act, daemon=True).start()

    async def _ask(self) -> None:
        while self.cluster.running:
            self._statuses = await asyncio.to_thread(self.cluster.statuses)
            await asyncio.sleep(ASKED_EVERY_S)

    def __repr__(self) -> str:
        return "The cluster's panel: run this cell, and it shows which node serves whom, and lets you kill one"
