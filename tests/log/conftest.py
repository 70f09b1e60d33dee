"""A real Redis for the tests of the log that several servers share."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from labkit.cluster.redis_server import RedisServer


@pytest.fixture(scope="session")
def redis(tool: Callable[[str], str]) -> Iterator[RedisServer]:
    """A Redis that no test may stop."""
    tool("redis")
    with RedisServer() as server:
        yield server
