"""Two things that are asked of sockets in several rooms."""

from __future__ import annotations

import socket
import struct

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")
_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds


def reset_on_close(sock: socket.socket) -> None:
    """Makes the socket's close a RST, which throws away what the other side has not read."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)


def free_port() -> int:
    """A port of this machine on which nobody listens at this moment: for programs that must be told one."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
