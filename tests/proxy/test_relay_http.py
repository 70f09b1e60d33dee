"""The relay and the corners of HTTP: bodies of every framing, answers before the answer, answers without a body."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
import pytest

from labkit.faults import Cut, Delay, Duplicate, Fault, Slice, simulate
from labkit.faults.simulate import sent_data
from labkit.lab.raw_server import loopback
from labkit.proxy import Relay, relay

from ..helpers import soon

pytestmark = pytest.mark.live

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Origin:
    """Answers every request with `answer`, and keeps what it was sent until a body of `body_bytes` was complete."""

    def __init__(self, answer: bytes = OK, until: bytes = b"\r\n\r\n") -> None:
        self.answer, self.until = answer, until
        self.request = b""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError):
            self.request = await reader.readuntil(self.until)
            writer.write(self.answer)
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def relayed(
    origin: Origin, *faults: Fault, **settings: object
) -> AsyncIterator[tuple[Relay, asyncio.StreamReader, asyncio.StreamWriter]]:
    async with loopback(origin) as url, relay(url, *faults, **settings) as proxy:  # type: ignore[arg-type]
        reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(proxy.url).port)
        try:
            yield proxy, reader, writer
        finally:
            writer.close()


def test_a_request_in_chunks_reaches_the_origin_whole() -> None:
    async def main() -> None:
        origin = Origin(until=b"0\r\n\r\n")
        async with relayed(origin) as (_, reader, writer):
            writer.write(b"POST /a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n")
            writer.write(b"2\r\nse\r\n0\r\n\r\n")
            assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
        head, _, body = origin.request.partition(b"\r\n\r\n")
        assert b"Transfer-Encoding: chunked" in head
        assert body == b"4\r\nfour\r\n2\r\nse\r\n0\r\n\r\n"

    asyncio.run(main())


def test_a_client_that_waits_for_100_continue_gets_it_and_the_origin_is_not_asked_to_wait() -> None:
    async def main() -> None:
        origin = Origin(until=b"a body")
        async with relayed(origin) as (_, reader, writer):
            writer.write(b"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n")
            assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"a body")
            assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")
        assert b"Expect" not in origin.request and origin.request.endswith(b"\r\n\r\na body")

    asyncio.run(main())


def test_a_body_is_passed_on_as_it_comes() -> None:
    async def main() -> None:
        origin = Origin(until=b"first half")
        async with relayed(origin) as (_, reader, writer):
            writer.write(b"POST /a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\nfirst half")
            # The origin has answered while most of the body is still to come: as a server does that refuses it.
            assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")

    asyncio.run(main())


@pytest.mark.parametrize("version", ["1.1", "1.0"])
def test_early_hints_come_before_the_answer_and_are_not_the_answer(version: str) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"

    async def main() -> None:
        async with relayed(Origin(hints + b"HTTP/1.1 100 Continue\r\n\r\n" + OK)) as (proxy, reader, writer):
            writer.write(f"GET / HTTP/{version}\r\nHost: localhost\r\n\r\n".encode())
            got = await reader.read()
            # HTTP/1.0 knows no informational answers. Source: RFC 9110, 15.2.
            assert got.startswith(hints if version == "1.1" else b"HTTP/1.1 200 OK")
            assert got.count(b"HTTP/1.1 200 OK") == 1 and b"100 Continue" not in got
            assert proxy.passages[0].ended == "ended"

    asyncio.run(main())


@pytest.mark.parametrize("status", ["200 OK", "304 Not Modified"])
def test_an_answer_without_a_body_is_whole(status: str) -> None:
    method = "HEAD" if status.startswith("200") else "GET"

    async def main() -> None:
        origin = Origin(f"HTTP/1.1 {status}\r\nContent-Length: 500\r\n\r\n".encode())
        async with relayed(origin) as (proxy, reader, writer):
            writer.write(f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            head = await reader.read()
            assert b"Content-Length: 500\r\n" in head and b"Transfer-Encoding" not in head
            assert head.endswith(b"\r\n\r\n")
            await soon(lambda: proxy.passages[0].ended)
            assert proxy.passages[0].ended == "ended"

    asyncio.run(main())


def test_a_body_shorter_than_promised_is_a_break() -> None:
    async def main() -> None:
        async with relayed(Origin(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort")) as (proxy, reader, writer):
            writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            got = await reader.read()
            assert got.endswith(b"short\r\n") and b"0\r\n\r\n" not in got  # no last chunk: the client sees a break
            assert proxy.passages[0].ended == "the origin broke off"

    asyncio.run(main())


def test_http_1_0_needs_no_host_and_gets_no_chunks() -> None:
    async def main() -> None:
        origin = Origin()
        async with relayed(origin) as (proxy, reader, writer):
            writer.write(b"GET / HTTP/1.0\r\n\r\n")
            head, _, body = (await reader.read()).partition(b"\r\n\r\n")
            assert b"Transfer-Encoding" not in head and body == b"ok"
        assert f"Host: {urlsplit(proxy.origin).netloc}".encode() in origin.request

    asyncio.run(main())


def test_a_client_that_leaves_in_the_middle_of_its_request_is_noticed() -> None:
    async def main() -> None:
        async with relayed(Origin(until=b"never")) as (proxy, _, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
            writer.close()
            await soon(lambda: proxy.passages and proxy.passages[0].ended)
            assert proxy.passages[0].ended == "the client left"

    asyncio.run(main())


def test_faults_of_the_request_work_while_its_body_comes() -> None:
    async def main() -> None:
        origin = Origin(until=b"in two parts")
        async with relayed(origin, requests=(Delay(0.02), Slice(7, every_s=0.0001))) as (_, reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 12\r\n\r\nin two")
            await writer.drain()
            await asyncio.sleep(0.05)
            writer.write(b" parts")
            assert (await reader.read()).startswith(b"HTTP/1.1 200 OK")

    asyncio.run(main())


def test_a_request_that_a_fault_cuts_is_said_to_be_cut() -> None:
    async def main() -> None:
        async with relayed(Origin(until=b"whole"), requests=(Cut(bytes=50),)) as (proxy, reader, writer):
            writer.write(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\n" + b"x" * 45 + b"whole")
            with contextlib.suppress(ConnectionError):
                assert await reader.read() == b""
            await soon(lambda: proxy.passages[0].ended)
            assert proxy.passages[0].ended == "a fault cut the request"

    asyncio.run(main())


@pytest.mark.parametrize("faults", [(), (Duplicate(0.0),)], ids=["as it comes", "through a fault"])
def test_who_was_promised_100_bytes_and_got_40_is_not_told_that_this_was_all(faults: tuple[Fault, ...]) -> None:
    async def main() -> None:
        short = Origin(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n" + b"x" * 40)
        async with loopback(short) as url, relay(url, *faults) as proxy, httpx.AsyncClient(trust_env=False) as client:
            got = b""
            with pytest.raises(httpx.RemoteProtocolError):
                async with client.stream("GET", proxy.url) as answer:
                    async for data in answer.aiter_raw():
                        got += data
            assert got == b"x" * 40, "what came before the break comes through"
            await soon(lambda: proxy.passages[0].ended)
            assert "broke" in proxy.passages[0].ended

    asyncio.run(main())


def test_the_same_seed_and_connection_give_what_simulate_gives() -> None:
    body = b"".join(b"id: %d\ndata: x\n\n" % number for number in range(40))
    faults = (Duplicate(0.5), Duplicate(0.5))  # chance by the event, however the bytes are cut

    async def main() -> list[bytes]:
        origin = Origin(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        async with (
            loopback(origin) as url,
            relay(url, *faults, seed=7) as proxy,
            httpx.AsyncClient(trust_env=False) as client,
        ):
            return [(await client.get(proxy.url)).content for _ in range(3)]

    through_the_relay = asyncio.run(main())
    simulated = [sent_data(simulate([body], *faults, n=n, seed=7)) for n in (1, 2, 3)]
    assert through_the_relay == simulated
    assert len(set(simulated)) == 3, "each connection has its own chance"
