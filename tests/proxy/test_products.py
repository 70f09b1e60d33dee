"""Apache, Caddy, Varnish and Envoy: real ones, from their typed settings."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from labkit.client import watch
from labkit.errors import LabError
from labkit.lab.ticking import Ticks, ticking
from labkit.proxy import (
    PRODUCTS,
    Apache,
    Caddy,
    Envoy,
    HAProxy,
    Nginx,
    ProxySetup,
    RunningProxy,
    Varnish,
    caddy,
    front,
    nginx,
    which_proxies,
)
from labkit.proxy.caddy import caddy_name
from labkit.proxy.program import find_program
from labkit.recording import Recording, lags
from labkit.server import Channel
from labkit.server.site import serve

from ..helpers import eventually

pytestmark = pytest.mark.live

Find = Callable[[str], str]
QUICK = Ticks(count=12, interval_s=0.05)
SILENT = Ticks(count=6, interval_s=0.02, silence_s=1.6)
NEW: Mapping[str, ProxySetup] = {"apache": Apache(), "caddy": Caddy(), "varnish": Varnish(), "envoy": Envoy()}
WITH_TLS = {"apache": Apache(tls=True, http2=True), "caddy": Caddy(tls=True), "envoy": Envoy(tls=True, http2=True)}

new = pytest.mark.parametrize("name", NEW)


async def recorded(
    *cases: tuple[ProxySetup, Ticks], make: Callable[[str, Any], Any] = front, http2: bool = False
) -> list[Recording]:
    """What comes of these ticks through these proxies. All have started before the first stream begins."""
    async with contextlib.AsyncExitStack() as stack:
        urls = [await stack.enter_async_context(ticking(ticks)) for _, ticks in cases]
        starts = (asyncio.to_thread(make, url, setup) for url, (setup, _) in zip(urls, cases, strict=True))
        proxies = [stack.enter_context(proxy) for proxy in await asyncio.gather(*starts)]
        headers = {"Accept-Encoding": "gzip"}
        watches = (watch(proxy.url, 6, verify=False, headers=headers, http2=http2) for proxy in proxies)
        return list(await asyncio.gather(*watches))


#: What passes each event on, and what gives nothing before the end.
LIVE = {
    "apache": [Apache(), Apache(flush_packets=True), Apache(deflate=True)],
    "caddy": [Caddy(), Caddy(flush_interval_s=10), Caddy(encode=True)],
    "varnish": [Varnish(), Varnish(way="pipe", gzip=True)],
    "envoy": [Envoy(), Envoy(compressor=True)],
}
HELD: Mapping[str, list[ProxySetup]] = {"varnish": [Varnish(stream=False), Varnish(gzip=True)]}


@new
def test_what_each_passes_on_and_what_it_holds(name: str, tool: Find) -> None:
    tool(name)
    live, held = LIVE[name], HELD.get(name, [])
    seen = asyncio.run(recorded(*((setup, QUICK) for setup in [*live, *held])))
    for setup, one in zip([*live, *held], seen, strict=True):
        run = lags(one)
        assert len(run.at_s) == 12, setup
        assert (len(run.bursts) == 1) if setup in held else (len(run.bursts) > 4), (setup, run.bursts)


def test_an_old_caddy_holds_what_it_compresses_and_a_new_one_does_not(tool: Find) -> None:
    paths = {path for path in (tool("caddy"), find_program("LABKIT_UNSET", "/usr/bin/caddy")) if path}
    for path in paths:

        def make(url: str, setup: Caddy, path: str = path) -> Any:
            return caddy(url, setup, program=path)

        [seen] = asyncio.run(recorded((Caddy(encode=True), replace(QUICK, size_bytes=600)), make=make))
        assert dict(seen.headers)["content-encoding"] == "gzip"
        version = tuple(map(int, caddy_name(path).removeprefix("Caddy ").split(".")))
        assert (len(lags(seen).bursts) == 1) if version < (2, 9) else (len(lags(seen).bursts) > 4), version


#: With the number of events, of six, that come: without a heartbeat in the silence of 1.6 s, and with one.
TIMERS: Mapping[str, Mapping[ProxySetup, tuple[int, int]]] = {
    "apache": {Apache(timeout_s=1): (3, 6)},
    "caddy": {Caddy(read_timeout_s=0.9): (3, 6), Caddy(write_timeout_s=0.9): (3, 3)},
    "varnish": {Varnish(between_bytes_timeout_s=0.9): (3, 6), Varnish(way="pipe", pipe_timeout_s=0.9): (3, 6)},
    "envoy": {Envoy(route_timeout_s=0.9): (3, 3), Envoy(idle_timeout_s=0.9): (3, 6), Envoy(route_timeout_s=0): (6, 6)},
}


@new
def test_timers_end_a_stream_and_a_heartbeat_helps_against_those_on_silence(name: str, tool: Find) -> None:
    """Three seconds for each product: real timers, and Apache's are whole seconds."""
    tool(name)
    timers, beating = TIMERS[name], replace(SILENT, heartbeat_s=0.2)
    seen = asyncio.run(recorded(*((setup, ticks) for ticks in (SILENT, beating) for setup in timers)))
    counts = [len(one.events) for one in seen]
    found = dict(zip(timers, zip(counts[: len(timers)], counts[len(timers) :], strict=True), strict=True))
    assert found == timers


