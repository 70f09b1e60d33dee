from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest

from labkit.errors import LabError
from labkit.faults import AnswerStatus, Cut
from labkit.proxy import launch_relay
from labkit.server import Channel, launch

from ..helpers import eventually, request, texts

pytestmark = pytest.mark.live


@pytest.fixture(autouse=True)
def stop_all() -> Iterator[None]:
    yield
    from labkit.proxy.launch_relay import _relays
    from labkit.server.launch import _servers as servers

    for running in [*_relays.values(), *servers.values()]:
        running.stop()


def test_it_relays_while_this_thread_sleeps_and_is_steered_from_it() -> None:
    channel = Channel()
    server = launch({"/events": channel})
    proxy = launch_relay(server.url + "/events")

    async def main() -> None:
        async with request(proxy.url) as reply:
            await reply.opening()
            time.sleep(0.05)  # noqa: ASYNC251
            channel.publish("while the loop slept")
            time.sleep(0.05)  # noqa: ASYNC251
            assert texts(await reply.events(1)) == ["while the loop slept"]
            assert proxy.open == 1
            await asyncio.to_thread(proxy.cut, "rst")
            with pytest.raises(ConnectionResetError):
                await reply.reader.read()

    asyncio.run(main())
    eventually(lambda: proxy.passages[0].ended == "cut by a RST")
    proxy.set(AnswerStatus((503,)))
    assert httpx.get(proxy.url).status_code == 503
    assert repr(proxy).startswith(f"<LabRelay {proxy.url} to {server.url}/events: AnswerStatus(")


def test_the_cell_run_again_gives_the_same_port() -> None:
    server = launch({"/events": Channel()})
    first = launch_relay(server.url + "/events", Cut(bytes=0))
    second = launch_relay(server.url + "/events")
    assert first.port == second.port and second.faults == ()
    assert repr(first) == "<LabRelay stopped>" and not first.running
    first.stop()
    assert httpx.head(second.url).status_code == 200


def test_what_cannot_be_relayed_leaves_nothing_behind() -> None:
    with pytest.raises(LabError, match="another machine"):
        launch_relay("http://example.com/", name="x")
    from labkit.proxy.launch_relay import _relays

    assert "x" not in _relays
