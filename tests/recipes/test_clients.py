"""Each client of docs/recipes/clients: cut, refused with 503, and ended with 204. Nothing lost, nothing doubled.

One story for all, at the same time. It takes three seconds, which are the clients' own waits: that they come back
after a refusal, and do not come back after the end, is what they are recipes for.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from tests.chromium import in_chromium

from ..helpers import soon
from .recipe_clients import PAGES, PROGRAMS, event, reading, scripted, status, stream

pytestmark = pytest.mark.live

#: A heartbeat and an id alone are no events; event 3 comes whole after it was cut.
STORY = (
    stream(b": beat\n\n", b"id: 0\n\n", event(1), event(2), b"id: 3\ndata: hal", then="cut"),
    stream(up_to=3, then="end"),
    status(503),
    stream(up_to=4, then="end"),
    status(204),
)
#: A page asks once more after each answer that closes an EventSource, which does not tell the status.
STORY_OF_EVENTSOURCE = (*STORY[:3], *STORY[2:])
ALL = [f"event {number}" for number in (1, 2, 3, 4)]


@pytest.fixture(scope="module")
def node() -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed (Debian: apt install nodejs npm)")


def test_programs(node: None) -> None:
    asyncio.run(read_by_programs())


async def read_by_programs() -> None:
    async with scripted() as server, contextlib.AsyncExitStack() as stack:
        programs = {}
        for file in PROGRAMS:
            server.scripts[f"/{file}"] = STORY
            programs[file] = await stack.enter_async_context(reading(file, f"{server.url}/{file}"))
        for file, program in programs.items():
            async with asyncio.timeout(20):
                await program.process.wait()  # 204 has ended it
            await soon(lambda program=program: len(program.lines) >= 4, file)
            assert program.lines == ALL, file
            assert server.asked[f"/{file}"][2:] == ["3", "3", "4"], file


@pytest.mark.browser
def test_pages(node: None, tool: Callable[[str], str]) -> None:
    asyncio.run(read_by_pages(tool("chromium")))


async def read_by_pages(chromium: str) -> None:
    async with scripted() as server:
        server.scripts = {"/eventsource.html": STORY_OF_EVENTSOURCE, "/htmx.html": STORY}
        urls = {file: server.page_of(file, f"/{file}") for file in PAGES}
        shown: dict[str, list[str]] = {}

        def visit(browser: Any) -> None:
            pages = {file: browser.new_context().new_page() for file in PAGES}
            for file, page in pages.items():
                page.goto(urls[file])
            for file, page in pages.items():
                page.wait_for_function("/204|closed/.test(document.getElementById('state').textContent)")
                shown[file] = page.locator("li").all_text_contents()

        await asyncio.to_thread(in_chromium, chromium, visit)
        assert shown == dict.fromkeys(PAGES, ALL)
        assert server.asked["/htmx.html"][2:] == ["3", "3", "4"]
        assert server.asked["/eventsource.html"][2:] == ["3", "3", "3", "4", "4"]