@pytest.mark.parametrize("name", WITH_TLS)
def test_tls_and_http2_hold_nothing(name: str, tool: Find) -> None:
    tool(name)
    pytest.importorskip("h2")
    [seen] = asyncio.run(recorded((WITH_TLS[name], QUICK), http2=True))
    assert seen.http_version == "HTTP/2" and len(lags(seen).bursts) > 4


def test_varnish_gives_the_second_reader_what_the_first_one_got_unless_told_not_to(tool: Find) -> None:
    tool("varnish")

    async def twice(setup: Varnish) -> tuple[Recording, Recording]:
        async with ticking(replace(QUICK, interval_s=0.01)) as url:
            with await asyncio.to_thread(front, url, setup) as proxy:
                return await watch(proxy.url, 6), await watch(proxy.url, 6)

    shared, fresh = asyncio.run(twice(Varnish())), asyncio.run(twice(Varnish(way="pass")))
    assert shared[0].body == shared[1].body and fresh[0].body != fresh[1].body
    assert len(shared[1].events) == len(fresh[1].events) == 12


@new
def test_nothing_of_it_is_left_and_its_files_are_in_its_folder(name: str, tool: Find) -> None:
    tool(name)
    home = set(Path.home().iterdir())
    proxy = front("http://127.0.0.1:9/", NEW[name], name="a product")
    assert isinstance(proxy, RunningProxy) and proxy.running
    assert proxy.name in repr(proxy) and "127.0.0.1" in proxy.config
    folder, guard = proxy._folder.path, psutil.Process(proxy._child._guard.pid)
    processes = [child.pid for child in guard.children(recursive=True)]
    again = front("http://127.0.0.1:9/", NEW[name], name="a product")  # as a cell that is run again
    assert again.port == proxy.port and again.running and not proxy.running
    assert not folder.exists() and proxy.log == ""
    eventually(lambda: processes and not any(psutil.pid_exists(pid) for pid in processes), f"{name} is gone")
    again.stop()
    assert set(Path.home().iterdir()) == home


@new
def test_its_origin_may_have_an_ipv6_address(name: str, tool: Find) -> None:
    tool(name)

    async def main() -> int:
        async with serve(Channel(), host="::1") as server:
            with await asyncio.to_thread(front, server.url, NEW[name]) as proxy:
                async with httpx.AsyncClient(trust_env=False) as client, client.stream("GET", proxy.url) as answer:
                    return answer.status_code

    assert asyncio.run(main()) == 200


WRONG = {
    "apache": (Apache(directives=("Nonsense on",)), "Invalid command 'Nonsense'"),
    "caddy": (Caddy(directives=("nonsense on",)), "unrecognized directive: nonsense"),
    "varnish": (Varnish(response_lines=("nonsense;",)), "Symbol not found: .nonsense"),
    "envoy": (Envoy(filters=('{"name": "nonsense"}',)), "nonsense"),
}


@new
def test_what_it_says_of_a_wrong_setting_is_passed_on(name: str, tool: Find) -> None:
    tool(name)
    setup, said = WRONG[name]
    with pytest.raises(LabError, match=f"(?s)did not start. It says: .*{said}"):
        front("http://127.0.0.1:9/", setup)


@new
def test_without_it_the_error_says_how_to_get_it(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"LABKIT_{name.upper()}", "none")
    product = PRODUCTS[type(NEW[name])]
    with pytest.raises(LabError, match=f"^no {product.name} here.*install"):
        front("http://127.0.0.1:9/", NEW[name])
    assert product.here() is None and which_proxies()[product.name] == product.advice


def test_each_product_is_named_with_its_version_or_with_what_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(PRODUCTS) == {Nginx, HAProxy, Apache, Caddy, Varnish, Envoy}
    for name in ("NGINX", "HAPROXY"):
        monkeypatch.setenv(f"LABKIT_{name}", "none")
    found = which_proxies()
    assert found["nginx"].startswith("the lab's relay") and found["HAProxy"].startswith("the lab's relay")
    assert nginx is PRODUCTS[Nginx].start
