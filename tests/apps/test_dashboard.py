"""The dashboard: what it reads of the machine, cuts, restarts, and its page in a real Chromium."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from labkit.apps import find_app, launch_app
from labkit.apps.dashboard.machine import ThisMachine
from labkit.apps.dashboard.naive_server import NaiveDashboard
from labkit.apps.dashboard.server import KEPT_SAMPLES, Dashboard
from labkit.apps.launching import app_routes
from labkit.client import EventSource
from labkit.clock import ImpatientClock
from labkit.proxy import launch_relay, relay
from labkit.server import launch, serve
from labkit.wire import Event

from ..chromium import in_chromium
from .cuts import BUFFERS, CutAnywhere, complaints_of_the_doctor, killed_app

HEADS = "Inter-| Receive\n face |bytes packets\n"


class Proc:
    """The kernel's files, as a test wants them, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.at_s = folder, 1000.0
        (folder / "net").mkdir()

    def tell(self, stat: str, interfaces: dict[str, tuple[int, int]], seconds: float = 0.0) -> None:
        self.at_s += seconds
        (self.folder / "stat").write_text(f"cpu  {stat}\ncpu0 1 2 3\n")
        (self.folder / "meminfo").write_text("MemTotal:  1000 kB\nMemFree: 1 kB\nMemAvailable:  250 kB\n")
        lines = (f"{name:>6}: {came} 0 0 0 0 0 0 0 {went} 0\n" for name, (came, went) in interfaces.items())
        (self.folder / "net/dev").write_text(HEADS + "".join(lines))

    def machine(self) -> ThisMachine:
        return ThisMachine(self.folder, lambda: self.at_s)


def test_the_machine_is_what_happened_between_two_looks(tmp_path: Path) -> None:
    proc = Proc(tmp_path)
    proc.tell("100 0 100 700 100 0 0 0 50 0", {"lo": (0, 0), "eth0": (1000, 500)})
    machine = proc.machine()
    assert machine.missing == ""
    proc.tell("120 0 110 760 110 0 0 0 90 0", {"lo": (9999, 9999), "eth0": (3000, 1500), "tun0": (7777, 1)}, 2.0)
    # 100 ticks passed, 70 of them idle or waiting for a disk. What guests use is in the others already.
    assert machine.sample() == {"at": 1002.0, "cpu": 30.0, "memory": 75.0, "network": 1500}
    proc.tell("120 0 110 760 110 0 0 0 90 0", {"eth0": (10, 0)}, 1.0)
    assert machine.sample() == {"at": 1003.0, "cpu": None, "memory": 75.0, "network": None}  # counters began anew


def test_a_machine_without_proc_says_so_and_a_part_of_it_is_read(tmp_path: Path) -> None:
    nothing = ThisMachine(tmp_path / "proc", lambda: 5.0)
    assert "This machine has no" in nothing.missing and "Run the dashboard on Linux" in nothing.missing
    assert nothing.sample() == {"at": 5.0, "cpu": None, "memory": None, "network": None}
    (tmp_path / "meminfo").write_text("MemTotal: 100 kB\nMemAvailable: 40 kB\n")
    partly = ThisMachine(tmp_path, lambda: 5.0)
    assert "meminfo" not in partly.missing and partly.sample()["memory"] == 60.0


def applied(event: Event, picture: list[int]) -> None:
    """What the page does with an event, for entries that are numbers."""
    if event.type == "snapshot":
        picture[:] = [entry["at"] for entry in json.loads(event.data)]
    elif event.type == "entry":
        picture.append(json.loads(event.data)["at"])


@pytest.mark.live
def test_fifty_cuts_leave_no_hole_and_nothing_twice(tmp_path: Path) -> None:
    async def picture_of(app: Dashboard | NaiveDashboard) -> tuple[list[int], int]:
        async with serve(app.routes) as server, relay(server.url, CutAnywhere(50, 400), seed=7) as proxy:
            picture: list[int] = []
            published = 0
            source = EventSource(proxy.url, clock=ImpatientClock())
            async with source:
                wait = asyncio.ensure_future(anext(source))
                while proxy.connections <= 50 or picture[-1:] != [published]:
                    if proxy.connections <= 50:
                        published += 1
                        await app.publish({"at": published})
                    elif isinstance(app, NaiveDashboard):
                        break
                    done, _ = await asyncio.wait([wait], timeout=0.001)
                    if done:
                        applied(wait.result(), picture)
                        wait = asyncio.ensure_future(anext(source))
                wait.cancel()
            return picture, published

    picture, published = asyncio.run(picture_of(Dashboard(tmp_path)))
    assert picture == list(range(picture[0], published + 1)) and picture[0] <= max(1, published - KEPT_SAMPLES)
    picture, published = asyncio.run(picture_of(NaiveDashboard(tmp_path)))
    assert len(picture) < published - 50  # each cut took what was on its way, and what came meanwhile


async def first_events(url: str, count: int) -> list[Event]:
    async with EventSource(url, clock=ImpatientClock()) as source:
        return [await anext(source) for _ in range(count)]


@pytest.mark.live
def test_the_doctor_and_a_proxy_that_buffers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dashboard, "every_s", 0.1)
    with launch_app("dashboard", tmp_path) as server:
        assert complaints_of_the_doctor(f"{server.url}/chart") == []
        behind = launch_relay(server.url, BUFFERS, name="before the dashboard")
        events = asyncio.run(first_events(f"{behind.url}/chart", 3))
        behind.stop()
    assert [event.type for event in events] == ["missing", "snapshot", "entry"]


