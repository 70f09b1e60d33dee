"""Real processes behind a balancer: who is led where, what a dead node means, and what is told of it."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from labkit.cluster import Cluster, NodeStatus
from labkit.cluster.balancer import haproxy_config, nginx_config
from labkit.errors import LabError
from labkit.proxy.haproxy import find_haproxy
from labkit.proxy.nginx import find_nginx

from ..helpers import eventually

# Two processes start, once for the module, and each time that one was killed: some three seconds in all.
pytestmark = [pytest.mark.live, pytest.mark.slow]

HERE = ["small", *["haproxy"] * bool(find_haproxy()), *["nginx"] * bool(find_nginx())]


@pytest.fixture(scope="module", params=HERE)
def behind(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with Cluster(2, "memory", balancer=request.param, sticky=request.param != "nginx") as made:
        yield made


def answering_node(cluster: Cluster, client: httpx.Client) -> str:
    return str(client.get(cluster.url.removesuffix("/events") + "/node").json()["node"])


def test_streams_are_spread_over_the_nodes(behind: Cluster) -> None:
    with httpx.Client(trust_env=False) as first, httpx.Client(trust_env=False) as second:
        with first.stream("GET", behind.url) as one, second.stream("GET", behind.url) as other:
            assert one.headers["content-type"] == other.headers["content-type"] == "text/event-stream"
            assert [status.clients for status in behind.statuses()] == [1, 1]
        eventually(lambda: [status.clients for status in behind.statuses()] == [0, 0])


def test_a_node_that_is_killed_is_down_and_the_other_serves(behind: Cluster) -> None:
    node = behind.nodes[0]
    node.kill()
    assert not node.running
    assert node.status() == NodeStatus("node1", running=False)
    with httpx.Client(trust_env=False) as client:
        assert {answering_node(behind, client) for _ in range(4)} == {"node2"}
    assert behind.publish("one node is enough") == ""
    with pytest.raises(LabError, match="was not published: ConnectError"):
        node.publish("nobody is here")
    node.start()
    assert node.status().running


def test_a_cookie_leads_back_as_long_as_the_node_lives(behind: Cluster) -> None:
    if behind.balancer.name.startswith("nginx"):
        pytest.skip("a cluster sets no sticky cookies in nginx, which has them only since 1.29.6")
    with httpx.Client(trust_env=False) as client:
        eventually(
            lambda: {answering_node(behind, httpx.Client(trust_env=False)) for _ in range(4)} == {"node1", "node2"}
        )
        mine = answering_node(behind, client)
        assert client.cookies.get("NODE") == mine
        assert {answering_node(behind, client) for _ in range(4)} == {mine}
        behind.node(mine).kill()
        eventually(lambda: client.get(behind.url.removesuffix("/events") + "/node").status_code == 200)
        assert answering_node(behind, client) != mine
        behind.start_node(mine)


def test_where_no_node_runs_the_answer_is_an_error(behind: Cluster) -> None:
    for node in behind.nodes:
        node.stop()
    with httpx.Client(trust_env=False, timeout=10) as client:
        assert client.get(behind.url).status_code in (502, 503)
    with pytest.raises(LabError, match="no node runs"):
        behind.publish("nobody is here")
    assert repr(behind).startswith("<Cluster: 0 of 2 nodes, ")
    for node in behind.nodes:
        behind.start_node(node.name)


def test_what_no_cluster_can_be_is_said() -> None:
    with pytest.raises(LabError, match="10 nodes: this machine gets 1 to 9"):
        Cluster(10)
    with pytest.raises(LabError, match='There are "redis", "memory" and "pubsub"'):
        Cluster(1, "disk")  # type: ignore[arg-type]


def test_a_node_without_its_redis_says_so() -> None:
    from labkit.cluster.node import Node

    node = Node("node1", "redis", "redis://127.0.0.1:9/0", "lab")
    with pytest.raises(LabError, match="node1 did not start"):
        node.start()
    node.close()


def test_the_configurations_name_every_node(behind: Cluster) -> None:
    for text in (haproxy_config(behind.nodes, 80, sticky=True), nginx_config(behind.nodes, 80)):
        assert all(f"127.0.0.1:{node.port}" in text for node in behind.nodes)
    assert "cookie NODE insert" not in haproxy_config(behind.nodes, 80, sticky=False)
