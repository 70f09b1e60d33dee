"""shared-source.js in a real Chromium: eight tabs, one stream, the leader closed; nothing lost, nothing doubled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.web import RequestHandler

import labkit.pages
from labkit.log import MemoryLog
from labkit.pages.file import File
from labkit.server import Channel, LabServer, launch
from tests.chromium import in_chromium

from ..helpers import eventually

pytestmark = [pytest.mark.live, pytest.mark.browser]

SCRIPT = Path(labkit.pages.__file__).with_name("shared-source.js")
TABS = 8
PAGE = """<!doctype html><title>a tab</title><script src="/shared-source.js"></script><script>
const by = new URLSearchParams(location.search).get("by") ?? undefined;
const got = [], told = [];
let source = null;
function open() {
  source = new SharedSource("/events", { by });
  source.onopen = () => told.push("open");
  source.onerror = (event) => told.push(event.data ?? `error ${source.readyState}`);
  source.onmessage = (event) => got.push(event.data);
  source.addEventListener("prices", (event) => got.push(event.data));
  source.addEventListener("gap", (event) => told.push(`gap ${event.data}`));
}
open();
</script>"""


class Page(RequestHandler):
    def get(self) -> None:
        self.finish(PAGE)


class Tabs:
    def __init__(self, browser: Any, by: str) -> None:
        self.channel = Channel(MemoryLog(epoch="e"), retry_ms=1)
        self.server: LabServer = launch(
            {"/": Page, "/shared-source.js": (File, {"path": SCRIPT}), "/events": self.channel}, name=f"shared {by}"
        )
        self.url = f"{self.server.url}/?by={by}"
        self.context = browser.new_context()
        self.published: list[str] = []
        self.tabs: list[tuple[Any, int]] = []  # and what was published when it came

    def open(self) -> None:
        page = self.context.new_page()
        page.goto(self.url)
        page.wait_for_function("told.includes('open')")
        self.tabs.append((page, len(self.published)))

    def publish(self, count: int) -> None:
        for _ in range(count):
            text = str(len(self.published) + 1)
            self.published.append(text)
            self.channel.publish(text, "prices" if len(self.published) % 3 == 0 else None)

    def all_have_got_all(self) -> None:
        """Each tab has all that was published since it came, once and in order.

        Who comes while the lead changes may get a little more: what the new leader catches up with is for all.
        """
        for page, before in self.tabs:
            page.wait_for_function("(last) => got.at(-1) === last", arg=self.published[-1], timeout=10_000)
            got = page.evaluate("got")
            assert len(got) >= len(self.published) - before and got == self.published[len(self.published) - len(got) :]

    def leader(self) -> Any:
        """The tab that leads; of those with a worker, any."""
        return next((page for page, _ in self.tabs if page.evaluate("source.leads")), self.tabs[0][0])

    def close(self, page: Any) -> None:
        self.tabs = [(tab, before) for tab, before in self.tabs if tab is not page]
        page.close()


@pytest.mark.parametrize("by", ["worker", "leader"])
def test_eight_tabs_share_one_stream_and_miss_nothing_when_the_leader_closes(
    by: str, tool: Callable[[str], str]
) -> None:
    """Three seconds, most of them for eight tabs: six would not show it."""

    def visit(browser: Any) -> None:
        tabs = Tabs(browser, by)
        with tabs.server:
            for _ in range(TABS):
                tabs.open()
            assert tabs.channel.clients == 1 == len(tabs.channel.visits)
            tabs.publish(1)  # from the first event on a tab knows an id from which another can go on
            tabs.all_have_got_all()
            for _ in range(3):
                tabs.publish(40)
                tabs.close(tabs.leader())
                tabs.publish(40)
                tabs.open()
                tabs.publish(40)
                tabs.all_have_got_all()
            assert tabs.channel.clients == 1
            assert len(tabs.channel.visits) == (1 if by == "worker" else 4)
            assert not any("gap" in told for page, _ in tabs.tabs for told in page.evaluate("told"))
            for page, _ in list(tabs.tabs):
                tabs.close(page)
            eventually(lambda: tabs.channel.clients == 0)

    in_chromium(tool("chromium"), visit)


@pytest.mark.parametrize("by", ["worker", "leader"])
def test_states_and_errors_come_through(by: str, tool: Callable[[str], str]) -> None:
    def visit(browser: Any) -> None:
        tabs = Tabs(browser, by)
        with tabs.server:
            tabs.open()
            tabs.open()
            tabs.publish(2)
            tabs.all_have_got_all()
            tabs.channel.cut()
            tabs.publish(1)
            tabs.all_have_got_all()
            tabs.channel.publish("of the server's own", "error")
            for page, _ in tabs.tabs:
                page.wait_for_function("told.length === 4")
                assert page.evaluate("told") == ["open", "error 0", "open", "of the server's own"]
            first, second = (page for page, _ in tabs.tabs)
            first.evaluate("source.close()")
            tabs.publish(1)
            second.wait_for_function("got.length === 4")
            assert (first.evaluate("source.readyState"), len(first.evaluate("got"))) == (2, 3)
            first.evaluate("open()")
            first.wait_for_function("told.length === 5")
            tabs.publish(1)
            first.wait_for_function("got.length === 4")
            assert first.evaluate("got").pop() == "5"
            first.evaluate("source.close()")
            second.evaluate("source.close()")
            eventually(lambda: tabs.channel.clients == 0)

    in_chromium(tool("chromium"), visit)


def test_a_stream_that_is_refused_is_closed_in_every_tab(tool: Callable[[str], str]) -> None:
    def visit(browser: Any) -> None:
        tabs = Tabs(browser, "worker")
        with tabs.server:
            for by in ("worker", "leader"):
                page = tabs.context.new_page()
                page.goto(f"{tabs.server.url}/?by={by}")
                page.evaluate(
                    """by => { source.close();
                    source = new SharedSource("/nothing", { by });
                    source.onerror = () => told.push(`refused ${source.readyState}`); }""",
                    by,
                )
                page.wait_for_function("told.includes('refused 2')")

    in_chromium(tool("chromium"), visit)


DROPS = """window.dropped = [];
window.BroadcastChannel = class extends BroadcastChannel {
  set onmessage(take) {
    super.onmessage = (message) => { if (!window.dropped.includes(message.data.event?.data)) take(message); };
  }
};"""


def test_a_tab_that_did_not_hear_the_last_words_of_a_leader_loses_and_doubles_nothing(
    tool: Callable[[str], str],
) -> None:
    def visit(browser: Any) -> None:
        tabs = Tabs(browser, "leader")
        tabs.context.add_init_script(DROPS)
        with tabs.server:
            for _ in range(3):
                tabs.open()
            (first, _), (second, _), (third, _) = tabs.tabs
            tabs.publish(1)
            tabs.all_have_got_all()
            third.evaluate("dropped.push('2')")  # it notices with 3, and asks for what lies between
            tabs.publish(3)
            tabs.all_have_got_all()
            second.evaluate("dropped.push('6')")  # it leads next, and has not got as far as the third one
            tabs.publish(2)
            third.wait_for_function("got.length === 6")
            tabs.close(first)
            tabs.all_have_got_all()
            assert second.evaluate("source.leads")
            tabs.open()
            third.evaluate("dropped.push('8')")  # nothing follows before the leader closes, and the fourth has it
            tabs.publish(2)
            tabs.tabs[-1][0].wait_for_function("got.length === 2")
            third.wait_for_function("got.length === 7")
            tabs.close(second)
            tabs.all_have_got_all()
            assert third.evaluate("source.leads")
            tabs.publish(2)
            tabs.all_have_got_all()

    in_chromium(tool("chromium"), visit)
