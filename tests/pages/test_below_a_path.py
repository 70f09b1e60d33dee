"""The page below a path: behind a real nginx under a name, and behind a proxy that forgets the slash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labkit.command import serve
from labkit.llm import Pace, Studio
from labkit.proxy import Nginx, RunningProxy, nginx
from labkit.server import Channel, launch

from ..chromium import QUIET
from ..helpers import eventually

pytestmark = [pytest.mark.browser, pytest.mark.live]

NAME = "chat.example"  # Chromium is told where it leads
#: As people write it: nginx strips the path, and redirects /chat to /chat/ by itself. The Host that it passes on is the
#: origin's own, unless it is told otherwise, as many pages advise. /room is as Caddy's handle_path and Traefik's
#: StripPrefix do it: it leads to the page too, and nobody adds the slash.
LOCATIONS = (
    "location /chat/ {{ proxy_pass {url}/; }}",
    "location /host/ {{ proxy_pass {url}/; proxy_set_header Host $http_host; }}",
    "location /room/ {{ proxy_pass {url}/; }} location = /room {{ proxy_pass {url}/; }}",
    "location = /circle {{ proxy_pass {url}/; }} location = /circle/ {{ return 308 /circle; }}",
    "location = /page.css {{ return 404; }}",
)

BARE = "text=Its address has to end with a slash"


class Below:
    """Pages behind an nginx, and what Chromium saw there."""

    def __init__(self, studio: Studio, proxy: RunningProxy, browser: Any) -> None:
        self.studio, self.browser = studio, browser
        self.origin = f"http://{NAME}:{proxy.port}"
        self.allow(True)

    def allow(self, may_ask: bool) -> None:
        self.studio.allowed = frozenset({self.origin} if may_ask else ())

    def open(self, path: str) -> None:
        self.page, self.missed = self.browser.new_page(), []
        self.page.on(
            "response", lambda got: self.missed.append(f"{got.status} {got.url}") if got.status >= 400 else None
        )
        self.page.on("pageerror", lambda problem: self.missed.append(str(problem)))
        self.page.goto(self.origin + path)

    @property
    def state(self) -> str:
        return str(self.page.get_attribute("#state", "data-state"))

    def ask(self, way: str) -> str:
        """How an answer ended that was asked for in this way."""
        self.page.select_option("#way", way)
        self.page.click("#generate")
        eventually(lambda: self.state not in ("idle", "waiting", "thinking", "typing", "reconnecting"))
        return self.state


@pytest.fixture(scope="module")
def below(tool: Callable[[str], str]) -> Iterator[Below]:
    from playwright.sync_api import sync_playwright

    studio = Studio(pace=Pace(0.02, 200.0, 0.1), words=60)
    server = launch(serve.routes(studio, Channel()), name="below a path", hosts=[NAME])
    places = tuple(place.format(url=server.url) for place in LOCATIONS)
    options = [*QUIET, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"]
    with nginx(server.url, Nginx(directives=places), program=tool("nginx")) as proxy, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tool("chromium"), args=options)
        yield Below(studio, proxy, browser)
        browser.close()
    server.stop()


@pytest.mark.parametrize("path", ["/chat/", "/host/"])
def test_below_a_path_the_page_asks_resumes_and_cuts_as_it_does_at_the_root(below: Below, path: str) -> None:
    below.open(path)
    assert below.ask("openai") == "finished"
    below.page.select_option("#way", "answers")
    below.page.click("#generate")
    eventually(lambda: below.studio.newest.token_count > 5)
    below.page.click("#cut")
    eventually(lambda: below.state == "finished")
    below.page.check("#as-text")
    assert "lost the connection once" in below.page.inner_text("#numbers")
    assert below.page.evaluate("document.querySelector('.words').textContent") == below.studio.newest.text
    below.page.click("text=A page with live events")
    below.page.wait_for_url(f"{below.origin}{path}live")
    eventually(lambda: below.page.inner_text("#word") == "open")
    assert below.missed == []


def test_without_the_slash_the_page_goes_to_where_its_parts_are(below: Below) -> None:
    for path, there in (("/chat", "/chat/"), ("/room?a=b#c", "/room/?a=b#c")):
        below.open(path)
        below.page.wait_for_url(below.origin + there)
        eventually(lambda: below.page.inner_text("#word") in ("idle", "failed"))  # there is no answer c
    assert below.ask("answers") == "finished"
    # Where that leads round in a circle, or no script runs, the page says what is wrong.
    below.open("/circle")
    asked: list[str] = []
    below.page.on("request", lambda request: asked.append(request.url))
    below.page.wait_for_timeout(300)  # a circle takes some 20 ms
    assert below.page.locator(BARE).is_visible() and len(asked) < 10
    bare = below.browser.new_context(java_script_enabled=False).new_page()
    for path, is_wrong in (("/room", True), ("/room/", False)):
        bare.goto(below.origin + path)
        assert bare.locator(BARE).is_visible() is is_wrong


def test_a_page_that_may_not_ask_says_what_lets_it(below: Below) -> None:
    below.allow(False)
    below.studio.generations.clear()
    try:
        below.open("/chat/")
        for way in ("answers", "anthropic"):
            assert below.ask(way) == "failed"
            assert f"--origin {below.origin} if it may (status 403)" in below.page.inner_text("#why")
        assert not below.studio.generations
    finally:
        below.allow(True)
