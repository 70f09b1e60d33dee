"""The relay on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncGenerator
from random import Random
from typing import Any
from unittest.mock import AsyncMock, Mock
from urllib.parse import urlsplit

import httpx
import pytest
from tornado.web import RequestHandler

from labkit.client import EventSource, watch
from labkit.errors import LabError, PortInUse, StreamRejected
from labkit.faults import (
    AnswerStatus,
    Cut,
    Delay,
    Duplicate,
    FailFirst,
    Fault,
    Gzip,
    HoldBytes,
    Machine,
    Slice,
    Stall,
    TotalTimeout,
)
from labkit.lab.raw_server import loopback
from labkit.log import MemoryLog
from labkit.proxy import relay
from labkit.server import Channel, serve
from labkit.system.sockets import reset_connection
from labkit.wire import Frame

from ..helpers import request, soon, texts

pytestmark = pytest.mark.live


async def three(last_event_id: str) -> AsyncGenerator[Frame, None]:
    for text in ("one", "zwölf", "three"):
        yield Frame(data=text)


class Mirror(RequestHandler):
    def post(self) -> None:
        self.set_header("X-Own", "kept")
        self.finish(f"{self.request.body.decode()} {self.request.headers.get('X-Asked')} {self.request.uri}")


def test_what_goes_through_is_what_was_sent() -> None:
    async def main() -> None:
        async with serve({"/events": three, "/mirror": Mirror}) as server, relay(server.base_url) as proxy:
            async with request(proxy.url + "/events") as reply:
                assert reply.headers["content-type"] == "text/event-stream"
                assert reply.headers["transfer-encoding"] == "chunked"
                assert texts(await reply.events(3)) == ["one", "zwölf", "three"]
                assert await reply.reader.read() == b"0\r\n\r\n"
            async with request(proxy.url + "/events", version="1.0") as reply:
                assert "transfer-encoding" not in reply.headers
                assert texts(await reply.events(3)) == ["one", "zwölf", "three"]
            async with httpx.AsyncClient() as client:
                url, headers = proxy.url + "/mirror?a=b", {"X-Asked": "yes"}
                answer = await client.post(url, content="a question", headers=headers)
                assert (answer.text, answer.headers["x-own"]) == ("a question yes /mirror?a=b", "kept")
            await soon(lambda: proxy.open == 0)
            assert [passage.ended for passage in proxy.passages] == ["ended", "ended", "ended"]

    asyncio.run(main())


def test_each_way_to_end_looks_different_to_the_client() -> None:
    async def end_of(how: str, of_the_wire: bool = False) -> object:
        async with serve(three) as server, relay(server.url, Cut(bytes=15, how=how, of_the_wire=of_the_wire)) as proxy:  # type: ignore[arg-type]
            try:
                async with httpx.AsyncClient() as client:
                    return (await client.get(proxy.url)).content
            except httpx.TransportError as problem:
                return type(problem)

    async def main() -> None:
        assert await end_of("clean") == b"data: one\n\ndata"
        assert await end_of("fin") is httpx.RemoteProtocolError
        assert await end_of("rst") is httpx.ReadError
        assert await end_of("fin", of_the_wire=True) is httpx.RemoteProtocolError

    asyncio.run(main())


def test_the_server_learns_that_the_client_left() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server, relay(server.url) as proxy:
            async with request(proxy.url) as reply:
                await reply.opening()
                assert proxy.open == channel.clients == 1
            await soon(lambda: channel.clients == 0)
            await soon(lambda: proxy.passages[0].ended == "the client left")

    asyncio.run(main())


def test_a_stall_stays_open_when_the_origin_ends() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server, relay(server.url, Stall()) as proxy, request(proxy.url) as reply:
            await soon(lambda: channel.clients == 1)
            channel.publish("unheard")
            channel.end()
            await soon(lambda: channel.clients == 0)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await reply.chunk()
            assert proxy.open == 1

    asyncio.run(main())


def test_faults_can_be_set_while_a_stream_runs_and_nothing_held_is_lost() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        async with serve(channel) as server, relay(server.url, HoldBytes(4096)) as proxy, request(proxy.url) as reply:
            await soon(lambda: channel.clients == 1)
            channel.publish("held")
            await asyncio.sleep(0.05)
            proxy.set()
            channel.publish("free")
            assert texts(await reply.events(2)) == ["held", "free"]
            proxy.set(Duplicate())
            channel.publish("twice")
            assert texts(await reply.events(2)) == ["twice", "twice"]
            proxy.cut("clean")
            assert await reply.chunk() == b""

    asyncio.run(main())


@pytest.mark.parametrize(
    "faults",
    [
        (Stall(70),),
        (HoldBytes(4096),),
        (Slice(5, every_s=3600),),
        (HoldBytes(200), Slice(7, every_s=3600)),
        (Delay(3600),),
    ],
    ids=repr,
)
def test_a_fault_that_is_lifted_gives_back_all_that_it_held_in_order(faults: tuple[Fault, ...]) -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        async with serve(channel) as server, relay(server.url) as proxy, request(proxy.url) as reply:
            await reply.opening()
            proxy.set(*faults)
            for number in range(20):
                channel.publish(str(number))
            await asyncio.sleep(0.05)
            proxy.set()
            channel.publish("20")
            assert texts(await reply.events(21)) == [str(number) for number in range(21)]

    asyncio.run(main())


def test_refused_answered_and_let_in() -> None:
    async def main() -> None:
        async with serve(three) as server, relay(server.url, FailFirst(1), AnswerStatus((200, 503, 200))) as proxy:
            statuses: list[object] = []
            async with httpx.AsyncClient() as client:
                for _ in range(3):
                    try:
                        statuses.append((await client.get(proxy.url)).status_code)
                    except httpx.TransportError as problem:
                        statuses.append(type(problem))
            assert statuses == [httpx.ReadError, 503, 200]
            assert [passage.ended for passage in list(proxy.passages)[:2]] == ["refused", "answered 503"]

    asyncio.run(main())


def test_faults_in_time_and_of_the_wire_together() -> None:
    async def main() -> None:
        faults = (Delay(0.02, jitter_s=0.02), Slice(3))
        async with serve(three) as server, relay(server.url, *faults) as proxy, request(proxy.url) as reply:
            assert texts(await reply.events(3)) == ["one", "zwölf", "three"]
            assert await reply.reader.read() == b"0\r\n\r\n"

    asyncio.run(main())


def test_a_total_timeout_ends_a_busy_stream_and_the_client_resumes() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"), retry_ms=1)
        async with serve(channel) as server, relay(server.url, TotalTimeout(0.05)) as proxy:
            got: list[str] = []
            async with EventSource(proxy.url) as source:
                reading = asyncio.create_task(anext(source))
                await soon(lambda: channel.clients == 1)
                for number in range(30):
                    channel.publish(str(number))
                    got.append((await reading).data)
                    reading = asyncio.create_task(anext(source))
                    await asyncio.sleep(0.01)
                reading.cancel()
                assert got == [str(number) for number in range(30)]
                assert source.connections > 2

    asyncio.run(main())


def test_gzip_is_named_in_the_head_and_can_be_read() -> None:
    async def main() -> None:
        async with serve(three) as server, relay(server.url, Gzip()) as proxy, request(proxy.url) as reply:
            assert reply.headers["content-encoding"] == "gzip"
            body = b""
            while data := await reply.chunk():
                body += data
            assert gzip.decompress(body) == "data: one\n\ndata: zwölf\n\ndata: three\n\n".encode()

    asyncio.run(main())


def test_faults_on_the_way_to_the_server() -> None:
    async def main() -> None:
        async with serve({"/mirror": Mirror}) as server:
            async with relay(server.url, requests=(Slice(1, every_s=0.0001),)) as proxy, httpx.AsyncClient() as client:
                assert (await client.post(proxy.url, content="slowly")).text == "slowly None /mirror"
            async with relay(server.url, requests=(Cut(bytes=20),)) as proxy, httpx.AsyncClient() as client:
                with pytest.raises(httpx.TransportError):
                    await client.post(proxy.url, content="never")

    asyncio.run(main())


def test_a_dead_origin_is_named() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            url = f"http://127.0.0.1:{free.getsockname()[1]}/x"
        async with relay(url) as proxy:
            async with httpx.AsyncClient() as client:
                answer = await client.get(proxy.url)
            assert answer.status_code == 502
            assert answer.text.startswith(f"The relay's origin {url} does not answer: ")
            assert proxy.passages[0].ended == "the origin does not answer"
            with pytest.raises(StreamRejected, match="502"):
                await anext(EventSource(proxy.url))

    asyncio.run(main())


BEGUN = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n: 1\r\n"


@pytest.mark.parametrize(
    ("sent", "got"),
    [
        (b"", None),
        (BEGUN, b": 1"),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", None),
        (b"HTTP/1.1 fine\r\n\r\n", None),
        (b"x" * 100_000, None),
        (BEGUN + b"many\r\n", b": 1"),
        (BEGUN + b"-3\r\n", b": 1"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n: 1", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n: 1", b": 1"),
    ],
)
@pytest.mark.parametrize("reset_it", [True, False])
def test_an_origin_that_breaks_off_or_talks_nonsense_ends_the_clients_stream_too(
    sent: bytes, got: bytes | None, reset_it: bool
) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await asyncio.sleep(0.05)  # a RST would take back what has not been read
        reset_connection(writer) if reset_it else writer.close()

    async def main() -> None:
        async with loopback(answer) as url, relay(url) as proxy:
            if got is not None:
                recording = await watch(proxy.url, 5.0)
                assert b"".join(arrival.data for arrival in recording.arrivals) == got and recording.broken
            else:
                with pytest.raises(httpx.RemoteProtocolError, match="without sending a response"):
                    await watch(proxy.url, 5.0)
            assert proxy.passages[0].ended == "the origin broke off"

    asyncio.run(main())


def test_an_origin_whose_machine_is_gone_ends_the_clients_stream_too(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = asyncio.open_connection

    async def connected(host: str, port: int) -> tuple[Any, Any]:
        if port != 9:
            return await connect(host, port)
        origin = asyncio.StreamReader()
        origin.feed_data(BEGUN)
        asyncio.get_running_loop().call_later(0.1, origin.set_exception, TimeoutError(110, "timed out"))
        return origin, Mock(drain=AsyncMock())

    async def main() -> None:
        async with relay("http://127.0.0.1:9/") as proxy:
            recording = await watch(proxy.url, 5.0)
            assert recording.arrivals and recording.broken
            assert proxy.passages[0].ended == "the origin broke off"

    monkeypatch.setattr(asyncio, "open_connection", connected)
    asyncio.run(main())


class Stumbles(Fault):
    """A fault with a mistake in it."""

    def __init__(self, at: str) -> None:
        self.at = at

    def start(self, n: int, rng: Random) -> Machine:
        machine = Delay(0.01).start(n, rng) if self.at == "wake" else Machine()
        setattr(machine, self.at, Mock(side_effect=KeyError("a mistake")))
        return machine


@pytest.mark.parametrize("at", ["feed", "wake", "end"])
def test_a_fault_with_a_mistake_ends_the_stream_and_is_named(at: str) -> None:
    async def main() -> None:
        async with serve(three) as server, relay(server.url, Stumbles(at)) as proxy:
            recording = await watch(proxy.url, 5.0)
            assert recording.broken and proxy.passages[0].ended == "a fault failed: KeyError('a mistake')"

    asyncio.run(main())


def test_a_clients_nonsense_is_named() -> None:
    async def main() -> None:
        async with serve(three) as server, relay(server.url) as proxy:
            reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(proxy.url).port)
            writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ten\r\n\r\n")
            told = await reader.read()
            assert told.startswith(b"HTTP/1.1 400 ") and told.endswith(
                b"cannot read this request: bad Content-Length\n"
            )
            writer.close()
            assert proxy.passages[0].ended == "the client's request is not HTTP: bad Content-Length"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        ("https://127.0.0.1/", "speaks http:// only"),
        ("127.0.0.1:80", "speaks http:// only"),
        ("http://", "needs a host"),
        ("http://example.com/", "on another machine"),
    ],
)
def test_what_cannot_be_relayed_is_refused(origin: str, why: str) -> None:
    async def main() -> None:
        with pytest.raises(LabError, match=why):
            async with relay(origin):
                pass

    asyncio.run(main())


def test_a_port_that_is_taken_is_said() -> None:
    async def main() -> None:
        async with serve(three) as server:
            with pytest.raises(PortInUse):
                async with relay(server.url, port=server.port):
                    pass

    asyncio.run(main())
