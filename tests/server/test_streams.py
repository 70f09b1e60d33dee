from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from labkit.server import Channel, RunningServer, serve
from labkit.wire import Event, Frame

from ..helpers import after, request, soon, texts

pytestmark = pytest.mark.live

LOOPBACK = ["http://localhost:8888", "http://127.0.0.1", "https://localhost", "http://[::1]:3000"]
STRANGERS = [
    "http://example.org",
    "http://localhost.example.org",
    "http://127.0.0.1.example.org:80",
    "null",
    "http://10.0.0.1",
]


async def ticks(last_event_id: str) -> AsyncGenerator[Frame, None]:
    for number in range(int(last_event_id or "0") + 1, 4):
        yield Frame(data=f"tick {number}", id=str(number))


@pytest.mark.parametrize("route", [Channel(), ticks], ids=["channel", "source"])
def test_the_headers_of_a_stream(route: object) -> None:
    async def main() -> None:
        async with serve({"/events": route}) as server, request(server.url) as reply:  # type: ignore[dict-item]
            assert reply.status == 200
            assert reply.headers["content-type"] == "text/event-stream"
            assert reply.headers["cache-control"] == "no-cache"
            assert reply.headers["x-accel-buffering"] == "no"
            assert reply.headers["transfer-encoding"] == "chunked"
            assert reply.headers["connection"] == "close"
            assert "content-length" not in reply.headers
            assert "access-control-allow-origin" not in reply.headers

    asyncio.run(main())


@pytest.mark.parametrize("route", [Channel(), ticks], ids=["channel", "source"])
def test_http_1_0_is_not_chunked(route: object) -> None:
    async def main() -> None:
        async with serve({"/events": route}) as server, request(server.url, version="1.0") as reply:  # type: ignore[dict-item]
            assert reply.status == 200
            assert "transfer-encoding" not in reply.headers
            if route is ticks:
                body = await reply.reader.read()
                assert body == b"".join(b"id: %d\ndata: tick %d\n\n" % (n, n) for n in (1, 2, 3))

    asyncio.run(main())


def test_head_sends_the_headers_alone() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server, request(server.url, method="HEAD") as reply:
            assert (reply.status, reply.headers["content-type"]) == (200, "text/event-stream")
            assert "content-length" not in reply.headers
            assert await reply.reader.read() == b""
            assert (channel.clients, list(channel.visits)) == (0, [])

    asyncio.run(main())


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "HEAD"])
@pytest.mark.parametrize("origin", LOOPBACK)
def test_pages_of_this_machine_may_read(method: str, origin: str) -> None:
    async def main() -> None:
        headers = [b"Origin: " + origin.encode(), b"Access-Control-Request-Headers: last-event-id,x-own"]
        async with serve(Channel()) as server, request(server.url, *headers, method=method) as reply:
            assert reply.headers["access-control-allow-origin"] == origin
            assert reply.headers["access-control-allow-headers"] == "last-event-id,x-own"
            assert reply.headers["vary"] == "Origin"
            assert reply.status == (204 if method == "OPTIONS" else 200)

    asyncio.run(main())


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
@pytest.mark.parametrize("origin", STRANGERS)
def test_pages_from_elsewhere_may_not(method: str, origin: str) -> None:
    async def main() -> None:
        headers = [b"Origin: " + origin.encode(), b"Access-Control-Request-Headers: last-event-id,x-own"]
        async with serve(Channel()) as server, request(server.url, *headers, method=method) as reply:
            assert not [name for name in reply.headers if name.startswith("access-control")]

    asyncio.run(main())


def test_post_is_refused() -> None:
    async def main() -> None:
        async with serve(Channel()) as server, request(server.url, b"Content-Length: 0", method="POST") as reply:
            assert reply.status == 405

    asyncio.run(main())


def test_another_path_says_what_there_is() -> None:
    async def main() -> None:
        async with serve({"/a": Channel(), "/b.c": ticks}) as server:
            for path in ("/nothing", "/bxc", "/a/"):  # a path is no pattern
                async with request(server.base_url + path) as reply:
                    assert reply.status == 404
                    assert b"This server has: /a, /b.c" in await reply.reader.readline()

    asyncio.run(main())


@pytest.mark.parametrize("id", ["7", "…", "id with spaces", "日本", "a,b", "é"])
def test_last_event_id_is_read_as_utf8(id: str) -> None:
    async def main(channel: Channel, asked: list[str]) -> None:
        async def note(last_event_id: str) -> AsyncGenerator[Frame, None]:
            asked.append(last_event_id)
            yield Frame(data="noted")

        async with (
            serve({"/events": channel, "/source": note}) as server,
            request(server.url, after(id)) as reply,
            request(server.base_url + "/source", after(id)) as second,
        ):
            await reply.events(1)
            await second.events(1)
        assert channel.visits[0].last_event_id == id
        assert asked == [id]

    asyncio.run(main(Channel(), []))


