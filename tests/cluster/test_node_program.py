from __future__ import annotations

import asyncio

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from labkit.log import MemoryLog
from labkit.nodes.program import RunningNode
from labkit.server import serve

pytestmark = pytest.mark.live


def test_a_node_answers_prometheus() -> None:
    async def main() -> None:
        node = RunningNode("node1", MemoryLog(epoch="e"), None)
        assert await node.publish("one") == "e-1"
        async with serve(node.routes()) as server, httpx.AsyncClient(trust_env=False) as client:
            answer = await client.get(server.base_url + "/metrics")
        samples = {sample.name: sample.value for family in parse(answer.text) for sample in family.samples}
        assert samples["labkit_events_published_total"] == 1

    asyncio.run(main())
