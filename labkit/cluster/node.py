"""A node: one server process of a cluster, which is started, stopped and killed."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import dataclass
from typing import IO, Any, Literal

import httpx

from labkit.errors import LabError
from labkit.system.child import Child
from labkit.system.sockets import reserved_port

START_TIMEOUT_S = 30.0
START = "import asyncio, sys; from labkit.nodes.program import main; asyncio.run(main(sys.argv[1]))"

#: Where the nodes keep their events: each in its own memory; all in one Redis; or each in its own memory, and Redis
#: Pub/Sub tells all of them what one publishes.
LogKind = Literal["memory", "redis", "pubsub"]


@dataclass(frozen=True)
class NodeStatus:
    """What a node says of itself. A node that does not run has no clients.

    Args:
        name: its name.
        running: whether its process runs.
        clients: how many streams it serves.
        last_event_id: the newest id that it knows.
    """

    name: str
    running: bool
    clients: int = 0
    last_event_id: str = ""


class Node:
    """A server process on a port of its own, which stays the same over its lives.

    Args:
        name: tells nodes apart; it is part of what the balancer shows.
        kind: where it keeps its events.
        redis_url: the Redis of "redis" and "pubsub".
        key: the name of the log, or of the channel, in Redis.
        log: takes what the program prints.
    """

    def __init__(
        self, name: str, kind: LogKind, redis_url: str = "", key: str = "", log: IO[bytes] | None = None
    ) -> None:
        self.name, self.kind = name, kind
        self._settings: dict[str, Any] = {"name": name, "kind": kind, "redis_url": redis_url, "key": key}
        self._log = log
        self._child: Child | None = None
        self._reservation = reserved_port()
        self.port = self._reservation.__enter__()  # kept until close(): nobody else gets it while the node is down
        self.url = f"http://127.0.0.1:{self.port}"
        self._client = httpx.Client(trust_env=False, timeout=2.0)

    @property
    def running(self) -> bool:
        """Whether its process runs."""
        return self._child is not None and self._child.running

    def start(self, wait: bool = True) -> None:
        """Starts the process. With `wait` it serves when this returns.

        Raises:
            LabError: it did not start.
        """
        if not self.running:
            settings = json.dumps({**self._settings, "port": self.port})
            self._child = Child([sys.executable, "-c", START, settings], log=self._log)
        if wait:
            self.wait_until_serving()

    def wait_until_serving(self) -> None:
        """Returns when it answers.

        Raises:
            LabError: it did not start.
        """
        until_s = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if not self.running or time.monotonic() > until_s:
                raise LabError(f"the node {self.name} did not start. Does Redis run? Is the machine very busy?")
            time.sleep(0.02)

    def stop(self) -> None:
        """Asks the process to end (SIGTERM): it ends its streams first, so that their readers come back."""
        if self._child is not None:
            self._child.stop()

    def kill(self) -> None:
        """Kills the process (SIGKILL), as a crash or a missing machine would: nothing is said to anybody."""
        if self._child is not None:
            self._child.kill()

    def close(self) -> None:
        """Kills the process, and gives its port back."""
        self.kill()
        self._client.close()
        self._reservation.__exit__(None, None, None)

    def status(self) -> NodeStatus:
        """What it says of itself now. A node that does not answer has no clients."""
        try:
            told = self._client.get(f"{self.url}/node").json()
        except (httpx.HTTPError, ValueError):
            return NodeStatus(self.name, self.running)
        return NodeStatus(self.name, True, told["clients"], told["last_event_id"])

    def publish(self, text: str) -> str:
        """Publishes an event at this node and returns its id; "" where each node gives it its own.

        Raises:
            LabError: the node, or what it needs, does not answer. Nobody knows then whether others got it.
        """
        return publish_at(self._client, self.url, text)

    def _answers(self) -> bool:
        try:
            return self._client.get(f"{self.url}/node").status_code == 200
        except httpx.HTTPError:
            return False

    def __repr__(self) -> str:
        return f"<Node {self.name} at {self.url} {'runs' if self.running else 'is down'}>"


def publish_at(client: httpx.Client, base_url: str, text: str) -> str:
    """Publishes an event at a node, or through the balancer, and returns its id.

    Raises:
        LabError: it was refused, or nobody answers.
    """
    try:
        answer = client.post(f"{base_url}/publish", content=text.encode("utf-8"))
        told = answer.json()
    except (httpx.HTTPError, ValueError) as problem:
        raise LabError(f"{text[:60]!r} was not published: {type(problem).__name__} from {base_url}") from None
    if "problem" in told:
        raise LabError(f"{text[:60]!r} was not published: {told['problem']}")
    return str(told["id"])
