"""The page below a path: behind a real nginx under a name, and behind a proxy that forgets the slash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from labkit.command import serve
from labkit.llm import Pace, Studio
from labkit.proxy import Nginx, RunningProxy, nginx
from labkit.server import Channel, LabServer, launch

from ..chromium import QUIET, in_chromium
from ..helpers import eventually

pytestmark = [pytest.mark.browser, pytest.mark.live]

NAME = "chat.example"  # Chromium is told where it leads
#: As people write it: nginx strips the path, and redirects /chat to /chat/ by itself.
STRIPS = "location /chat/ {{ proxy_pass {url}/; {more} }}"
#: As Caddy's handle_path and Traefik's StripPrefix do: /room leads to the page too, and nobody adds the slash.
NO_SLASH = "location = /page.css {{ return 404; }} location = /room {{ proxy_pass {url}/; }} location /room/ {{ proxy_pass {url}/; }}"
OPEN_STATES = ("waiting", "thinking", "typing", "reconnecting")


class Below:
    """A server of pages behind an nginx, and what Chromium saw there."""

    def __init__(self, studio: Studio, server: LabServer, proxy: RunningProxy, page: Any) -> None:
        self.studio, self.server, self.proxy, self.page = studio, server, proxy, page
        self.missed: list[str] = []
        page.on("response", lambda got: self.missed.append(f"{got.status} {got.url}") if got.status >= 400 else None)
        page.on("pageerror", lambda problem: self.missed.append(str(problem)))

    def open(self, path: str) -> None:
        self.page.goto(f"http://{NAME}:{self.proxy.port}{path}")

    def ask(self, way: str) -> str:
        """How an answer ended that was asked for in this way."""
        self.page.select_option("#way", way)
        self.page.click("#generate")
        state = lambda: str(self.page.get_attribute("#state", "data-state"))  # noqa: E731
        eventually(lambda: state() not in ("idle", *OPEN_STATES))
        return state()


@pytest.fixture
def below(tool: Callable[[str], str]) -> Iterator[Callable[..., None]]:
    """Runs a visit below a path: below(what_to_do, more=lines for nginx's location, may_ask=False)."""
    path = tool("nginx")
    servers: list[LabServer] = []

    def run(do: Callable[[Below], None], more: str = "", may_ask: bool = True) -> None:
        studio = Studio(pace=Pace(0.02, 200.0, 0.1), words=60)
        server = launch(serve.routes(studio, Channel()), name="below a path", hosts=[NAME])
        servers.append(server)
        places = (STRIPS.format(url=server.url, more=more), NO_SLASH.format(url=server.url))
        with nginx(server.url, Nginx(directives=places), program=path) as proxy:
            if may_ask:
                studio.allowed = frozenset({f"http://{NAME}:{proxy.port}"})
            in_chromium(
                tool("chromium"),
                lambda browser: do(Below(studio, server, proxy, browser.new_page())),
                [*QUIET, f"--host-resolver-rules=MAP {NAME} 127.0.0.1"],
            )

    yield run
    for server in servers:
        server.stop()


# Whatever Host nginx passes on: its default is the origin's own, and many pages tell people to pass the client's.
@pytest.mark.parametrize(
    "more", ["", "proxy_set_header Host $http_host;"], ids=["the origin's Host", "the client's Host"]
)
def test_below_a_path_the_page_asks_resumes_and_cuts_as_it_does_at_the_root(
    below: Callable[..., None], more: str
) -> None:
    def do(visit: Below) -> None:
        visit.open("/chat/")
        assert visit.ask("openai") == "finished"
        visit.page.select_option("#way", "answers")
        visit.page.click("#generate")
        eventually(lambda: visit.studio.newest.token_count > 5)
        visit.page.click("#cut")
        eventually(lambda: visit.page.get_attribute("#state", "data-state") == "finished")
        visit.page.check("#as-text")
        assert "lost the connection once" in visit.page.inner_text("#numbers")
        assert visit.page.evaluate("document.querySelector('.words').textContent") == visit.studio.newest.text
        assert visit.missed == []
        visit.page.click("text=A page with live events")
        visit.page.wait_for_url(f"http://{NAME}:{visit.proxy.port}/chat/live")
        eventually(lambda: visit.page.inner_text("#word") == "open")
        assert visit.missed == []

    below(do, more)


def test_without_the_slash_the_page_goes_to_where_its_parts_are(below: Callable[..., None]) -> None:
    def do(visit: Below) -> None:
        for path in ("/chat", "/room?a=b#c"):
            visit.open(path)
            there = path.replace("room", "room/") if "room" in path else "/chat/"
            visit.page.wait_for_url(f"http://{NAME}:{visit.proxy.port}{there}")
            eventually(lambda: visit.page.inner_text("#word") in ("idle", "failed"))  # there is no answer c
        visit.open("/room/")
        assert visit.ask("answers") == "finished"
        # And where no script runs, the page says what is wrong.
        bare = visit.page.context.browser.new_context(java_script_enabled=False).new_page()
        bare.goto(f"http://{NAME}:{visit.proxy.port}/room")
        assert bare.locator("text=Its address has to end with a slash").is_visible()
        bare.goto(f"http://{NAME}:{visit.proxy.port}/room/")
        assert not bare.locator("text=Its address has to end with a slash").is_visible()

    below(do)


def test_a_page_that_may_not_ask_says_what_lets_it(below: Callable[..., None]) -> None:
    def do(visit: Below) -> None:
        visit.open("/chat/")
        for way in ("answers", "anthropic"):
            assert visit.ask(way) == "failed"
            assert f"--origin http://{NAME}:{visit.proxy.port} if it may (status 403)" in visit.page.inner_text("#why")
        assert visit.studio.generations == {}

    below(do, may_ask=False)
