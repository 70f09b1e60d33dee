"""What happens to a cluster while a crowd reads from it."""

from __future__ import annotations

import asyncio
from random import Random

from labkit.cluster import Cluster

#: Between two things that happen: long enough for a client that waits 0.2 s to be back.
PAUSE_S = 0.5


async def kill_one(cluster: Cluster) -> None:
    """Kills the node that serves most streams, and starts it again."""
    statuses = await asyncio.to_thread(cluster.statuses)
    await _kill(cluster, max(statuses, key=lambda status: status.clients).name)


async def rolling_deploy(cluster: Cluster) -> None:
    """Restarts all nodes, one after the other, as a rolling deploy does."""
    await asyncio.sleep(PAUSE_S)
    await asyncio.to_thread(cluster.restart_one_by_one)
    await asyncio.sleep(PAUSE_S)


class KillAtRandom:
    """A story: kills nodes by chance, `times` in all. One of them at least always runs."""

    def __init__(self, times: int, seed: int = 0) -> None:
        self._times, self._random = times, Random(seed)

    async def __call__(self, cluster: Cluster) -> None:
        for _ in range(self._times):
            await _kill(cluster, self._random.choice(cluster.nodes).name)


async def _kill(cluster: Cluster, name: str) -> None:
    await asyncio.sleep(PAUSE_S)
    await asyncio.to_thread(cluster.node(name).kill)
    await asyncio.sleep(PAUSE_S)
    await asyncio.to_thread(cluster.start_node, name)
