"""Which node serves how many streams, while all nodes are restarted."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from labkit.cluster import Cluster

ASKED_EVERY_S = 0.03


@dataclass(frozen=True)
class Whereabouts:
    """Which node served how many streams: `at_s` are the moments, `streams` the counts at each, by the node's name."""

    at_s: list[float]
    streams: dict[str, list[int]]


class WatchedDeploy:
    """A story: a rolling deploy, with `rest_s` of rest before and after it. `seen` tells who was where."""

    def __init__(self, rest_s: float = 0.5) -> None:
        self.seen = Whereabouts([], {})
        self._rest_s = rest_s

    async def __call__(self, cluster: Cluster) -> None:
        self.seen = Whereabouts([], {node.name: [] for node in cluster.nodes})
        watching = asyncio.ensure_future(self._watch(cluster))
        await asyncio.sleep(self._rest_s)
        await asyncio.to_thread(cluster.restart_one_by_one)
        await asyncio.sleep(self._rest_s)
        watching.cancel()

    async def _watch(self, cluster: Cluster) -> None:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        while True:
            statuses = await asyncio.to_thread(cluster.statuses)
            self.seen.at_s.append(loop.time() - began_s)
            for status in statuses:
                self.seen.streams[status.name].append(status.clients)
            await asyncio.sleep(ASKED_EVERY_S)
