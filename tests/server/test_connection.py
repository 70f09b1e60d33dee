from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest
from tornado.iostream import IOStream

from labkit.server.connection import Connection, Visit
from labkit.wire.chunked import LAST_CHUNK, chunk

from ..helpers import soon

pytestmark = pytest.mark.live

ROOM = 64 * 1024


@dataclass
class Pair:
    """A Connection, and the socket of its reader."""

    connection: Connection
    reader: socket.socket
    gone: list[Connection] = field(default_factory=list)

    @property
    def left(self) -> str:
        return self.connection.visit.left

    async def read(self) -> bytes:
        """All that comes until the stream ends."""
        loop, parts = asyncio.get_running_loop(), []
        async with asyncio.timeout(20):
            while part := await loop.sock_recv(self.reader, 65536):
                parts.append(part)
        return b"".join(parts)

    def fill(self) -> int:
        """Sends until the kernel takes no more; how many bytes."""
        sent = 0
        while not self.connection.waiting_bytes:
            self.connection.send(b"x" * 4096)
            sent += 4096
        return sent


@asynccontextmanager
async def pair(chunked: bool = True, room_bytes: int = ROOM) -> AsyncIterator[Pair]:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(listener.getsockname())
        reader.setblocking(False)
        accepted, _ = listener.accept()
        gone: list[Connection] = []
        connection = Connection(IOStream(accepted), chunked, room_bytes, Visit(""), gone.append)
        try:
            yield Pair(connection, reader, gone)
        finally:
            connection.cut("the test is over")


@pytest.mark.parametrize(
    "data, framed", [(b"", b"0\r\n\r\n"), (b"ab", b"2\r\nab\r\n"), (b"x" * 26, b"1a\r\n" + b"x" * 26 + b"\r\n")]
)
def test_chunk(data: bytes, framed: bytes) -> None:
    assert chunk(data) == framed


def test_what_is_sent_arrives_in_order_also_when_the_kernel_takes_a_part() -> None:
    async def main() -> None:
        async with pair(room_bytes=10**7) as it:
            sent = []
            for number in range(4000):
                sent.append(b"%04d" % number * 100)
                it.connection.send(sent[-1])
            assert it.connection.waiting_bytes > 0
            reading = asyncio.create_task(it.read())
            await it.connection.drain()
            assert it.connection.waiting_bytes == 0
            it.connection.end("done")
            assert await reading == b"".join(sent) + LAST_CHUNK

    asyncio.run(main())


def test_it_holds_no_more_than_its_room() -> None:
    async def main() -> None:
        async with pair() as it:
            it.fill()
            while not it.left:
                it.connection.send(b"x" * 1000)
                assert it.connection.waiting_bytes <= ROOM
            assert it.left == "too slow: its buffer was full"
            await soon(lambda: it.gone == [it.connection])

    asyncio.run(main())


def test_the_kernel_holds_a_bounded_part() -> None:
    async def main() -> None:
        async with pair() as it:
            assert it.fill() < 600_000  # 128 KiB doubled by Linux, and the reader's window; unset it would be 2.6 MB

    asyncio.run(main())


@pytest.mark.parametrize("chunked, last", [(True, LAST_CHUNK), (False, b"")])
def test_end_sends_what_waits_before_it_closes(chunked: bool, last: bytes) -> None:
    async def main() -> None:
        async with pair(chunked) as it:
            sent = it.fill()
            it.connection.end("enough")
            assert await it.read() == b"x" * sent + last
            assert it.left == "enough"

    asyncio.run(main())


@pytest.mark.parametrize("chunked, last", [(True, LAST_CHUNK), (False, b"")])
def test_nothing_follows_the_end(chunked: bool, last: bytes) -> None:
    async def main() -> None:
        async with pair(chunked) as it:
            sent = it.fill()
            it.connection.end("enough")
            it.connection.send(b"too late")
            it.connection.end("twice")
            assert await it.read() == b"x" * sent + last
            assert it.left == "enough"

    asyncio.run(main())


def test_an_end_waits_for_a_reader_that_is_behind_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.server.connection.END_TIMEOUT_S", 0.1)

    async def main() -> None:
        async with pair() as it:
            it.fill()
            it.connection.end("enough")
            await soon(lambda: it.gone == [it.connection])
            assert it.left == "enough"

    asyncio.run(main())


def test_cut_drops_what_waits() -> None:
    async def main() -> None:
        async with pair() as it:
            sent = it.fill()
            it.connection.cut("cut")
            got = await it.read()
            assert len(got) < sent
            assert LAST_CHUNK not in got

    asyncio.run(main())


def test_cut_with_reset_resets() -> None:
    async def main() -> None:
        async with pair() as it:
            it.connection.cut("cut", reset=True)
            with pytest.raises(ConnectionResetError):
                await it.read()

    asyncio.run(main())


def test_the_first_reason_to_leave_stays_and_gone_is_told_once() -> None:
    async def main() -> None:
        async with pair() as it:
            it.connection.cut("first")
            it.connection.cut("second")
            it.connection.end("third")
            it.connection.send(b"to nobody")
            await soon(lambda: it.gone)
            await asyncio.sleep(0.02)
            assert (it.left, it.gone) == ("first", [it.connection])

    asyncio.run(main())


def test_a_reader_that_closes_is_noticed_without_sending() -> None:
    async def main() -> None:
        async with pair() as it:
            it.reader.close()
            await soon(lambda: it.gone)
            assert it.left == "client left"

    asyncio.run(main())


def test_a_reader_that_is_lost_while_it_is_behind_is_noticed() -> None:
    async def main() -> None:
        async with pair() as it:
            it.fill()
            it.reader.close()  # with bytes unread: a reset
            await soon(lambda: it.gone)
            assert it.left in ("client left", "connection lost")
            it.connection.send(b"nobody minds")

    asyncio.run(main())


def test_end_after_is_forgotten_when_the_reader_leaves_first() -> None:
    async def main() -> None:
        async with pair() as it:
            it.connection.end_after(0.1, "planned")
            it.reader.close()
            await soon(lambda: it.gone)
            await asyncio.sleep(0.15)
            assert it.left == "client left"

    asyncio.run(main())


def test_what_a_reader_says_after_its_request_is_not_kept() -> None:
    async def main() -> None:
        async with pair() as it:
            loop = asyncio.get_running_loop()
            with pytest.raises((ConnectionError, TimeoutError)):
                async with asyncio.timeout(0.5):
                    for _ in range(200):
                        await loop.sock_sendall(it.reader, b"z" * 65536)
            assert it.connection._stream._read_buffer_size <= 256 * 1024

    asyncio.run(main())


def test_drain_lets_others_run_even_when_nothing_waits() -> None:
    async def main() -> None:
        async with pair() as it:
            others: list[str] = []
            asyncio.get_running_loop().call_soon(others.append, "ran")
            await it.connection.drain()
            assert others == ["ran"], "a source without a pause of its own stops the whole server"

    asyncio.run(main())
