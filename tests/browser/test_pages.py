"""What lesson 08 says that a page must write: each of the four, in a real Chromium, through connections that break."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable
from typing import Any

import pytest
from tornado.web import RequestHandler

from labkit.lab.lesson_08.four_pages import PAGES
from labkit.proxy import pipe
from labkit.server import Channel, launch, long_polling, polling, websocket
from labkit.system.background import Background

from ..chromium import in_chromium
from ..helpers import eventually

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("name", PAGES)
def test_three_cuts_lose_nothing_and_double_nothing(name: str, tool: Callable[[str], str]) -> None:
    class Page(RequestHandler):
        def get(self) -> None:
            self.finish(
                f"<!doctype html><script>const seen = []; const show = (x) => seen.push(x);\n{PAGES[name]}</script>"
            )

    channel = Channel(retry_ms=200)
    routes = {"/": Page, "/events": channel, "/socket": websocket(channel), "/wait": long_polling(channel, 0.5),
              "/poll": polling(channel)}  # fmt: skip
    server = launch(routes, name="pages")
    background, stack = Background("pages"), contextlib.AsyncExitStack()
    between = background.run(stack.enter_async_context(pipe(server.url)))

    def visit(browser: Any) -> None:
        page = browser.new_page()
        page.goto(between.url)
        numbers = itertools.count()

        def comes() -> bool:  # from its first word on, a page has a position, and nothing may be missed
            channel.publish(str(next(numbers)))
            return bool(page.evaluate("seen.length"))

        eventually(comes)
        for number in range(60):
            channel.publish(str(next(numbers)))
            if number % 20 == 10:
                background.call(between.cut)
        final = next(numbers)
        channel.publish(str(final))
        eventually(lambda: page.evaluate("seen.at(-1)") == str(final))
        seen = [int(text) for text in page.evaluate("seen")]
        assert seen == list(range(seen[0], final + 1))

    try:
        in_chromium(tool("chromium"), visit)
    finally:
        background.run(stack.aclose())
        background.end()
        server.stop()
