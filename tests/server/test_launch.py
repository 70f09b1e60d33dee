from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import signal
import socket
import sys
import threading
from collections.abc import AsyncGenerator, Callable, Iterator
from types import FrameType
from typing import Any

import pytest
from tornado.web import RequestHandler

from labkit.errors import LabError, LoopBlocked, NotServing, PortInUse
from labkit.faults.fault import How
from labkit.log import MemoryLog
from labkit.proxy import launch_relay
from labkit.server import Channel, LabServer, launch
from labkit.wire import Frame

from ..helpers import Reply, after, eventually, ids, request, soon, texts

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def stop_all() -> Iterator[None]:
    yield
    from labkit.server.launch import _servers

    for server in list(_servers.values()):
        server.stop()


class Hello(RequestHandler):
    def get(self) -> None:
        self.finish("hello")


async def once(last_event_id: str) -> AsyncGenerator[Frame, None]:
    yield Frame(data="once")


async def waits(last_event_id: str) -> AsyncGenerator[Frame, None]:
    yield Frame(data="waiting")
    await asyncio.sleep(3600)


def test_it_serves_channels_sources_and_handlers() -> None:
    channel = Channel(MemoryLog(epoch="e"), heartbeat_s=3600)  # nothing but publish() wakes the server
    server = launch({"/channel": channel, "/once": once, "/hello": Hello})

    async def main() -> None:
        async with request(server.url + "/channel") as reply:
            await reply.opening()
            channel.publish("from this thread")
            assert ids(await reply.events(1)) == ["e-1"]
        async with request(server.url + "/once") as reply:
            assert texts(await reply.events(1)) == ["once"]
        async with request(server.url + "/hello") as reply:
            assert await reply.reader.readexactly(5) == b"hello"

    asyncio.run(main())
    assert server.url == f"http://127.0.0.1:{server.port}"
    assert repr(server) == f"<LabServer 'lab' at {server.url}: /channel, /once, /hello>"
    assert server.url + "/hello" in server._repr_html_()


def test_the_cell_run_again_gives_the_same_server_with_the_new_routes() -> None:
    kept, gone = Channel(), Channel()
    first = launch({"/kept": kept, "/gone": gone, "/waits": waits}, name="again")
    port = first.port

    async def main() -> None:
        async with (
            request(first.url + "/kept") as stays,
            request(first.url + "/gone") as ends,
            request(first.url + "/waits") as breaks,
        ):
            for reply in (stays, ends):
                await reply.opening()
            await breaks.events(1)
            second = await asyncio.to_thread(launch, {"/kept": kept, "/new": once}, "again")
            assert second is first
            assert second.port == port
            assert await ends.reader.read() == b"0\r\n\r\n"
            assert await breaks.reader.read() == b""
            kept.publish("still here")
            assert texts(await stays.events(1)) == ["still here"]
        async with request(first.url + "/new") as reply:
            assert texts(await reply.events(1)) == ["once"]
        async with request(first.url + "/gone") as reply:
            assert reply.status == 404
        assert gone.visits[0].left == "server stopped"

    asyncio.run(main())


def test_names_tell_servers_apart() -> None:
    one, two = launch({"/a": once}, name="one"), launch({"/a": once}, name="two")
    assert one is not two
    assert one.port != two.port
    one.stop()
    assert two.running


def test_stop_ends_every_stream_and_frees_the_port() -> None:
    channel = Channel()
    server = launch({"/events": channel, "/waits": waits})

    async def main() -> None:
        async with request(server.url + "/events") as reply, request(server.url + "/waits") as waiting:
            await reply.opening()
            await waiting.events(1)
            await asyncio.to_thread(server.stop)
            assert await reply.reader.read() == b"0\r\n\r\n"
            assert await waiting.reader.read() == b""

    asyncio.run(main())
    server.stop()  # twice is fine
    with socket.create_server(("127.0.0.1", server.port)):
        pass
    assert repr(server) == "<LabServer 'lab' stopped>"
    assert "stopped" in server._repr_html_()
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "labkit server lab"])


def test_a_stopped_server_says_so_and_launch_makes_a_new_one() -> None:
    server = launch({"/a": once})
    server.stop()
    with pytest.raises(NotServing, match=str(server.port)):
        server.call(lambda: 1)
    with pytest.raises(NotServing):
        server.play(Channel(), ["x"], 0)
    with pytest.raises(NotServing):
        server.replace({"/a": once})
    assert launch({"/a": once}) is not server


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} on 127.0.0.1 is taken"):
            launch({"/a": once}, name="taken", port=port)
    server = launch({"/a": once}, name="taken", port=port)  # free now, and the failure left nothing behind
    assert server.port == port