@pytest.mark.live
def test_what_was_noted_outlives_a_kill_and_a_restart(tmp_path: Path) -> None:
    killed_app("dashboard", tmp_path, lambda client: client.post("note", json={"text": "before"}))
    with launch_app("dashboard", tmp_path) as server:
        _, snapshot = asyncio.run(first_events(f"{server.url}/chart", 2))
        assert "before" in [entry.get("note") for entry in json.loads(snapshot.data)]
        answer = httpx.post(f"{server.url}/note", json={"text": "x" * 81}, trust_env=False)
        assert (answer.status_code, answer.text) == (400, "'text' has 81 characters; 80 are allowed")
        port = server.port
    with launch_app("dashboard", tmp_path, port=port) as server:
        later = asyncio.run(first_events(f"{server.url}/chart?lastEventId={snapshot.last_event_id}", 2))
        assert [event.type for event in later] == ["missing", "entry"]  # what is new alone, by an id from before


@pytest.mark.live
def test_a_silent_machine_is_no_silent_stream(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("labkit.apps.dashboard.server.HEARTBEAT_S", 0.01)

    async def heartbeat(app: Dashboard) -> None:
        async with serve(app.routes):
            frames: AsyncGenerator[Any, None] = app.chart("")
            assert [(await anext(frames)).event for _ in range(2)] == ["missing", "snapshot"]
            assert (await anext(frames)).comment == "still here"
            await frames.aclose()

    asyncio.run(heartbeat(Dashboard(tmp_path)))


#: The heights of a chart's line, the oldest first, and how many pieces it has.
HEIGHTS = """() => {
  const line = document.querySelector("#network-line").getAttribute("d") ?? "";
  return [[...line.matchAll(/[ML][^ ]+ ([^ML]+)/g)].map((found) => found[1]), line.split("M").length - 1];
}"""


@pytest.mark.browser
def test_the_page_as_a_person_uses_it(tmp_path: Path, tool: Callable[[str], str], artifacts: Path) -> None:
    from playwright.sync_api import expect

    server = [launch_app("dashboard", tmp_path)]
    proxy = launch_relay(server[0].url, name="before the dashboard")

    def visit(browser: Any) -> None:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        broken: list[str] = []
        page.on("pageerror", lambda problem: broken.append(str(problem)))
        page.goto(proxy.url)
        expect(page.locator("#memory")).to_contain_text("%")

        def note(text: str) -> None:
            page.get_by_label("note").fill(text)
            page.get_by_role("button", name="Add note").click()

        note("<img src=x onerror='document.title=1'>")
        expect(page.locator("#notes li")).to_contain_text("<img src=x")
        note("y" * 81)
        expect(page.locator("#problem")).to_have_text("'text' has 81 characters; 80 are allowed")
        expect(page.get_by_label("note")).to_have_value("y" * 81)
        proxy.cut()
        expect(page.locator("#state")).to_have_attribute("data-state", "connecting")
        httpx.post(f"{server[0].url}/note", json={"text": "while away"}, trust_env=False)
        expect(page.locator("#notes li").first).to_contain_text("while away")
        expect(page.locator("#notes li")).to_have_count(2)
        port = server[0].port
        server[0].stop()
        expect(page.locator("#state")).to_contain_text("the server is away")
        server[0] = launch_app("dashboard", tmp_path, port=port)
        expect(page.locator("#state")).to_have_text("open")
        expect(page.locator("#notes li")).to_have_count(2)
        page.reload()
        expect(page.locator("#notes li")).to_have_count(2)
        assert page.title() == "This machine" and broken == []
        page.screenshot(path=artifacts / "dashboard-phone.png")

    try:
        in_chromium(tool("chromium"), visit)
    finally:
        proxy.stop()
        server[0].stop()


@pytest.mark.browser
def test_what_was_drawn_stays_and_a_gap_is_no_line(tmp_path: Path, tool: Callable[[str], str]) -> None:
    def line_of(browser: Any, naive: bool) -> list[Any]:
        """Heights and pieces of the chart before and after a large value; and after eight seconds without a sample."""
        app: Any = find_app("dashboard", tmp_path, naive)
        with launch(app_routes("dashboard", app, naive), name=f"dashboard {naive}") as server:
            page, begin_s = browser.new_page(), time.time() - 20
            page.goto(server.url)
            page.wait_for_function("() => document.querySelector('#state').dataset.state === 'open'")
            seen = []
            for samples in ([(0, 20_000), (1, 50_000)], [(2, 90_000_000)], [(10, 3000)]):
                for after_s, network in samples:
                    entry = {"at": begin_s + after_s, "cpu": 1, "memory": 1, "network": network}
                    server._background.run(app.publish(entry))
                page.wait_for_function(f"() => ({HEIGHTS})()[0].length === {after_s + 1 if after_s < 9 else 4}")
                seen.append(page.evaluate(HEIGHTS))
        return seen

    def visit(browser: Any) -> None:
        before, after, gap = line_of(browser, naive=False)
        assert after[0][:2] == before[0] and gap[0][:3] == after[0] and [before[1], gap[1]] == [1, 2]
        before, after, gap = line_of(browser, naive=True)
        assert after[0][:2] != before[0] and gap[1] == 1  # the scale jumped, and a line crosses what nobody measured

    in_chromium(tool("chromium"), visit)
