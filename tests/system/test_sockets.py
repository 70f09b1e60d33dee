"""Ports that are kept for a program."""

from __future__ import annotations

import contextlib
import socket
import sys

import pytest

from labkit.system.sockets import reserved_port
from labkit.system.usage import allow_descriptors


def test_at_a_reserved_port_nobody_answers_until_the_program_listens() -> None:
    with reserved_port() as port:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)
        with socket.create_server(("127.0.0.1", port)):
            socket.create_connection(("127.0.0.1", port), timeout=5).close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux keeps it")
def test_a_reserved_port_is_given_to_nobody_else() -> None:
    many = 800  # of 28,000: if they were given away, some twenty would be
    assert allow_descriptors(2 * many + 200) >= 2 * many + 200
    with contextlib.ExitStack() as stack:
        reserved = {stack.enter_context(reserved_port()) for _ in range(many)}
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(many)]
        assert not reserved & {server.getsockname()[1] for server in servers}
        with socket.socket() as another, pytest.raises(OSError):
            another.bind(("127.0.0.1", next(iter(reserved))))


def test_a_port_at_which_somebody_listens_is_not_the_one() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, reserved_port(taken.getsockname()[1]) as port:
        assert port != taken.getsockname()[1]
