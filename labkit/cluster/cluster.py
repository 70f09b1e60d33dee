"""A cluster: nodes, the balancer in front of them, and the Redis behind them."""

from __future__ import annotations

import concurrent.futures
import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import httpx

from labkit.cluster.balancer import BalancerKind, start_balancer
from labkit.cluster.node import LogKind, Node, NodeStatus
from labkit.cluster.redis_server import RedisServer
from labkit.errors import LabError, counted
from labkit.log import RedisLog
from labkit.nodes.broadcast import Broadcast
from labkit.proxy.folder import ProxyFolder
from labkit.system.uninterrupted import uninterrupted
from labkit.wire import Frame

MAX_NODES = 9
PUBLISH_WAIT_S = 20.0  # how long publish() waits for a Redis that is away
NOTICED_WITHIN_S = 5.0  # HAProxy asks each node five times a second

_clusters: dict[str, Cluster] = {}  # the registry of launched clusters, by name


def cluster(
    nodes: int = 3, log: LogKind = "redis", *, balancer: BalancerKind = "", sticky: bool = False, name: str = "lab"
) -> Cluster:
    """Starts server processes behind a balancer. All serve when this returns.

    The cell run again replaces the cluster of that name.

    Args:
        nodes: how many processes, 1 to 9.
        log: where they keep events: "redis" (one log for all), "memory" (each its own), or "pubsub" (each its own,
            and Redis Pub/Sub tells all of them what one publishes).
        balancer: "haproxy", "nginx" or "small"; "" takes the first of them that is here.
        sticky: a cookie leads a client back to its node (not with nginx).
        name: tells clusters apart.

    Raises:
        LabError: what is asked for is not here, or did not start.
    """
    return uninterrupted(f"cluster {name}", lambda: _replace(name, nodes, log, balancer, sticky))


def _replace(name: str, nodes: int, log: LogKind, balancer: BalancerKind, sticky: bool) -> Cluster:
    previous = _clusters.pop(name, None)
    if previous is not None:
        previous.stop()
    made = _clusters[name] = Cluster(nodes, log, balancer=balancer, sticky=sticky, name=name)
    return made


