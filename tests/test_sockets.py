"""Ports that are kept for a program."""

from __future__ import annotations

import socket
import sys

import pytest

from labkit.sockets import reserved_port


def test_whom_the_port_is_reserved_for_may_listen_and_the_other_kind_of_caller_may_not() -> None:
    with reserved_port() as port:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)
        with socket.create_server(("127.0.0.1", port)):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux keeps it")
def test_a_reserved_port_is_given_to_nobody_else() -> None:
    with reserved_port() as port, socket.socket() as another:
        with pytest.raises(OSError):
            another.bind(("127.0.0.1", port))
        with reserved_port(port) as also:
            assert also == port  # who reserves it by name means the same program


def test_a_port_at_which_somebody_listens_is_not_the_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, reserved_port(taken.getsockname()[1]) as port:
        assert port != taken.getsockname()[1]
