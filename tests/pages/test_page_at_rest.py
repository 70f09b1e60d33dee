"""A page that asks a server which does not answer comes to rest, and says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from labkit.widgets.assets import DECODER, join_files

from ..chromium import in_chromium

pytestmark = pytest.mark.browser

#: Reads by fetch from a server that answers the requests whose numbers are given, each time with a break, and no other.
BY_FETCH = """
([answered]) => {
  window.asked = [];
  window.told = [];
  window.fetch = async () => {
    asked.push(Math.round(performance.now() / 1000));
    if (!answered.includes(asked.length)) throw new TypeError("Failed to fetch");
    const body = new ReadableStream({ pull: (controller) => controller.error(new TypeError("network error")) });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  };
  window.stop = readByFetch("http://127.0.0.1:9/events", { request: { method: "GET", headers: {} } },
    { state: (word, why) => told.push([word, why]), event() {} });
}
"""
#: The same by an EventSource that fails every three seconds, as Chromium's does.
BY_EVENT_SOURCE = """
([opens]) => {
  window.asked = [];
  window.told = [];
  class EventSource {
    constructor() {
      this.readyState = 0;
      this.timer = setInterval(() => {
        asked.push(Math.round(performance.now() / 1000));
        if (opens.includes(asked.length)) this.onopen();
        else this.onerror();
      }, 3000);
    }
    addEventListener() {}
    close() { this.readyState = 2; clearInterval(this.timer); }
  }
  EventSource.CLOSED = 2;
  window.EventSource = EventSource;
  const close = readByEventSource("http://127.0.0.1:9/events", { types: [], forgets: false },
    { state: (word, why) => { told.push([word, why]); if (word === "closed") close(); }, note() {}, gaveUp() {} });
}
"""
WHY = (
    "no answer from http://127.0.0.1:9/events for 2 minutes, so it is not asked any more: is the server running? "
    "Then Start"
)


def _run(page: Any, script: str, numbers: list[int], seconds: int) -> tuple[list[int], list[Any]]:
    """When it asked in so many seconds, which pass at once, and the last thing that it said."""
    page.evaluate(script, [numbers])
    for _ in range(seconds // 10):  # what a timer has begun goes on before the next one is due
        page.clock.run_for(10_000)
    return page.evaluate("asked"), page.evaluate("told.at(-1)")


def _by_fetch(page: Any) -> None:
    asked, told = _run(page, BY_FETCH, [], 400)
    assert len(asked) == 8 and 100 <= asked[-1] - asked[0] <= 170  # ever more rarely, and then not at all
    assert told == ["closed", WHY]
    asked, told = _run(page, BY_FETCH, [4], 400)
    assert len(asked) == 4 + 8 and told == ["closed", WHY]  # an answer in between begins the two minutes anew


def _by_event_source(page: Any) -> None:
    asked, told = _run(page, BY_EVENT_SOURCE, [], 200)
    assert len(asked) == 41 and told == ["closed", WHY]
    asked, told = _run(page, BY_EVENT_SOURCE, [30], 120)
    assert len(asked) == 40 and told[0] == "connecting"  # ten since it was open


def _an_hour_of_sleep_is_no_reason(page: Any) -> None:
    page.evaluate(BY_EVENT_SOURCE, [[]])
    page.clock.run_for(9000)
    page.clock.fast_forward(3_600_000)  # the timers fire once, as after a sleep
    page.clock.run_for(6000)
    assert page.evaluate("told.at(-1)")[0] == "connecting"


@pytest.mark.parametrize("watch", [_by_fetch, _by_event_source, _an_hour_of_sleep_is_no_reason])
def test_a_page_asks_no_more_when_nobody_has_answered_for_two_minutes(
    watch: Callable[[Any], None], tool: Callable[[str], str]
) -> None:
    def visit(browser: Any) -> None:
        page = browser.new_page()
        page.clock.install(time=0)
        page.add_script_tag(content=join_files(DECODER, "pagestream.js"))
        watch(page)

    in_chromium(tool("chromium"), visit)