class Cluster:
    """Server processes behind a balancer, made by cluster(). `url` leads through the balancer to /events.

    It ends with stop(), at the end of a `with` block, and with this process, however that ends.

    `nodes` are the processes, `redis` the Redis that they share (None with log="memory"), `balancer` what stands in
    front; its `name` says whether it is a real one. Arguments and errors are those of cluster().
    """

    def __init__(
        self,
        nodes: int = 3,
        log: LogKind = "redis",
        *,
        balancer: BalancerKind = "",
        sticky: bool = False,
        name: str = "lab",
    ) -> None:
        if not 1 <= nodes <= MAX_NODES:
            raise LabError(f"{nodes} nodes: this machine gets 1 to {MAX_NODES} of them")
        if log not in ("memory", "redis", "pubsub"):
            raise LabError(f'log={log!r} is no log of a cluster. There are "redis", "memory" and "pubsub"')
        self.name, self.kind = name, log
        self._closing = contextlib.ExitStack()
        try:
            self._start(nodes, balancer, sticky)
        except BaseException:
            self._closing.close()
            raise
        self.running = True

    def _start(self, count: int, balancer: BalancerKind, sticky: bool) -> None:
        folder = ProxyFolder()
        self._closing.callback(folder.remove)
        self.redis: RedisServer | None = None
        if self.kind != "memory":
            self.redis = self._closing.enter_context(RedisServer(persistent=True))
        redis_url = self.redis.url if self.redis is not None else ""
        self._log_path = folder.path / "nodes.txt"
        log = self._closing.enter_context(folder.open(self._log_path.name))
        self.nodes = tuple(Node(f"node{n + 1}", self.kind, redis_url, self.name, log) for n in range(count))
        for node in self.nodes:
            self._closing.callback(node.close)
            node.start(wait=False)
        for node in self.nodes:
            node.wait_until_serving()
        self.balancer = start_balancer(self.nodes, balancer, sticky)
        self._closing.callback(self.balancer.stop)
        self._publish = self._publisher(redis_url)
        self.url = self.balancer.url
        self._askers = self._closing.enter_context(concurrent.futures.ThreadPoolExecutor(count))

    def node(self, name: str) -> Node:
        """The node of that name.

        Raises:
            LabError: there is none.
        """
        for node in self.nodes:
            if node.name == name:
                return node
        raise LabError(f"this cluster has no {name!r}. It has {', '.join(node.name for node in self.nodes)}")

    def statuses(self) -> list[NodeStatus]:
        """What each node says of itself now, asked all at once."""
        return list(self._askers.map(Node.status, self.nodes)) if self.running else []

    def publish(self, text: str) -> str:
        """Publishes an event, as a process would that is no node and knows where events go. Returns its id.

        With "redis" it goes into the log that all nodes share, with "pubsub" to all nodes that listen, and with
        "memory" to each node that runs. In the last two cases each node gives it an id of its own, and "" is returned.

        Raises:
            LabError: nobody took it.
        """
        return self._publish(text)

    def _publish_to_each_node(self, text: str) -> str:
        taken = 0
        for node in self.nodes:
            with contextlib.suppress(LabError):
                node.publish(text)
                taken += 1
        if not taken:
            raise LabError(f"{text[:60]!r} was not published: no node runs")
        return ""

    def _publisher(self, redis_url: str) -> Callable[[str], str]:
        if self.kind == "memory":
            return self._publish_to_each_node
        if self.kind == "pubsub":
            broadcast = Broadcast(redis_url, self.name)
            return broadcast.send
        log = self._closing.enter_context(RedisLog(redis_url, name=self.name, wait_s=PUBLISH_WAIT_S))
        return lambda text: log.append(Frame(data=text))

    def play(self, texts: Sequence[str], every_s: float) -> threading.Thread:
        """Publishes the texts on a thread, one every `every_s` seconds, until the cluster stops. Returns the thread.

        Where a text is not taken, because Redis is away, it is offered again until it is.
        """

        def play() -> None:
            for text in texts:
                while self.running and not self._offer(text):
                    time.sleep(every_s)
                time.sleep(every_s)

        thread = threading.Thread(target=play, daemon=True)
        thread.start()
        return thread

    def _offer(self, text: str) -> bool:
        with contextlib.suppress(LabError):
            self.publish(text)
            return True
        return False

    def start_node(self, name: str) -> None:
        """Starts a node, and returns when the balancer leads to it.

        Raises:
            LabError: there is no such node, or it did not start.
        """
        node = self.node(name)
        node.start()
        self._wait_until_led_to(node)

    def restart_one_by_one(self) -> None:
        """A rolling deploy: each node ends its streams, stops, and serves again before the next one begins.

        Raises:
            LabError: a node did not start.
        """
        for node in self.nodes:
            node.stop()
            self.start_node(node.name)

    def _wait_until_led_to(self, node: Node) -> None:
        until_s = time.monotonic() + NOTICED_WITHIN_S
        while time.monotonic() < until_s:
            with contextlib.suppress(httpx.HTTPError, ValueError):
                # Each time a new client: one that keeps cookies, or its connection, is led where it was before.
                answer = httpx.get(self.url.removesuffix("/events") + "/node", trust_env=False, timeout=1.0)
                if answer.json()["node"] == node.name:
                    return
            time.sleep(0.02)
        raise LabError(f"{self.balancer.name} leads nobody to {node.name}. Is the machine very busy? {self!r}")

    @property
    def log_text(self) -> str:
        """What the nodes have printed: tracebacks, if something is wrong."""
        return self._log_path.read_text("utf-8", "replace") if self._log_path.exists() else ""

    def stop(self) -> None:
        """Ends the balancer, the nodes and Redis."""
        if self.running:
            self.running = False
            self._closing.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _repr_parts(self) -> list[Any]:
        up = sum(node.running for node in self.nodes)
        return [
            f"{up} of {counted(len(self.nodes), 'node')}",
            self.balancer.name,
            *([self.redis.name] if self.redis else []),
        ]

    def __repr__(self) -> str:
        return f"<Cluster: {', '.join(self._repr_parts())}>" if self.running else "<Cluster, stopped>"
