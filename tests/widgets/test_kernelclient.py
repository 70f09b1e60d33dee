from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from labkit.errors import LabError
from labkit.faults import AnswerStatus
from labkit.lab import raw_server
from labkit.log import MemoryLog
from labkit.proxy import launch_relay
from labkit.server import Channel, launch, serve
from labkit.widgets import BrowserClient, KernelClient
from labkit.widgets.streamclient import SERVER_GONE

from ..helpers import soon

pytestmark = pytest.mark.live


def press(client: Any, what: str) -> None:
    client._handle_custom_msg({"ask": what}, [])


def test_the_kernels_client_resumes_after_a_cut_by_its_button() -> None:
    async def main() -> None:
        channel = Channel(retry_ms=20)
        async with serve(channel) as server:
            client = KernelClient(server.url, on_cut=channel.cut)
            await client.connected()
            channel.publish("one")
            await client.until(events=1)
            press(client, "cut")
            await soon(lambda: client.state == "connecting")
            channel.publish("two")
            await client.until(events=2)
            assert client.texts == ["one", "two"]
            assert [change.state for change in client.changes] == ["connecting", "open", "connecting", "open"]
            assert len(client.gaps) == 1 and client.gaps[0][0] < client.gaps[0][1]
            client.stop()
            await soon(lambda: client.state == "closed" and channel.clients == 0)

    asyncio.run(main())


def test_stop_and_start_by_the_buttons_goes_on_from_the_last_id() -> None:
    async def main() -> None:
        channel = Channel()
        async with serve(channel) as server:
            client = KernelClient(server.url)
            await client.connected()
            channel.publish("one")
            await client.until(events=1)
            press(client, "stop")
            await soon(lambda: channel.clients == 0)
            channel.publish("two")
            press(client, "start")
            await client.until(events=2)
            assert client.texts == ["one", "two"]
            client.stop()

    asyncio.run(main())


def test_its_start_says_from_where_it_goes_on() -> None:
    async def main() -> None:
        channel = Channel(MemoryLog(epoch="e"))
        async with serve(channel) as server:
            client = KernelClient(server.url)
            await client.connected()
            channel.publish("one")
            await client.until(events=1)
            client.stop()
            await soon(lambda: channel.clients == 0)
            client.start()
            await soon(lambda: client.state == "open")
            whys = [change.why for change in client.changes]
            assert whys[0] == "the kernel asks" and whys[-2] == "the kernel asks, and goes on after e-1"
            client.stop()

    asyncio.run(main())


def test_an_answer_that_opens_no_stream_is_told_with_its_status() -> None:
    async def main() -> None:
        head = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"
        async with raw_server([], head=head) as url:
            client = KernelClient(url)
            sent: list[dict[str, Any]] = []
            client.send = sent.append  # type: ignore[method-assign, assignment]
            await soon(lambda: client._reading is not None and client._reading.done())
            assert (sent[-1]["state"], sent[-1]["status"]) == ("closed", 502)
            press(client, "history")
            assert sent[-1]["status"] == 502

    asyncio.run(main())


@pytest.mark.parametrize("stopped", ["server", "relay"])
def test_clients_end_with_the_server_or_relay_that_is_stopped_for_good(stopped: str) -> None:
    async def main() -> None:
        with launch({"/events": Channel(retry_ms=20)}, name="gone") as server:
            relay = launch_relay(server.url + "/events", name="gone")
            url = relay.url if stopped == "relay" else server.url + "/events"
            client, page = KernelClient(url), BrowserClient(url)
            await client.connected()
            server.take_down()
            await soon(lambda: client.state == "connecting")
            server.bring_up()
            relay = launch_relay(server.url + "/events", name="gone")  # the cell run again: the same port
            assert page.server_gone == ""  # a restart is not the end
            await soon(lambda: client.state == "open")
            (relay if stopped == "relay" else server).stop()
            await soon(lambda: client.state == "closed")
            assert client.changes[-1].why == page.server_gone == SERVER_GONE
            relay.stop()

    asyncio.run(main())


def test_a_server_that_is_launched_again_at_its_port_is_watched_again() -> None:
    server = launch({"/events": Channel()}, name="again")
    client = BrowserClient(server.url + "/events")
    server.stop()
    assert client.server_gone == SERVER_GONE
    with launch({"/events": Channel()}, name="again", port=server.port) as server:
        client._handle_custom_msg({"state": "open", "why": "x", "at": 1}, [])
        assert client.server_gone == ""
    assert client.server_gone == SERVER_GONE


def test_the_browsers_client_is_told_with_which_status_a_relay_refused_it() -> None:
    with launch({"/events": Channel()}, name="refused") as server, launch_relay(server.url + "/events") as relay:
        client = BrowserClient(relay.url)
        sent: list[dict[str, Any]] = []
        client.send = sent.append  # type: ignore[method-assign, assignment]
        client._handle_custom_msg({"gave_up": True}, [])
        assert sent == []  # it answered nobody: nothing is known
        relay.set(AnswerStatus((503,)))
        assert httpx.get(relay.url).status_code == 503
        client._handle_custom_msg({"gave_up": True}, [])
        assert sent == [{"refused": 503}]


def test_it_says_in_one_sentence_why_there_is_no_stream() -> None:
    async def main() -> str:
        async with raw_server([b"<html>"], head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n") as url:
            client = KernelClient(url)
            await soon(lambda: client._reading is not None and client._reading.done())
            assert [change.state for change in client.changes] == ["connecting", "closed"]
            with pytest.raises(LabError, match=r"no connection within 0\.1 s"):
                await client.connected(seconds=0.1)
            return client.changes[-1].why

    assert asyncio.run(main()).endswith(
        "answered status 200 with Content-Type text/html. An event stream has Content-Type: text/event-stream. "
        "Is this the URL of a page?"
    )


def test_events_go_to_the_screen_in_batches() -> None:
    async def main() -> None:
        channel = Channel()
        sent: list[dict[str, Any]] = []
        async with serve(channel) as server:
            client = KernelClient(server.url)
            client.send = sent.append  # type: ignore[method-assign, assignment]
            await client.connected()
            for number in range(1000):
                channel.publish(str(number))
            await client.until(events=1000)
            client.stop()
            await soon(lambda: client.state == "closed")
        batches = [message["events"] for message in sent if "events" in message]
        assert [item["data"] for batch in batches for item in batch] == [str(number) for number in range(1000)]
        assert len(batches) < 50

    asyncio.run(main())


def test_the_browsers_client_keeps_what_the_page_reports() -> None:
    client = BrowserClient("http://127.0.0.1:1/")
    client._handle_custom_msg({"state": "open", "why": "x", "at": 500}, [])
    client._handle_custom_msg({"events": [{"type": "message", "data": "<b>", "id": "7", "at": 1500}]}, [])
    assert client.texts == ["<b>"] and client.received[0].at_s == 1.5
    assert client.state == "open"


def test_their_text_is_the_same_each_time() -> None:
    assert (
        repr(BrowserClient("http://x/"))
        == "A client in the browser: run this cell, and it shows each event as it comes"
    )
    assert BrowserClient("http://x/")._repr_mimebundle_()[0]["text/plain"] == repr(BrowserClient("http://y/"))
    with pytest.raises(Exception, match="route"):
        BrowserClient("http://x/", route="tunnel")
