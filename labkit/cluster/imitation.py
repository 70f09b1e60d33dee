"""An imitation of Redis as a program, for machines without one: the package fakeredis, on a port."""

from __future__ import annotations

from typing import Any


def main(port: int) -> None:
    """Serves until the process is ended."""
    from fakeredis import TcpFakeServer
    from fakeredis._clients._sync import FakeRedisConnection
    from redis import ResponseError

    read: Any = FakeRedisConnection.read_response

    def read_response(connection: FakeRedisConnection, *settings: Any, **more: Any) -> Any:
        try:
            return read(connection, *settings, **more)
        except ResponseError as problem:
            return problem  # fakeredis 2.40 ends the connection after each error; a Redis answers, and goes on

    connection_class: Any = FakeRedisConnection
    connection_class.read_response = read_response
    TcpFakeServer(("127.0.0.1", port), server_version=(7, 2)).serve_forever()