def test_a_last_event_id_that_is_no_utf8_is_no_crash() -> None:
    async def main() -> None:
        async with serve(channel) as server, request(server.url, b"Last-Event-ID: \xff\xfe") as reply:
            assert (await reply.events(1))[0].type == "gap"
            assert channel.visits[0].last_event_id == "\ufffd\ufffd"

    channel = Channel()
    asyncio.run(main())


def test_a_source_runs_once_for_each_client_and_its_end_is_the_end() -> None:
    async def main() -> None:
        async with serve(ticks) as server:
            for headers, expected in [((), ["tick 1", "tick 2", "tick 3"]), ((after("2"),), ["tick 3"])]:
                async with request(server.url, *headers) as reply:
                    assert texts(await reply.events(9)) == expected
            assert [visit.left for visit in server.site.visits] == ["the source ended"] * 2

    asyncio.run(main())


def test_each_frame_of_a_source_is_a_chunk() -> None:
    async def main() -> None:
        async with serve(ticks) as server, request(server.url) as reply:
            chunks = [await reply.chunk() for _ in range(4)]
            assert chunks == [b"id: 1\ndata: tick 1\n\n", b"id: 2\ndata: tick 2\n\n", b"id: 3\ndata: tick 3\n\n", b""]

    asyncio.run(main())


class Endless:
    """A source that counts what it yields, and notes when it is closed."""

    def __init__(self, pause_s: float = 0.0, data: str = "x") -> None:
        self.yielded, self.closed, self.pause_s, self.data = 0, False, pause_s, data

    def __call__(self, last_event_id: str) -> AsyncGenerator[Frame, None]:
        self.run = self._run()  # kept: or the garbage collector would close it too
        return self.run

    async def _run(self) -> AsyncGenerator[Frame, None]:
        try:
            while True:
                self.yielded += 1
                yield Frame(data=self.data)
                if self.pause_s:
                    await asyncio.sleep(self.pause_s)
        finally:
            self.closed = True


@pytest.mark.parametrize("pause_s", [0.0, 0.01, 3600.0])
def test_a_source_is_closed_when_its_client_leaves(pause_s: float) -> None:
    async def main() -> None:
        source = Endless(pause_s)
        async with serve(source) as server:
            async with request(server.url) as reply:
                await reply.events(1)
            await soon(lambda: source.closed)
            assert server.site.visits[0].left == "client left" or pause_s < 1
            assert server.site.visits[0].left in ("client left", "connection lost")

    asyncio.run(main())


def test_a_source_is_closed_when_the_server_stops() -> None:
    async def main() -> None:
        source = Endless(3600.0)
        async with serve(source) as server, request(server.url) as reply:
            await reply.events(1)
            await server.site.stop()
            await soon(lambda: source.closed)
            assert server.site.visits[0].left == "server stopped"

    asyncio.run(main())


def test_a_source_goes_at_the_pace_of_its_reader() -> None:
    async def main() -> None:
        source = Endless(data="x" * 4096)
        async with serve(source) as server, request(server.url) as reply:
            settled = -1
            while settled != source.yielded:
                settled = source.yielded
                await asyncio.sleep(0.2)
            assert 0 < settled * 4096 < 20_000_000
            assert len(await reply.events(settled + 100)) >= settled + 100
            assert server.site.visits[0].left == ""

    asyncio.run(main())


def test_two_clients_of_a_source_do_not_disturb_each_other() -> None:
    async def main() -> None:
        async with serve(Endless(0.001)) as server, request(server.url) as stays:
            async with request(server.url) as leaves:
                await leaves.events(2)
            assert len(await stays.events(20)) >= 20

    asyncio.run(main())


def test_a_source_that_fails_breaks_the_stream_and_the_visit_says_why() -> None:
    async def fails(last_event_id: str) -> AsyncGenerator[Frame, None]:
        yield Frame(data="first")
        raise ValueError("out of order")

    async def main(server: RunningServer) -> None:
        async with request(server.url) as reply:
            assert await reply.events(1) == [Event("first")]
            assert await reply.reader.read() == b""  # no last chunk: this response is not complete
            assert server.site.visits[0].left == "the source failed: ValueError: out of order"

    async def run() -> None:
        async with serve(fails) as server:
            await main(server)

    asyncio.run(run())
