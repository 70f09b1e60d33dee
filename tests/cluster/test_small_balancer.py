"""The lab's own balancer alone: whom it leads where."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from tornado.web import RequestHandler

from labkit.cluster.small_balancer import SmallBalancer
from labkit.server import LabServer, launch

from ..helpers import eventually, free_port

pytestmark = pytest.mark.live


def serve_name(name: str, port: int = 0) -> LabServer:
    class Name(RequestHandler):
        def get(self) -> None:
            self.finish(name)

    return launch({"/name": Name}, name=f"small balancer {name}", port=port)


@pytest.fixture
def two() -> Iterator[tuple[SmallBalancer, int]]:
    """A balancer of two nodes, and the port of the second one, which is not there yet."""
    first, port = serve_name("first"), free_port()
    nodes: list[Any] = [SimpleNamespace(name="first", port=first.port), SimpleNamespace(name="second", port=port)]
    balancer = SmallBalancer(nodes)
    yield balancer, port
    balancer.stop()
    first.stop()


def ask(balancer: SmallBalancer) -> str:
    return httpx.get(f"http://127.0.0.1:{balancer.port}/name", headers={"Connection": "close"}, trust_env=False).text


def test_a_node_that_was_away_gets_its_share_and_not_everybody(two: tuple[SmallBalancer, int]) -> None:
    balancer, port = two
    assert {ask(balancer) for _ in range(20)} == {"first"}
    with serve_name("second", port):
        eventually(lambda: not balancer._open.total())
        assert sorted(ask(balancer) for _ in range(4)) == ["first", "first", "second", "second"]


def test_who_leaves_before_an_answer_takes_no_place(two: tuple[SmallBalancer, int]) -> None:
    balancer, port = two
    assert ask(balancer) == "first"  # so it is the second one's turn
    eventually(lambda: not balancer._open.total())
    with socket.create_server(("127.0.0.1", port)):  # it takes connections, and answers none
        with socket.create_connection(("127.0.0.1", balancer.port)) as client:
            client.sendall(b"GET /name HTTP/1.1\r\nHost: localhost\r\n\r\n")
            eventually(lambda: balancer._open["second"] == 1)
        eventually(lambda: balancer._open["second"] == 0)
