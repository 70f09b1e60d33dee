"""Out of descriptors a server says so in one line, waits, and goes on."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import subprocess
import sys
from typing import Any

import pytest

from labkit.system import accepting
from labkit.system.accepting import Acceptor, StreamAcceptor

from ..helpers import eventually, soon

pytestmark = pytest.mark.live

#: A server with a channel, and a relay before it, in a process that may open some thirty files more than it has.
PROGRAM = """
import asyncio, resource
from labkit.proxy import relay
from labkit.server import Channel, serve
from labkit.system import accepting
from labkit.system.usage import descriptors
accepting.PAUSE_S = 0.01
async def main():
    async with serve(Channel()) as server, relay(server.url) as proxy:
        resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors() + 30,) * 2)
        print(server.url, proxy.url, flush=True)
        await asyncio.sleep(3600)
asyncio.run(main())
"""


def ask(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), timeout=20)
    connection.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
    return connection


def first_line(port: int) -> bytes:
    with ask(port) as connection:
        return connection.recv(15)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of this kind")
@pytest.mark.parametrize("place", [0, 1], ids=["the server", "the relay"])
def test_a_crowd_beyond_the_limit_is_one_line_and_the_next_is_served(place: int) -> None:
    command = [sys.executable, "-c", PROGRAM]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert program.stdout is not None and program.stderr is not None
        ports = [int(url.split(":")[2].split("/")[0]) for url in program.stdout.readline().split()]
        port = ports[place]
        crowd = [ask(port) for _ in range(80)]
        line = program.stderr.readline()
        says = [f"labkit: no further connection to port {port}: Too many open files. Clients wait" for port in ports]
        assert line.startswith(tuple(says[: place + 1]))  # behind the relay the server may be short of them first
        for connection in crowd:
            connection.close()
        eventually(lambda: first_line(port) == b"HTTP/1.1 200 OK", "that a late one is served")
    finally:
        program.kill()
        _, rest = program.communicate(timeout=20)
    assert len(rest.splitlines()) <= place, rest


class Short(socket.socket):
    """A listener whose process is out of descriptors for so many attempts."""

    attempts = 0
    failures = 0
    number = errno.EMFILE

    def accept(self) -> tuple[socket.socket, Any]:
        self.attempts += 1
        if self.attempts <= self.failures:
            raise OSError(self.number, "Too many open files")
        return super().accept()


def short(failures: int, number: int = errno.EMFILE) -> Short:
    listener = Short()
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    listener.failures, listener.number = failures, number
    return listener


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.EPERM])
def test_whatever_fails_is_tried_again_after_a_pause(
    number: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(accepting, "PAUSE_S", 0.001)

    async def main() -> None:
        served: list[Any] = []
        listener = short(5, number)
        acceptor = Acceptor(listener, lambda connection, address: served.append((connection, address)))
        client = socket.create_connection(("127.0.0.1", acceptor.port))
        await soon(lambda: served)
        assert served[0][1] == client.getsockname() and listener.attempts >= 6
        await acceptor.stop()
        assert listener.fileno() == -1
        for end in (client, served[0][0]):
            end.close()

    asyncio.run(main())
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert ("ulimit" in caplog.text) == (number != errno.EPERM)


def test_a_stopped_acceptor_ends_its_connections_and_frees_its_port() -> None:
    async def main() -> None:
        ended = []

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await reader.read()
            finally:
                ended.append(True)
                writer.close()

        acceptor = StreamAcceptor(socket.create_server(("127.0.0.1", 0)), serve)
        _, writer = await asyncio.open_connection("127.0.0.1", acceptor.port)
        await soon(lambda: acceptor._tasks)
        await asyncio.sleep(0)
        await acceptor.stop()
        with pytest.raises(OSError):
            await asyncio.open_connection("127.0.0.1", acceptor.port)
        await soon(lambda: len(acceptor._tasks) == 1)
        await acceptor.end_connections()
        assert not acceptor._tasks and ended == [True]
        writer.close()

    asyncio.run(main())


def test_it_can_be_stopped_while_it_pauses() -> None:
    async def main() -> None:
        listener = short(10**9)
        acceptor = Acceptor(listener, lambda connection, address: None)
        with socket.create_connection(("127.0.0.1", acceptor.port)):
            await soon(lambda: listener.attempts)
            await asyncio.wait_for(acceptor.stop(), 0.9)  # the pause is longer

    asyncio.run(main())


def test_a_crowd_that_comes_at_once_finds_room() -> None:
    async def main() -> None:
        acceptor = Acceptor(socket.create_server(("127.0.0.1", 0)), lambda connection, address: connection.close())
        # This loop accepts nobody meanwhile. Without room the next one would knock again after a second.
        for client in [socket.create_connection(("127.0.0.1", acceptor.port), timeout=0.5) for _ in range(300)]:
            client.close()
        await acceptor.stop()

    asyncio.run(main())