@pytest.mark.parametrize(
    "routes, says",
    [({}, "at least one route"), ({"events": once}, "must start with a slash"), ({"/events": "text"}, "leads to str")],
)
def test_bad_routes(routes: dict[str, object], says: str) -> None:
    with pytest.raises(LabError, match=says):
        launch(routes, name="bad")  # type: ignore[arg-type]
    server = launch({"/a": once}, name="bad")
    with pytest.raises(LabError, match=says):
        launch(routes, name="bad")  # type: ignore[arg-type]

    async def main() -> None:
        async with request(server.url + "/a") as reply:
            assert reply.status == 200

    asyncio.run(main())


def test_a_launch_that_fails_takes_no_channel_and_no_port() -> None:
    taken, fresh = Channel(), Channel()
    launch({"/a": taken}, name="one")
    with pytest.raises(LabError, match="mounted on another server"):
        launch({"/fresh": fresh, "/taken": taken}, name="two")
    two = launch({"/fresh": fresh}, name="two")
    with pytest.raises(LabError, match="mounted on another server"):
        launch({"/taken": taken}, name="two")

    async def main() -> None:
        async with request(two.url + "/fresh") as reply:  # as before
            await reply.opening()
            fresh.publish("x")
            assert texts(await reply.events(1)) == ["x"]

    asyncio.run(main())


def test_play_publishes_in_the_background() -> None:
    channel = Channel()
    server = launch({"/events": channel})

    async def main() -> None:
        async with request(server.url + "/events") as reply:
            await reply.opening()
            playing = server.play(channel, ["a", "b", "c"], every_s=0.01, event="tick")
            events = await reply.events(3)
            assert [(event.data, event.type) for event in events] == [("a", "tick"), ("b", "tick"), ("c", "tick")]
            await soon(playing.done)
            assert playing.result() is None

    asyncio.run(main())


def test_play_stops_when_it_is_told_or_its_channel_goes() -> None:
    channel, other = Channel(), Channel()
    server = launch({"/events": channel})
    playing = server.play(channel, map(str, range(10**9)), every_s=0.001)
    eventually(lambda: channel.log.last_number > 3)  # type: ignore[attr-defined]
    playing.cancel()
    second = server.play(channel, map(str, range(10**9)), every_s=0.001)
    launch({"/other": other})
    eventually(second.cancelled)
    third = server.play(other, map(str, range(10**9)), every_s=0.001)
    server.stop()
    assert third.cancelled()


def test_play_hands_on_what_goes_wrong() -> None:
    channel = Channel()
    playing = launch({"/events": channel}).play(channel, ["\ud800"], every_s=0)
    with pytest.raises(LabError, match="lone surrogate"):
        playing.result(timeout=20)


