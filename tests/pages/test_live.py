"""The demo: its streams and who may cut them; and its page, in a real Chromium."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from labkit.pages import live
from labkit.server import Channel, LabServer, launch, serve
from labkit.server.origins import is_own_page

from ..chromium import in_chromium

#: Keeps the id of every event that the page's EventSource hands out, and what the page asks for.
COLLECT = """
window.ids = [];
window.EventSource = class extends EventSource {
  constructor(url) { super(url); this.addEventListener("message", event => window.ids.push(event.lastEventId)); }
};
"""
# A state that lasts a tenth of a second is noted by the page itself: who looks now and then can miss it.
NOTE_STATES = """
window.states = [];
new MutationObserver(() => {
  const word = document.querySelector("#word"), cut = document.querySelector("button");
  if (word) window.states.push(word.textContent + (cut?.disabled ? ", no button" : ""));
}).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
"""
WAS_CONNECTING = "() => window.states.includes('connecting, no button')"


@pytest.fixture
def channel() -> Channel:
    return Channel(retry_ms=100)


@pytest.fixture
def server(channel: Channel) -> Iterator[LabServer]:
    server = launch(live.routes(channel), name="demo test")
    yield server
    server.stop()


@pytest.mark.live
def test_the_clock_has_one_event_at_each_full_second(server: LabServer) -> None:
    ticks = []
    with httpx.stream("GET", f"{server.url}/clock", trust_env=False) as response:
        for line in response.iter_lines():
            if line.startswith("data: "):
                ticks.append(json.loads(line[6:]))
            if len(ticks) == 2:
                break
    first, second = (datetime.fromisoformat(tick["time"]).timestamp() for tick in ticks)
    assert [tick["tick"] for tick in ticks] == [1, 2]
    assert int(second) - int(first) == 1


@pytest.mark.live
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 204),
        ("http://localhost:8888", 204),
        ("http://127.0.0.1", 204),
        ("http://evil.example", 403),
        ("http://localhost.evil.example", 403),
        ("null", 403),
    ],
)
def test_cut_is_for_this_machine_only(server: LabServer, channel: Channel, origin: str | None, status: int) -> None:
    with httpx.stream("GET", f"{server.url}/events", trust_env=False) as stream:
        chunks = stream.iter_raw()
        next(chunks)  # the stream is open
        answer = httpx.post(f"{server.url}/cut", headers={"Origin": origin} if origin else {}, trust_env=False)
        channel.publish("still here")
        assert answer.status_code == status
        if status == 403:
            assert b"still here" in next(chunks)
        else:
            with pytest.raises(httpx.RemoteProtocolError):
                list(chunks)


@pytest.mark.parametrize(
    ("origin", "host", "allowed"),
    [
        ("http://192.168.1.5:8080", "192.168.1.5:8080", True),  # the page itself, on a phone
        ("http://[fe80::1]:8080", "[fe80::1]:8080", True),
        ("http://192.168.1.6:8080", "192.168.1.5:8080", False),
        ("http://evil.example:8080", "evil.example:8080", False),  # a name that was pointed here
    ],
)
def test_the_page_of_this_server_may_cut_under_a_numeric_address(origin: str, host: str, allowed: bool) -> None:
    assert is_own_page(origin, host) is allowed


@pytest.mark.live
def test_the_page_needs_nothing_from_elsewhere(server: LabServer) -> None:
    page = httpx.get(f"{server.url}/live", trust_env=False)
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert not re.search(r"https?://|innerHTML|@import", page.text)


@pytest.mark.browser
def test_words_type_themselves_and_outlive_a_cut(
    server: LabServer, channel: Channel, tool: Callable[[str], str], artifacts: Path
) -> None:
    from playwright.sync_api import expect

    def visit(browser: Any) -> None:
        page = browser.new_page()
        complaints: list[str] = []
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.add_init_script(COLLECT + NOTE_STATES)
        page.goto(server.url + "/live")
        expect(page.locator("#word")).to_have_text("open")
        server.play(channel, live.TEXT.split(), every_s=0.05)
        expect(page.locator("#words")).to_contain_text("Alice was beginning to get")
        page.get_by_role("button", name="Cut").click()
        page.wait_for_function(WAS_CONNECTING)
        expect(page.locator("#word")).to_have_text("open")
        expect(page.locator("#words")).to_contain_text("ran close by her.", timeout=20_000)
        ids = [int(id.rpartition("-")[2]) for id in page.evaluate("ids")]
        assert ids == list(range(1, len(live.TEXT.split()) + 1))
        assert " ".join(page.locator("#words").inner_text().split()) == live.TEXT
        assert page.locator("#rows tr").count() == 20
        assert "lost the connection once and resumed" in page.locator("#numbers").inner_text()
        assert [visit.left for visit in channel.visits] == ["cut", ""] and complaints == []
        page.screenshot(path=artifacts / "demo-light.png")

    in_chromium(tool("chromium"), visit)


@pytest.mark.browser
def test_what_looks_like_html_stays_text(server: LabServer, channel: Channel, tool: Callable[[str], str]) -> None:
    from playwright.sync_api import expect

    attack = '<img src=x onerror="window.owned=1"><script>window.owned=1</script>'

    def visit(browser: Any) -> None:
        page = browser.new_page()
        page.goto(server.url + "/live")
        expect(page.locator("#word")).to_have_text("open")
        channel.publish(attack)
        expect(page.locator("#words")).to_contain_text(attack)
        expect(page.locator("#rows tr td").nth(2)).to_have_text(attack)
        assert page.locator("#words img, #words script, #rows img, #rows script").count() == 0
        assert page.evaluate("window.owned") is None

    in_chromium(tool("chromium"), visit)


@pytest.mark.browser
def test_close_and_open_by_keyboard_and_the_server_sees_them_go(
    server: LabServer, channel: Channel, tool: Callable[[str], str]
) -> None:
    from playwright.sync_api import expect

    def visit(browser: Any) -> None:
        page = browser.new_page()
        page.goto(server.url + "/live")
        expect(page.locator("#word")).to_have_text("open")
        page.get_by_role("button", name="Close").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#word")).to_have_text("closed")
        expect(page.get_by_role("button", name="Open")).to_be_focused()
        page.wait_for_timeout(300)  # three reconnection times: closed is closed
        assert channel.clients == 0 and len(channel.visits) == 1
        page.keyboard.press("Enter")
        expect(page.locator("#word")).to_have_text("open")
        channel.publish("again")
        expect(page.locator("#words")).to_contain_text("again")

    in_chromium(tool("chromium"), visit)


@pytest.mark.browser
def test_a_phone_scrolls_one_way_only_and_dark_is_dark(
    server: LabServer, channel: Channel, tool: Callable[[str], str], artifacts: Path
) -> None:
    from playwright.sync_api import expect

    def visit(browser: Any) -> None:
        phone = {"viewport": {"width": 340, "height": 720}, "device_scale_factor": 2, "is_mobile": True}
        page = browser.new_page(**phone, color_scheme="dark")
        page.add_init_script(NOTE_STATES)
        page.goto(server.url + "/live")
        expect(page.locator("#word")).to_have_text("open")
        channel.publish("a" * 200)
        expect(page.locator("#rows tr")).to_have_count(1)  # without an id there is nothing to resume from
        channel.cut()
        page.wait_for_function(WAS_CONNECTING)
        channel.publish("after the cut")
        expect(page.locator("#rows tr.resumed")).to_have_count(1)
        assert page.evaluate("document.documentElement.scrollWidth") <= 340
        red, green, blue = map(
            int, re.findall(r"\d+", page.evaluate("getComputedStyle(document.body).backgroundColor"))
        )
        assert max(red, green, blue) < 60
        page.screenshot(path=artifacts / "demo-phone-dark.png", full_page=True)

    in_chromium(tool("chromium"), visit)


@pytest.mark.live
def test_a_server_stops_in_the_moment_in_which_a_reader_leaves() -> None:
    async def main() -> None:
        channel = Channel()
        async with (
            serve(channel) as running,
            httpx.AsyncClient(trust_env=False) as client,
            client.stream("GET", running.url) as stream,
        ):
            await anext(stream.aiter_raw())
            (connection,) = channel._connections
            connection._stream.close()
            assert channel.waiting_bytes == 0
            channel.unbind()

    asyncio.run(main())
