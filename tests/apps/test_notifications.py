"""Notifications: nothing lost by cuts, restarts and sleep, and what was read is read in all tabs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from labkit.apps import launch_app
from labkit.apps.notifications.people import mentioned
from labkit.doctor import examine
from labkit.errors import LabError
from labkit.faults import FillBuffers, Stall, Unless
from labkit.log.ids import number_in
from labkit.proxy import launch_relay, relay
from labkit.server import LabServer

from ..chromium import in_chromium
from ..helpers import eventually
from .random_cuts import asked, read_events, read_through_cuts, values_of

EVENTS = "/events/bob?lastEventId=inbox-0"
HOSTILE = '@bob <img src=x onerror="window.owned=1">'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[LabServer]:
    server = launch_app("notifications", tmp_path)
    yield server
    server.stop()


def post(server: LabServer, *texts: str) -> None:
    for text in texts:
        assert asked(server.url, "post", me="alice", text=text).status_code == 204


def test_a_mention_is_a_name_of_somebody_who_is_here() -> None:
    assert mentioned("@Bob, ask @carol, @bob: not x@alice.example") == ["bob", "carol"]
    for text, why in (("hello bob", "nobody is mentioned"), ("@bob and @dave", "no 'dave' here. There is: alice")):
        with pytest.raises(LabError, match=why):
            mentioned(text)


@pytest.mark.live
def test_fifty_cuts_and_a_restart_lose_nothing_and_double_nothing(server: LabServer, tmp_path: Path) -> None:
    post(server, *(f"@bob number {n}" for n in range(40)))
    server.stop()
    with launch_app("notifications", tmp_path, port=server.port) as again:
        post(again, *(f"@bob number {n}" for n in range(40, 80)))
        seen = asyncio.run(read_through_cuts(again.url, EVENTS, lambda seen: len(seen) == 80))
    assert [mention["text"] for mention in values_of(seen, "mention")] == [f"@bob number {n}" for n in range(80)]
    assert [number_in(event.last_event_id) for event in seen] == list(range(1, 81))


@pytest.mark.live
def test_what_was_seen_is_read_and_not_what_came_meanwhile(server: LabServer) -> None:
    post(server, "@bob one", "@bob two", "@carol three")
    (one, _) = asyncio.run(read_events(server.url + EVENTS, lambda seen: len(seen) == 2))
    assert asked(server.url, "read", me="bob", up_to=one.last_event_id).status_code == 204
    seen = asyncio.run(read_events(server.url + EVENTS, lambda seen: len(seen) == 3))
    assert values_of(seen, "read") == [{"up_to": one.last_event_id}]


@pytest.mark.live
@pytest.mark.parametrize(
    ("path", "values", "why"),
    [
        ("post", {"me": "dave", "text": "@bob hi"}, "no 'dave' here"),
        ("post", {"me": "bob", "text": "@bob and @dave"}, "no 'dave' here"),
        ("post", {"me": "bob", "text": " "}, "'text' is missing"),
        ("post", {"me": "bob", "text": "@bob" * 60}, "240 characters; 200 are allowed"),
        ("read", {"me": "bob", "up_to": "inbox-7"}, "'inbox-7' is no notification of bob"),
        ("read", {"me": "bob", "up_to": 7}, "'up_to' is missing"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(
    server: LabServer, path: str, values: dict[str, Any], why: str
) -> None:
    answer = asked(server.url, path, **values)
    assert answer.status_code == 400 and why in answer.text
    assert {channel.last_event_id for channel in server.channels.values()} == {"inbox-0"}


@pytest.mark.live
def test_the_doctor_finds_nothing_also_behind_a_proxy_that_buffers(server: LabServer) -> None:
    async def main() -> list[str]:
        async with relay(server.url, Unless("x-accel-buffering", "no", FillBuffers())) as proxy:
            server.play(server.channels["/events/bob"], ['{"from": "alice", "text": "@bob"}'] * 9, 0.1, "mention")
            diagnosis = await examine(f"{proxy.url}/events/bob", seconds=0.6)
        return [repr(finding) for finding in diagnosis.findings if finding.severity != "note"]

    assert asyncio.run(main()) == []


@pytest.mark.live
def test_the_naive_version_forgets_what_came_while_nobody_listened(tmp_path: Path) -> None:
    async def main(server: LabServer) -> list[str]:
        task = asyncio.ensure_future(read_events(server.url + EVENTS, lambda seen: True))
        await asyncio.sleep(0)
        while not task.done():  # until the reader is there
            await asyncio.to_thread(post, server, "@bob two")
        return [mention["text"] for mention in values_of(await task, "mention")]

    with launch_app("notifications", tmp_path, naive=True) as server:
        post(server, "@bob one")
        assert asyncio.run(main(server)) == ["@bob two"]


@pytest.mark.browser
def test_two_tabs_of_bob_through_a_cut_a_sleep_and_a_restart(
    server: LabServer, tmp_path: Path, tool: Callable[[str], str], artifacts: Path
) -> None:
    from playwright.sync_api import expect

    def visit(browser: Any) -> None:
        inbox = server.channels["/events/bob"]
        # A window for each: Chromium lets the hidden tabs of one window wait for a second at each click.
        bob, again, alice = (browser.new_page(viewport={"width": 390, "height": 700}) for _ in range(3))
        again.clock.install()
        with launch_relay(server.url, name="notifications test") as proxy:
            bob.goto(server.url + "/?me=bob")
            again.goto(proxy.url + "/?me=bob")
            alice.goto(server.url + "/?me=nobody")
            for page in (bob, again, alice):
                expect(page.locator("#state")).to_have_text("open")

            def say(text: str) -> None:
                alice.locator("#text").fill(text)
                alice.get_by_role("button", name="Post").click()

            def see(page: Any, unread: str, texts: list[str]) -> None:
                expect(page.locator("li")).to_have_text([f"new alice: {text}" for text in texts])
                expect(page.locator("#badge")).to_have_text(unread)
                expect(page).to_have_title(f"({unread}) Notifications" if unread else "Notifications")

            say(HOSTILE)
            see(bob, "1", [HOSTILE])
            see(again, "1", [HOSTILE])
            say("@dave, hello")
            expect(alice.locator("#problem")).to_contain_text("no 'dave' here")
            expect(alice.locator("#text")).to_have_value("@dave, hello")

            proxy.set(Stall())  # the connection of the second tab is half-open from here on
            say("@bob two")
            see(bob, "2", ["@bob two", HOSTILE])
            see(again, "1", [HOSTILE])
            opened = inbox.counts.opened
            again.clock.fast_forward(20_000)  # the laptop slept, and wakes up
            eventually(lambda: inbox.counts.opened > opened, "the page opens another stream")
            proxy.set()
            see(again, "2", ["@bob two", HOSTILE])
            server.call(inbox.cut)
            say("@bob three")
            for page in (bob, again):
                see(page, "3", ["@bob three", "@bob two", HOSTILE])
            again.screenshot(path=artifacts / "notifications-phone.png")

            again.get_by_role("button", name="Mark all").click()
            texts = [" alice: @bob three", " alice: @bob two", f" alice: {HOSTILE}"]
            for page in (bob, again):
                expect(page).to_have_title("Notifications")
                expect(page.locator("li")).to_have_text(texts)
                expect(page.locator("#badge")).to_be_hidden()
        server.stop()
        expect(bob.locator("#state")).to_contain_text("connecting")
        with launch_app("notifications", tmp_path, port=server.port):
            say("@bob four")
            expect(bob.locator("li")).to_have_text(["new alice: @bob four", *texts])
            bob.reload()
            expect(bob.locator("li")).to_have_text(["new alice: @bob four", *texts])
            expect(bob.locator("#badge")).to_have_text("1")
            assert bob.evaluate("window.owned") is None and bob.locator("li img").count() == 0

    in_chromium(tool("chromium"), visit)