def test_call_runs_on_the_servers_loop() -> None:
    server = launch({"/a": once}, name="call")
    assert server.call(lambda: threading.current_thread().name) == "labkit server call"
    with pytest.raises(ZeroDivisionError):
        server.call(lambda: 1 // 0)


def test_a_server_on_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    server: LabServer = launch({"/a": once}, name="six", host="::1")
    assert server.url == f"http://[::1]:{server.port}"


def test_a_server_that_is_down_refuses_and_comes_back_with_what_was_published_meanwhile() -> None:
    channel = Channel(MemoryLog(epoch="e"))
    server = launch({"/channel": channel})

    async def main() -> None:
        async with request(server.url + "/channel") as reply:
            await reply.opening()
            server.take_down()
            server.take_down()
            assert await reply.events(1) == []
        assert server.down and server.running and repr(server).startswith("<LabServer 'lab' down, at ")
        with pytest.raises(ConnectionRefusedError):
            async with request(server.url + "/channel"):
                pass
        channel.publish("while it was down")
        server.bring_up()
        server.bring_up()
        async with request(server.url + "/channel", after("e-0")) as reply:
            assert texts(await reply.events(1)) == ["while it was down"]

    asyncio.run(main())
    assert [(delivery.id, delivery.readers) for delivery in channel.deliveries] == [("e-1", 0)]
    assert channel.visits[0].left == "server stopped"


def test_a_new_launch_brings_a_server_up() -> None:
    server = launch({"/hello": Hello})
    server.pause()
    server.take_down()
    assert launch({"/hello": Hello}) is server and not server.down and not server.paused


def test_a_pause_holds_what_is_played_and_nothing_else() -> None:
    channel = Channel()
    server = launch({"/channel": channel})
    server.pause()
    playing = server.play(channel, ["played"], every_s=0)
    channel.publish("published")
    server.call(lambda: None)
    assert server.paused and not playing.done()
    assert len(channel.deliveries) == 1
    server.resume()
    playing.result(timeout=10)
    assert not server.paused
    assert server.channels == {"/channel": channel}
    assert len(channel.deliveries) == 2


def test_replacing_routes_leaves_the_streams_of_those_that_stay() -> None:
    server = launch({"/stays": waits, "/goes": waits_too})

    async def main() -> None:
        async with request(server.url + "/stays") as stays, request(server.url + "/goes") as goes:
            await stays.events(1)
            await goes.events(1)
            await asyncio.to_thread(server.replace, {"/elsewhere": waits})
            with pytest.raises(asyncio.IncompleteReadError):
                await goes.events(1)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await stays.events(1)

    asyncio.run(main())


async def waits_too(last_event_id: str) -> AsyncGenerator[Frame, None]:
    async for frame in waits(last_event_id):
        yield frame


blocked = threading.Event()


async def blocks(last_event_id: str) -> AsyncGenerator[Frame, None]:
    yield Frame(data="before")
    blocked.wait(20)  # as time.sleep() would
    yield Frame(data="never")


@pytest.fixture
def blocked_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[LabServer]:
    """A server whose loop stands still, in the middle of a generator, while a reader waits."""
    blocked.clear()
    channel = Channel(MemoryLog(epoch="e"))
    server = launch({"/blocks": blocks, "/events": channel}, name="blocked")
    with (
        socket.create_connection(("127.0.0.1", server.port)) as reader,
        socket.create_connection(("127.0.0.1", server.port)) as other,
    ):
        for client, path in ((other, "/events"), (reader, "/blocks")):
            client.sendall(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
            client.settimeout(20)
            while b"\n\n" not in client.recv(65536):
                pass
        monkeypatch.setattr("labkit.system.background.ANSWER_TIMEOUT_S", 0.3)
        yield server
        for client in (reader, other):
            assert client.recv(100) == b"", "who reads from a server that was given up is told"
    blocked.set()
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "labkit server blocked"])


@pytest.mark.parametrize("action", ["take_down", "stop", "pause"])
def test_a_loop_that_stands_still_is_told_with_its_line(blocked_server: LabServer, action: str) -> None:
    with pytest.raises(LoopBlocked, match=r"line \d+ of test_launch.py, in blocks\(\): blocked.wait\(20\)") as problem:
        getattr(blocked_server, action)()
    assert "the server blocked has not answered for 0.3 s" in str(problem.value)
    if action != "stop":
        with pytest.raises(LoopBlocked):
            blocked_server.stop()
    assert not blocked_server.running
    with socket.create_server(("127.0.0.1", blocked_server.port)):
        pass


def test_the_cell_run_again_serves_in_place_of_a_loop_that_stands_still(blocked_server: LabServer) -> None:
    channel = blocked_server.channels["/events"]
    again = launch({"/blocks": once, "/events": channel}, name="blocked")
    assert again is not blocked_server and again.port == blocked_server.port and not blocked_server.running
    assert "the server before was given up" in repr(again) and "blocked.wait(20)" in repr(again)

    async def main() -> None:
        async with request(again.url + "/blocks") as reply, request(again.url + "/events") as live:
            assert texts(await reply.events(1)) == ["once"]
            await live.opening()
            channel.publish("goes on")
            assert texts(await live.events(1)) == ["goes on"]

    asyncio.run(main())
    again.stop()


def test_a_loop_that_computes_for_ever_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    async def spins(last_event_id: str) -> AsyncGenerator[Frame, None]:
        yield Frame(data="before")
        while True:
            pass

    server = launch({"/spins": spins}, name="spinning")
    with socket.create_connection(("127.0.0.1", server.port)) as reader:
        reader.sendall(b"GET /spins HTTP/1.0\r\nHost: localhost\r\n\r\n")
        while b"\n\n" not in reader.recv(65536):
            pass
        monkeypatch.setattr("labkit.system.background.ANSWER_TIMEOUT_S", 0.3)
        with pytest.raises(LoopBlocked, match=r"in spins\(\)"):
            server.stop()
    eventually(lambda: not [thread for thread in threading.enumerate() if thread.name == "labkit server spinning"])


