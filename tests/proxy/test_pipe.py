"""The pipe counts, delays and breaks, whatever it carries."""

from __future__ import annotations

import asyncio

import pytest

from labkit.lab.raw_server import loopback
from labkit.proxy.pipe import pipe

from ..helpers import free_port, soon

pytestmark = pytest.mark.live


async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(1000):
        writer.write(data * 2)


async def connect(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))


def test_it_counts_each_way() -> None:
    async def main() -> None:
        async with loopback(echo) as origin, pipe(origin) as made:
            reader, writer = await connect(made.url)
            writer.write(b"abc")
            assert await reader.readexactly(6) == b"abcabc"
            assert (made.up_bytes, made.down_bytes, made.connections) == (3, 6, 1)
            writer.write_eof()
            assert await reader.read() == b""
            made.reset()
            assert (made.up_bytes, made.down_bytes, made.connections) == (0, 0, 0)

    asyncio.run(main())


def test_every_byte_is_on_its_way_for_so_long_and_in_order() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with loopback(echo) as origin, pipe(origin, delay_s=0.05) as made:
            reader, writer = await connect(made.url)
            started_s = loop.time()
            for number in range(5):
                writer.write(b"%d" % number)
                await asyncio.sleep(0.01)
            data = await reader.readexactly(10)
            assert loop.time() - started_s >= 0.1 + 0.03  # two ways, and the last byte left late
            assert data == b"0011223344"
            writer.close()

    asyncio.run(main())


def test_a_cut_is_a_reset_on_both_sides() -> None:
    async def main() -> None:
        left: list[str] = []

        async def listening(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello")
            try:
                await reader.read()
                left.append("end")
            except ConnectionResetError:
                left.append("reset")

        async with loopback(listening) as origin, pipe(origin) as made:
            reader, _ = await connect(made.url)
            await reader.readexactly(5)
            made.cut()
            with pytest.raises(ConnectionResetError):
                await reader.read()
            await soon(lambda: left == ["reset"])

    asyncio.run(main())


def test_two_cuts_in_one_moment_are_one() -> None:
    async def main() -> None:
        async def listening(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"hello")
            await reader.read()

        async with loopback(listening) as origin, pipe(origin) as made:
            reader, _ = await connect(made.url)
            await reader.readexactly(5)
            made.cut()
            await asyncio.sleep(0)  # the sockets are closed, and the pipe has not noticed yet
            made.cut()
            with pytest.raises(ConnectionResetError):
                await reader.read()

    asyncio.run(main())


def test_nobody_behind_is_a_connection_that_ends() -> None:
    async def main() -> None:
        async with pipe(f"http://127.0.0.1:{free_port()}") as made:
            reader, _ = await connect(made.url)
            assert await reader.read() == b""
        assert len(asyncio.all_tasks()) == 1  # nothing is left over

    asyncio.run(main())


def test_who_reads_slowly_holds_the_sender_up() -> None:
    async def main() -> None:
        written = 0

        async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal written
            while True:
                writer.write(bytes(1 << 16))
                await writer.drain()
                written += 1 << 16

        async with loopback(endless) as origin, pipe(origin) as made:
            _, writer = await connect(made.url)  # and reads nothing; the stream's limit is 128 KiB
            before = -1
            while before != written < 1 << 26:  # until nobody takes any more
                before = written
                await asyncio.sleep(0.1)
            assert 0 < written < 1 << 25  # buffers of three sockets, and the pieces on their way
            writer.close()

    asyncio.run(main())


def test_each_piece_is_shown() -> None:
    async def main() -> None:
        seen: list[tuple[bool, bytes]] = []
        async with loopback(echo) as origin, pipe(origin) as made:
            made.on_bytes = lambda up, data: seen.append((up, data))
            reader, writer = await connect(made.url)
            writer.write(b"abc")
            await reader.readexactly(6)
            writer.close()
        assert seen == [(True, b"abc"), (False, b"abcabc")]

    asyncio.run(main())
