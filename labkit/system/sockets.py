"""Helpers for sockets and ports."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Iterator

_forks: list[None] = []  # one for each fork() of this process
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(after_in_parent=lambda: _forks.append(None))
_LINGER_ZERO = struct.pack("ii", 1, 0)  # SO_LINGER on, zero seconds


def is_loopback(host: str) -> bool:
    """Whether this host is this machine itself, so that no other machine can reach it.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("0.0.0.0"), is_loopback("")
    (True, True, False, False)
    """
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def reset_on_close(sock: socket.socket) -> None:
    """Makes the socket close with a RST, which throws away what the other side has not read.

    A socket that is closed already stays as it is: it was cut a moment before. After a fork() a child may hold it as
    well, and closing sends nothing: then the RST goes out at once, where the machine can do that (Linux).
    """
    if sock.fileno() == -1:
        return
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
    if _forks and sys.platform.startswith("linux"):
        # Connecting to no address dissolves a connection. Python's connect() takes no such address. Source: connect(2).
        ctypes.CDLL(None).connect(sock.fileno(), struct.pack("H14x", socket.AF_UNSPEC), 16)


def close_writer(writer: asyncio.StreamWriter) -> None:
    """Closes the connection behind this writer, after what is still to be written. See shut_down()."""
    with contextlib.suppress(OSError, RuntimeError):  # it is closed already
        if writer.can_write_eof():
            writer.write_eof()
    writer.close()


def shut_down(sock: socket.socket | None) -> None:
    """Ends the connection in both directions, also where another process holds the socket as well.

    Closing alone ends nothing then: a child of fork() has a copy of every descriptor. A socket that is None, closed, or
    not connected stays as it is.
    """
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def reset_connection(writer: asyncio.StreamWriter) -> None:
    """Closes the connection behind this writer with a RST, now; what is still to be written is thrown away."""
    reset_on_close(writer.get_extra_info("socket"))
    writer.transport.abort()


@contextlib.contextmanager
def reserved_port(preferred_port: int = 0) -> Iterator[int]:
    """A free port of this machine for a program that is to listen there: `preferred_port`, or any if that is taken.

    On Linux nobody else is given it meanwhile: a socket that is bound and does not listen stands in no program's way
    that sets SO_REUSEADDR, as servers do, and the kernel does not give its port away. Elsewhere it is only looked for.
    """
    with socket.socket() as holder:
        if sys.platform != "win32":  # there the option would mean: take it away from whoever has it
            holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", preferred_port))
        except OSError:
            holder.bind(("127.0.0.1", 0))
        port = int(holder.getsockname()[1])
        if not sys.platform.startswith("linux"):
            holder.close()
        yield port
