"""A page that was cut before its first event, in a real Chromium: the id in the opening block is enough to resume."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tornado.web import RequestHandler

from labkit.log import MemoryLog
from labkit.server import Channel, launch

from ..chromium import in_chromium
from ..helpers import eventually

pytestmark = pytest.mark.browser

PAGE = "<!doctype html><script>const seen = []; const source = new EventSource('/events{}');\
source.onmessage = (event) => seen.push(event.data);</script>"


class Page(RequestHandler):
    def get(self) -> None:
        self.finish(PAGE.replace("{}", f"?{self.request.query}"))


@pytest.fixture
def channel() -> Channel:
    channel = Channel(MemoryLog(epoch="e"), retry_ms=50)
    channel.publish("before")
    return channel


def visit_page(path: str, query: str, channel: Channel, look: Callable[[Any, set[str]], None]) -> None:
    """Opens the page; `look` gets it, and the ids of the streams of which bytes have come."""
    server = launch({"/": Page, "/events": channel}, name="first byte")

    def visit(browser: Any) -> None:
        page = browser.new_page()
        streams, arrived = set[str](), set[str]()
        protocol = page.context.new_cdp_session(page)
        protocol.on(
            "Network.requestWillBeSent", lambda told: told["type"] == "EventSource" and streams.add(told["requestId"])
        )
        protocol.on(
            "Network.dataReceived", lambda told: told["requestId"] in streams and arrived.add(told["requestId"])
        )
        protocol.send("Network.enable")
        page.goto(server.url + query)
        look(page, arrived)

    try:
        in_chromium(path, visit)
    finally:
        server.stop()


def test_a_page_that_is_cut_before_its_first_event_misses_nothing(tool: Callable[[str], str], channel: Channel) -> None:
    def look(page: Any, arrived: set[str]) -> None:
        eventually(lambda: page.evaluate("1") and arrived)  # asking lets playwright hear what the browser tells
        channel.cut()
        for text in "abc":
            channel.publish(text)
        eventually(lambda: page.evaluate("seen.join()") == "a,b,c")
        assert [visit.last_event_id for visit in channel.visits] == ["", "e-1"]

    visit_page(tool("chromium"), "/", channel, look)


def test_a_new_event_source_goes_on_by_its_url_and_then_by_its_header(
    tool: Callable[[str], str], channel: Channel
) -> None:
    channel.publish("read on the other page")
    channel.publish("a")

    def look(page: Any, arrived: set[str]) -> None:
        eventually(lambda: page.evaluate("seen.join()") == "a")
        channel.cut()
        channel.publish("b")
        eventually(lambda: page.evaluate("seen.join()") == "a,b")
        assert [visit.last_event_id for visit in channel.visits] == ["e-2", "e-3"]

    visit_page(tool("chromium"), "/?lastEventId=e-2", channel, look)
