from __future__ import annotations

import asyncio
import socket
import time
from typing import Any

import httpx
import pytest

from labkit.errors import LabError, NotServing, PortInUse
from labkit.lab import record
from labkit.server import Channel, launch

from ..live_helpers import eventually

pytestmark = pytest.mark.live


def get(url: str) -> int:
    return httpx.get(url, trust_env=False).status_code


def test_the_cell_run_again_gives_the_same_server_with_new_routes() -> None:
    old, kept = Channel(), Channel()
    server = launch({"/old": old, "/kept": kept}, name="test again")
    try:
        port = server.port
        again = launch({"/new": Channel(), "/kept": kept}, name="test again")
        assert again is server and server.port == port
        assert get(server.url + "/old") == 404
        assert httpx.head(server.url + "/new", trust_env=False).status_code == 200
        assert str(port) in repr(server) and f'href="{server.url}/new"' in server._repr_html_()
    finally:
        server.stop()


def test_streams_of_routes_that_are_gone_end_and_the_others_go_on() -> None:
    old, kept = Channel(), Channel()
    server = launch({"/old": old, "/kept": kept}, name="test ends")

    async def main() -> None:
        gone = asyncio.create_task(record(server.url + "/old", seconds=10))
        stays = asyncio.create_task(record(server.url + "/kept", seconds=10, events=1))
        await eventually(lambda: old.clients + kept.clients == 2)
        launch({"/kept": kept}, name="test ends")
        assert (await gone).ended
        kept.publish("still here")
        assert [event.data for event in (await stays).events] == ["still here"]

    try:
        asyncio.run(main())
    finally:
        server.stop()


def test_names_tell_servers_apart() -> None:
    one, two = launch({"/": Channel()}, name="test one"), launch({"/": Channel()}, name="test two")
    assert one is not two and one.port != two.port
    one.stop()
    two.stop()


def test_a_port_in_use_is_said_in_one_sentence_and_leaves_nothing_behind() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortInUse, match=f"port {port} on 127.0.0.1 is taken"):
            launch({"/": Channel()}, name="test port", port=port)
    server = launch({"/": Channel()}, name="test port", port=port)
    assert server.port == port
    server.stop()


def test_stop_frees_the_port_and_says_so() -> None:
    channel = Channel()
    server = launch({"/": channel}, name="test stop")
    server.stop()
    server.stop()
    assert "stopped" in repr(server)
    with socket.create_server(("127.0.0.1", server.port)):
        pass
    with pytest.raises(NotServing, match=str(server.port)):
        server.play(channel, ["x"], every_s=0.1)
    assert launch({"/": channel}, name="test stop") is not server
    launch({"/": channel}, name="test stop").stop()


def test_play_publishes_in_the_background_and_ends_with_its_channel() -> None:
    channel = Channel()
    server = launch({"/": channel}, name="test play")
    server.play(channel, ["a", "b"], every_s=0.0).result(timeout=10)
    assert channel.log.last_number == 2  # type: ignore[attr-defined]
    endless = server.play(channel, iter(lambda: "x", None), every_s=0.01)
    launch({"/": Channel()}, name="test play")
    deadline_s = time.monotonic() + 10
    while not endless.cancelled():
        assert time.monotonic() < deadline_s
        time.sleep(0.01)
    server.stop()


@pytest.mark.parametrize(
    ("routes", "why"), [({}, "at least one route"), ({"events": Channel()}, "slash"), ({"/": 7}, "leads to int")]
)
def test_routes_that_cannot_be_served_are_refused(routes: Any, why: str) -> None:
    with pytest.raises(LabError, match=why):
        launch(routes, name="test bad")
