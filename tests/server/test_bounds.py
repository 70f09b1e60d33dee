"""Readers that never read, and clients that never ask: what each may take, and for how long."""

from __future__ import annotations

import asyncio
import socket
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from labkit.client import Polling, WebSocketSource
from labkit.log import EventLog, MemoryLog, SQLiteLog
from labkit.proxy import relay
from labkit.server import Channel, long_polling, polling, serve, websocket
from labkit.system.usage import memory_bytes

from ..helpers import request, soon

pytestmark = pytest.mark.live

EVENT_BYTES, EVENTS = 5000, 1000


def asks_and_never_reads(port: int, path: str, *headers: str) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    client.connect(("127.0.0.1", port))
    client.sendall("\r\n".join([f"GET {path} HTTP/1.1", "Host: localhost", *headers, "", ""]).encode())
    return client


SOCKET = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: eA==")
#: The transports, and how a reader asks each for all that there is.
ASKS = {"/events": ("/events", "Last-Event-ID: e-0"), "/socket": ("/socket?since=e-0", *SOCKET)}


def routes(channel: Channel) -> dict[str, object]:
    return {
        "/events": channel, "/poll": polling(channel), "/wait": long_polling(channel), "/socket": websocket(channel),
    }  # fmt: skip


@pytest.mark.parametrize("path", ASKS)
def test_who_resumes_and_never_reads_is_sent_away(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.server.connection.STALL_TIMEOUT_S", 0.2)

    async def main() -> None:
        channel = Channel(MemoryLog(EVENTS, epoch="e"))
        for _ in range(EVENTS):
            channel.publish("x" * EVENT_BYTES)
        async with serve(routes(channel)) as server:  # type: ignore[arg-type]
            with closing(asks_and_never_reads(server.port, *ASKS[path])) as client:
                client.setblocking(True)
                tasks = len(asyncio.all_tasks())
                await soon(lambda: len(asyncio.all_tasks()) > tasks, "it is served")
                await soon(lambda: len(asyncio.all_tasks()) <= tasks, "it is kept for ever")
                if path == "/events":
                    assert channel.visits[0].left == "too slow: it read nothing for so long"
                    await soon(lambda: channel.clients == 0)

    asyncio.run(main())


def test_a_reader_that_reads_slowly_is_not_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.server.connection.STALL_TIMEOUT_S", 0.3)

    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        channel.publish("x" * 1_500_000)
        async with serve(channel) as server, request(server.url, b"Last-Event-ID: e-0") as reply:
            size = 0
            while size < 1_500_000:
                size += len(await reply.reader.read(30_000))
                await asyncio.sleep(0.01)  # all of it takes more than the time in which it may read nothing
            assert channel.visits[0].left == ""

    asyncio.run(main())


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
@pytest.mark.parametrize("path", ASKS)
def test_thirty_that_never_read_take_a_page_each_and_not_the_log(path: str, kind: str, tmp_path: Path) -> None:
    async def main(log: EventLog) -> int:
        channel = Channel(log)
        for _ in range(EVENTS):
            channel.publish("x" * EVENT_BYTES)
        async with serve(routes(channel)) as server:  # type: ignore[arg-type]
            clients = [asks_and_never_reads(server.port, *ASKS[path])]
            tasks, before = len(asyncio.all_tasks()), memory_bytes()
            clients += [asks_and_never_reads(server.port, *ASKS[path]) for _ in range(30)]
            await soon(lambda: len(asyncio.all_tasks()) >= tasks + 30)
            for _ in range(100):
                await asyncio.sleep(0)
            grown = memory_bytes() - before
            for client in clients:
                client.close()
            return grown

    log = MemoryLog(EVENTS, epoch="e") if kind == "memory" else SQLiteLog(tmp_path / "log.db", EVENTS, epoch="e")
    assert asyncio.run(main(log)) < 30 * 10 * 65536, "5 MB for each were 150 MB"


def test_a_poller_gets_a_long_log_in_pages() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(EVENTS, epoch="e"))
        for number in range(EVENTS):
            channel.publish(f"{number} ".ljust(500))
        async with serve(routes(channel)) as server, httpx.AsyncClient(trust_env=False) as client:  # type: ignore[arg-type]
            for path in ("/poll", "/wait"):
                answer = await client.get(f"{server.base_url}{path}?since=e-0")
                assert len(answer.content) < 2 * channel.room_bytes
                assert answer.json()["last"] == answer.json()["events"][-1]["id"] != "e-1000"
            async with Polling(f"{server.base_url}/poll", every_s=0.001, last_event_id="e-0") as source:
                assert [(await anext(source)).data.strip() for _ in range(EVENTS)] == [str(n) for n in range(EVENTS)]
            async with WebSocketSource(f"{server.base_url}/socket", last_event_id="e-0") as source:
                assert [(await anext(source)).data.strip() for _ in range(EVENTS)] == [str(n) for n in range(EVENTS)]

    asyncio.run(main())


HALVES = {
    "nothing": b"",
    "half a head": b"GET /events HTTP/1.1\r\nHost: loc",
    "half a body": b"POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf",
    "a whole request, and then nothing": b"GET /poll HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


@pytest.mark.parametrize("through", ["server", "relay"])
@pytest.mark.parametrize("half", HALVES)
def test_who_does_not_ask_is_not_waited_for(half: str, through: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.server.site.REQUEST_TIMEOUT_S", 0.2 if through == "server" else 60)
    monkeypatch.setattr("labkit.proxy.http1.REQUEST_TIMEOUT_S", 0.2)

    async def main() -> None:
        async with serve(routes(Channel())) as server, relay(server.base_url) as proxy:  # type: ignore[arg-type]
            port = server.port if through == "server" else httpx.URL(proxy.url).port
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(HALVES[half])
            async with asyncio.timeout(10):
                answer = await reader.read()
            if through == "relay" and "whole" not in half and "body" not in half:
                assert answer.startswith(b"HTTP/1.1 408 ")
            writer.close()

    asyncio.run(main())
