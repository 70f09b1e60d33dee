from __future__ import annotations

import asyncio

import httpx
import pytest

from labkit.clock import wait_until
from labkit.lab import jupyter_proxy, record
from labkit.lab.lesson_09 import logging_server
from labkit.lab.lesson_09.mirror import Mirror
from labkit.server import Channel, serve

from ..helpers import soon

pytestmark = pytest.mark.live


def test_jupyters_proxy_passes_events_on_hides_that_the_reader_left_and_asks_for_the_token() -> None:
    """One test, for one JupyterLab: it starts for seconds."""

    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server, jupyter_proxy() as through:
            reading = asyncio.create_task(record(through(server.url), seconds=10, events=1))
            await soon(lambda: channel.clients == 1)
            channel.publish("through")
            seen = await reading
            assert seen.status == 200 and [event.data for event in seen.events] == ["through"]
            assert not await wait_until(lambda: channel.visits[0].left != "", seconds=1)
            await record(server.url, seconds=0.2)
            await soon(lambda: channel.visits[1].left == "client left")
            await get_neither_a_stream_nor_a_kernel(through(server.url))
        await soon(lambda: channel.visits[0].left != "")  # it ends with the proxy

    asyncio.run(main())


async def get_neither_a_stream_nor_a_kernel(address: str) -> None:
    """What who has no token gets."""
    url, _, token = address.partition("?token=")
    api = url.partition("/proxy/")[0] + "/api/kernels"
    async with httpx.AsyncClient(trust_env=False) as stranger:
        statuses = [(await stranger.get(api)).status_code, (await stranger.post(api)).status_code]
        assert statuses == [403, 403]
        assert (await stranger.get(url)).status_code == 302  # to the page that asks for the token
        assert (await stranger.get(f"{api}?token={token}")).status_code == 200


def test_a_logging_server_keeps_its_lines_to_itself(capsys: pytest.CaptureFixture[str]) -> None:
    async def main() -> list[str]:
        async with logging_server(Mirror) as (url, lines):
            await record(url + "?token=sesame")
        return lines

    (line,) = asyncio.run(main())
    assert line.startswith("200 GET /events?token=sesame (127.0.0.1) ")
    assert capsys.readouterr().err == ""
