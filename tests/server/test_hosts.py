"""A page under a foreign name that leads to this machine reads nothing (DNS rebinding)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from tornado.web import RequestHandler

from labkit.command import serve as serve_command
from labkit.llm import Studio
from labkit.proxy import relay
from labkit.server import Channel, launch, serve
from labkit.server.polling import long_polling, polling
from labkit.server.site import RunningServer
from labkit.server.websocket import websocket
from labkit.system.hosts import HUB_VARIABLE, is_own_host
from labkit.wire import Frame
from tests.chromium import REBOUND, in_chromium

FOREIGN = ("evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "0x7f.1", "")
OWN = (
    "127.0.0.1",
    "localhost:8000",
    "LOCALHOST",
    "app.localhost",
    "[::1]:80",
    "127.1.2.3",
    "10.0.0.5:8888",
    "localhost.",
)


class _Page(RequestHandler):
    def get(self) -> None:
        self.finish("a page")


async def _prices(last_event_id: str) -> AsyncIterator[Frame]:
    yield Frame(data="3.50")


def _routes() -> dict[str, Any]:
    channel = Channel()
    channel.publish("a secret")
    kinds = {"/poll": polling(channel), "/wait": long_polling(channel, 0.1), "/socket": websocket(channel)}
    studio = serve_command.routes(Studio(), Channel())
    return {**studio, "/events": channel, "/prices": _prices, "/page": _Page, **kinds}


PATHS = (*_routes(), "/nothing")


_UPGRADE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "x" * 24,
}
_CLIENT_SETTINGS: dict[str, Any] = {"trust_env": False, "verify": False}  # no certificates to load


async def _status(url: str, host: str, path: str, method: str = "GET") -> tuple[int, str]:
    headers = {"Host": host, **(_UPGRADE if path == "/socket" else {})}
    async with (
        httpx.AsyncClient(**_CLIENT_SETTINGS) as client,
        client.stream(method, url + path, headers=headers) as response,
    ):
        return response.status_code, (await response.aread()).decode() if response.status_code == 403 else ""


@pytest.mark.parametrize("path", PATHS)
def test_a_foreign_name_is_refused_before_the_route_is_asked(path: str) -> None:
    async def main() -> None:
        async with serve(_routes()) as server:
            for host in FOREIGN:
                for method in ("GET", "POST", "OPTIONS"):
                    status, said = await _status(server.base_url, host, path, method)
                    assert status == 403 and "could be anybody's" in said

    asyncio.run(main())


@pytest.mark.parametrize("host", [*OWN, "lab.example:80", "Lab.Example"])
def test_this_machine_and_names_that_are_given_are_served(host: str) -> None:
    async def main() -> None:
        async with serve(_routes(), hosts=["lab.example"]) as server:
            for path, status in (("/events", 200), ("/poll", 200), ("/page", 200), ("/socket", 101)):
                assert (await _status(server.base_url, host, path))[0] == status

    asyncio.run(main())


def test_a_cell_run_again_with_another_name_is_served_under_it() -> None:
    with launch(_routes(), name="named") as server:
        assert launch(_routes(), name="named", hosts=["Lab.example"]) is server
        assert asyncio.run(_status(server.url, "lab.example:80", "/page"))[0] == 200
        assert asyncio.run(_status(server.url, "evil.example", "/page"))[0] == 403


def test_the_relay_refuses_too_and_asks_its_origin_nothing() -> None:
    async def main() -> None:
        async with AsyncExitStack() as stack:
            server: RunningServer = await stack.enter_async_context(serve(_routes()))
            network = await stack.enter_async_context(relay(server.base_url + "/page", hosts=["lab.example"]))
            root = network.url.removesuffix("/page")
            assert [(await _status(root, host, "/page"))[0] for host in FOREIGN] == [403] * len(FOREIGN)
            assert network.passages[0].ended == "meant for another host"
            assert (await _status(root, "localhost", "/page"))[0] == 200

    asyncio.run(main())


def test_a_client_without_a_host_is_no_browser_and_a_hub_has_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_own_host(None)
    monkeypatch.setenv(HUB_VARIABLE, "/user/x/")
    assert is_own_host("hub.example.org")


@pytest.mark.browser
def test_a_rebound_page_reads_nothing_in_a_real_browser(tool: Callable[[str], str]) -> None:
    with launch(_routes(), name="rebound") as server:

        def visit(browser: Any) -> None:
            page = browser.new_page()
            answer = page.goto(f"http://{REBOUND}:{server.port}/page")
            assert answer.status == 403
            read = """async path => {
                const answer = await fetch(path);
                return answer.status + await answer.text();
            }"""
            for path in ("/poll?since=x-0", "/events", "/v1/models"):
                assert "a secret" not in page.evaluate(read, path)
            opened = """path => new Promise(resolve => {
                const socket = new WebSocket(`ws://${location.host}${path}`);
                socket.onopen = () => resolve('open');
                socket.onerror = () => resolve('refused');
            })"""
            assert page.evaluate(opened, "/socket") == "refused"

        in_chromium(tool("chromium"), visit)
