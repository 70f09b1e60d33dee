"""What the relay holds is bounded: an eager sender has to wait, and nothing is lost meanwhile."""

from __future__ import annotations

import asyncio
from random import Random
from urllib.parse import urlsplit

import pytest

from labkit.errors import LabError
from labkit.faults import Delay, Duplicate, Fault, HoldBytes, HoldTime, Slice, Stall, Throttle, simulate
from labkit.faults.fault import MAX_HELD_BYTES
from labkit.faults.holding import FillBuffers, Unless
from labkit.faults.simulate import sent_data
from labkit.faults.timing import PIECE_BYTES
from labkit.lab.raw_server import loopback
from labkit.proxy import Relay, relay
from labkit.proxy.http1 import READ_BYTES

from ..helpers import soon

pytestmark = pytest.mark.live

MIB = 1024 * 1024
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
#: What two connections hold in the kernel, at most, on the machines that were measured.
KERNEL_BYTES = 20 * MIB
SENT_BYTES = 100 * MIB


class Eager:
    """Sends as fast as it is let, and counts."""

    def __init__(self) -> None:
        self.sent_bytes = 0

    async def send(self, writer: asyncio.StreamWriter, up_to_bytes: int = SENT_BYTES) -> None:
        while self.sent_bytes < up_to_bytes:
            writer.write(b"x" * READ_BYTES)
            await writer.drain()
            self.sent_bytes += READ_BYTES

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        await self.send(writer)


async def turns(count: int = 3000) -> None:
    """Lets everything that can go on do so: in each turn of the loop a sender sends a piece."""
    for _ in range(count):
        await asyncio.sleep(0)


def held_bytes(proxy: Relay) -> int:
    return max(max(passing._body.held_bytes, passing._wire.held_bytes) for passing in proxy._running)


HOLDING: dict[str, tuple[Fault, ...]] = {
    "Throttle": (Throttle(1000),),
    "Delay": (Delay(3600),),
    "Stall": (Stall(10),),
    "HoldTime": (HoldTime(3600),),
    "two in a row": (Delay(1), Throttle(1000)),
    "Unless": (Unless("x-none", "1", Delay(3600)),),
}


@pytest.mark.parametrize("faults", HOLDING.values(), ids=HOLDING)
def test_an_eager_origin_waits_while_a_fault_holds_much(faults: tuple[Fault, ...]) -> None:
    async def main() -> None:
        origin = Eager()
        async with loopback(origin) as url, relay(url, *faults) as proxy:
            _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(proxy.url).port)
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            await soon(lambda: proxy._running and held_bytes(proxy) > MAX_HELD_BYTES)
            await turns()
            assert held_bytes(proxy) <= MAX_HELD_BYTES + READ_BYTES + PIECE_BYTES
            assert origin.sent_bytes < KERNEL_BYTES
            writer.close()
            await soon(lambda: proxy.passages[0].ended == "the client left")  # it does not wait for the fault

    asyncio.run(main())


def test_tiny_pieces_count_with_what_python_takes_for_them() -> None:
    machine = Slice(1, every_s=1.0).start(1, Random(1))
    machine.feed(0.0, b"x" * 10_000)
    assert machine.held_bytes == 9_999 * (PIECE_BYTES + 1)


@pytest.mark.parametrize("fault", [Throttle(1000), Delay(3600), Stall(10)], ids=lambda fault: type(fault).__name__)
def test_an_eager_client_waits_while_a_fault_holds_its_request(fault: Fault) -> None:
    async def main() -> None:
        client = Eager()
        async with loopback(lambda reader, writer: reader.read()) as url, relay(url, requests=(fault,)) as proxy:
            _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(proxy.url).port)
            writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999999\r\n\r\n")
            sending = asyncio.ensure_future(client.send(writer))
            await soon(lambda: client.sent_bytes > MAX_HELD_BYTES)
            await turns()
            # A request that stalls for ever is read and thrown away: only so is it seen that the client leaves.
            assert client.sent_bytes < KERNEL_BYTES or isinstance(fault, Stall)
            sending.cancel()
            writer.close()

    asyncio.run(main())


def test_nothing_is_lost_of_what_had_to_wait() -> None:
    async def main() -> None:
        body = bytes(range(256)) * (4 * MIB // 256)

        async def origin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + body)
            await writer.drain()

        faults = (HoldBytes(MAX_HELD_BYTES), FillBuffers(MAX_HELD_BYTES), Delay(0.01), Throttle(50 * MIB))
        async with loopback(origin) as url, relay(url, *faults) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(proxy.url).port)
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            _, _, came = (await asyncio.wait_for(reader.read(), 20)).partition(b"\r\n\r\n")
            assert came == body
            writer.close()

    asyncio.run(main())


def test_a_tunnel_is_no_http_and_fills_nothing() -> None:
    async def main() -> None:
        origin = Eager()
        async with loopback(origin) as url, relay(url) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(proxy.url).port)
            writer.write(b"CONNECT x:1 HTTP/1.1\r\nHost: localhost:1\r\n\r\n")
            await asyncio.wait_for(reader.read(), 20)
            assert proxy.passages[0].ended == "the origin broke off"
            assert origin.sent_bytes < KERNEL_BYTES
            writer.close()

    asyncio.run(main())


@pytest.mark.parametrize("fault", [HoldBytes, FillBuffers])
def test_a_buffer_that_could_never_be_full_is_refused(fault: type[HoldBytes]) -> None:
    fault(MAX_HELD_BYTES)
    with pytest.raises(LabError, match="no fault holds more than 1,048,576 bytes back"):
        fault(MAX_HELD_BYTES + 1)
    with pytest.raises(LabError, match="above zero"):
        fault(0)


def test_what_is_no_event_is_not_kept_to_be_sent_twice() -> None:
    machine = Duplicate().start(1, Random(1))
    for _ in range(40):
        machine.feed(0.0, b"x" * READ_BYTES)
    assert len(machine._block) <= MAX_HELD_BYTES  # type: ignore[attr-defined]
    body = b"data: " + b"x" * MAX_HELD_BYTES + b"\n\ndata: b\n\n"
    assert sent_data(simulate([body], Duplicate())) == body + b"data: b\n\n"