def test_several_threads_that_launch_one_name_get_one_server() -> None:
    barrier, servers = threading.Barrier(8), []

    def launch_together() -> None:
        barrier.wait()
        servers.append(launch({"/a": once}, name="together"))

    threads = [threading.Thread(target=launch_together) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(servers) == 8 and len(set(map(id, servers))) == 1
    assert [thread.name for thread in threading.enumerate()].count("labkit server together") == 1


def test_another_port_than_the_one_it_runs_on_is_refused() -> None:
    server = launch({"/a": once}, name="fixed")
    assert launch({"/a": once}, name="fixed", port=server.port) is server
    with pytest.raises(LabError, match=rf"runs on port {server.port}, not {server.port + 1}. Call its stop\(\) first"):
        launch({"/a": once}, name="fixed", port=server.port + 1)
    assert server.running


def test_a_launch_that_is_interrupted_leaves_nothing_that_no_name_leads_to() -> None:
    from labkit.server.launch import _servers

    def interrupt_after(lines: int) -> Any:
        calls = itertools.count()

        def trace(frame: FrameType, event: str, argument: object) -> Any:
            if "labkit" not in frame.f_code.co_filename and "futures" not in frame.f_code.co_filename:
                return None  # Python's own locks are not the subject
            if next(calls) == lines:
                raise KeyboardInterrupt
            return trace

        return trace

    def threads() -> list[str]:
        return [thread.name for thread in threading.enumerate() if thread.is_alive() and "interrupted" in thread.name]

    interrupted = 0
    for lines in range(60):  # of this thread, where Ctrl-C may come in
        sys.settrace(interrupt_after(lines))
        try:
            launch({"/a": once}, name="interrupted")
        except KeyboardInterrupt:
            interrupted += 1
        finally:
            sys.settrace(None)
        eventually(lambda: not [name for name in threads() if "on its way" in name])
        if "interrupted" in _servers:
            _servers["interrupted"].stop()
        eventually(lambda: not threads(), "a thread is left")
    assert interrupted > 20


@pytest.fixture
def forked() -> Iterator[Callable[[], None]]:
    """Forks a child that holds every socket of this process, until the test is over."""
    children: list[int] = []

    def fork() -> None:
        child = os.fork()
        if child == 0:
            signal.pause()
            os._exit(0)
        children.append(child)

    yield fork
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere processes are not forked as a rule")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # that is the subject
@pytest.mark.parametrize("how", ["cut", "reset", "end", "take_down", "stop"])
def test_a_child_that_holds_the_sockets_keeps_no_stream_open(how: str, forked: Callable[[], None]) -> None:
    channel = Channel()
    server = launch({"/events": channel, "/waits": waits, "/hello": Hello}, name="forked")
    actions = {"cut": channel.cut, "reset": lambda: channel.cut(reset=True), "end": channel.end}

    async def ended(reply: Reply) -> None:
        async with asyncio.timeout(5):
            if how == "reset":
                with pytest.raises(ConnectionResetError):
                    await reply.reader.read()
            else:
                await reply.reader.read()

    async def main() -> None:
        async with (
            request(server.url + "/events") as stream,
            request(server.url + "/waits") as source,
            request(server.url + "/hello") as kept_alive,
        ):
            await stream.opening()
            await source.events(1)
            forked()
            await asyncio.to_thread(actions.get(how) or getattr(server, how))
            await ended(stream)
            if how not in actions:
                await ended(source)
                await ended(kept_alive)
                with pytest.raises(ConnectionRefusedError):
                    await asyncio.open_connection("127.0.0.1", server.port)

    asyncio.run(main())
    if how == "take_down":
        server.bring_up()  # the port is free


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere processes are not forked as a rule")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("how", ["clean", "fin", "rst"])
def test_a_relay_ends_what_it_ends_though_a_child_holds_it(how: How, forked: Callable[[], None]) -> None:
    server = launch({"/events": Channel()}, name="forked")
    proxy = launch_relay(server.url + "/events", name="forked")

    async def main() -> None:
        async with request(proxy.url) as stream:
            await stream.opening()
            forked()
            proxy.cut(how)
            async with asyncio.timeout(5):
                with pytest.raises(ConnectionResetError) if how == "rst" else contextlib.nullcontext():
                    await stream.reader.read()
        proxy.stop()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", proxy.port)

    asyncio.run(main())
