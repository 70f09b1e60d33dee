"""`labkit serve`: the command, and the page that asks a model, in a real Chromium."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from labkit.command import serve
from labkit.command.stream_commands import serve_command
from labkit.faults.fault import Action, Close, Fault, Headers, Machine, Send
from labkit.lab.jupyter_proxy import jupyter_proxy
from labkit.llm import AT_ONCE, Pace, Studio, Trouble, Upstream, answers, model_routes, upstream
from labkit.pages import ask, live
from labkit.pages.file import File
from labkit.proxy import launch_relay
from labkit.server import Channel, LabServer, launch

from ..chromium import in_chromium
from ..helpers import LABKIT, eventually

SLOW = Pace(0.05, 100.0, 0.3)  # an answer takes two seconds: time enough to cut it, to reload, to stop
WAYS = ["answers", "openai", "responses", "anthropic", "gemini", "ollama"]
QUICK = Pace(0.05, 500.0, 0.1)  # where nothing is done meanwhile


def spawn_serve(*options: str) -> subprocess.Popen[str]:
    buffered = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    command = [sys.executable, "-c", LABKIT, "serve", *options]
    return subprocess.Popen(command, env=buffered, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


@pytest.mark.live
def test_serve_types_words_until_ctrl_c_and_says_where() -> None:
    process = spawn_serve("--port", "0")
    assert process.stdout is not None
    where = process.stdout.readline()
    url = re.fullmatch(r"Ask a model on (http://localhost:\d+)\n", where)
    assert url and process.stdout.readline() == f"Live events on {url[1]}/live\n"
    assert process.stdout.readline() == "Ctrl-C stops it.\n"
    words = []
    with httpx.stream("GET", f"{url[1]}/events", trust_env=False) as stream:
        for line in stream.iter_lines():
            words += [line[6:]] if line.startswith("data: ") else []
            if len(words) == 3:
                break
    assert " ".join(words) in " ".join(live.TEXT.split() * 2)
    process.send_signal(signal.SIGINT)
    rest, complaints = process.communicate(timeout=10)
    assert (process.returncode, rest, complaints) == (0, "stopped\n", "")


@pytest.mark.live
def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = spawn_serve("--port", str(port))
        _, complaint = process.communicate(timeout=20)
    assert process.returncode == 2 and complaint.count("\n") == 1
    assert f"port {port} on 127.0.0.1 is taken" in complaint and f"--port {port + 1}" in complaint


@pytest.mark.live
def test_letting_others_in_prints_a_warning() -> None:
    process = spawn_serve("--port", "0", "--host", "0.0.0.0")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert lines[0].startswith("Ask a model on http://localhost:") and lines[2].startswith("Warning: on 0.0.0.0")


def test_the_default_wait_for_an_upstream_is_the_upstreams_own() -> None:
    [option] = [option for option in serve_command.params if option.name == "timeout_s"]
    assert option.default == upstream.FIRST_TOKEN_TIMEOUT_S  # it stands twice: --help shall import no httpx


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--model", "x"], "is a model of which server"),
        (["--upstream", "localhost:11434"], "One looks like http://localhost:11434/v1"),
        (["--origin", "hub.example.org"], "One is https://hub.example.org"),
        (["--origin", "https://hub.example.org/user/me"], "is no origin"),
        (["--origin", "http://hub.example.org:x"], "is no origin"),
        (["--origin", "https://[::1"], "is no origin"),
        (["--origin", "https://me:pass@hub.example.org"], "is no origin"),
    ],
)
def test_an_option_that_is_none_is_one_sentence(options: list[str], sentence: str) -> None:
    process = spawn_serve(*options)
    _, complaint = process.communicate(timeout=20)
    assert process.returncode == 2 and sentence in complaint and complaint.count("\n") == 1


@pytest.mark.live
def test_on_a_hub_it_says_where_through_jupyters_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/me/")
    process = spawn_serve("--port", "0", "--origin", "https://Hub.example.org/")
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(3)]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    port = lines[0].rstrip().rpartition(":")[2]
    assert f" https://hub.example.org/user/me/proxy/{port}/ " in lines[2]


def test_on_a_hub_that_was_not_named_it_says_what_lets_the_page_ask() -> None:
    hub = {"JUPYTERHUB_SERVICE_PREFIX": "/user/me/"}
    assert serve.proxy_lines(8080, (), {}) == []
    where, way = serve.proxy_lines(8080, (), hub)
    assert "https://your.hub/user/me/proxy/8080/ " in where and way.endswith("labkit serve --origin https://your.hub")
    where, way = serve.proxy_lines(8080, (), {**hub, "JUPYTERHUB_PUBLIC_URL": "https://hub.example:8000/user/me/"})
    assert " https://hub.example:8000/user/me/proxy/8080/ " in where and way.endswith(
        "--origin https://hub.example:8000"
    )


@pytest.mark.live
def test_a_page_of_the_hub_may_ask_and_cut_where_it_was_allowed_to_and_no_other_may() -> None:
    def ask(origin: str) -> tuple[int, int, int]:
        headers = {"Origin": origin, "Host": "hub.example.org"}
        asked = {"model": "any", "max_tokens": 9, "messages": [{"role": "user", "content": "?"}]}
        with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as page:
            posts = (("/answers", {"prompt": "?"}), ("/v1/messages", asked), ("/cut", {}))
            answer, message, cut = (page.post(path, json=body).status_code for path, body in posts)
        return answer, message, cut

    studio = Studio(pace=AT_ONCE, words=5, allowed=frozenset({"https://hub.example.org"}))
    server = launch(serve.routes(studio, Channel()), name="hub test", hosts=["hub.example.org"])
    try:
        assert ask("https://hub.example.org") == (201, 200, 204)
        assert ask("https://evil.example") == ask("http://hub.example.org") == (403, 403, 403)
    finally:
        server.stop()


@pytest.mark.live
def test_a_key_is_never_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LABKIT_UPSTREAM_KEY", "sk-secret\nx")
    process = spawn_serve("--upstream", "http://127.0.0.1:9/v1")
    _, complaint = process.communicate(timeout=20)
    assert process.returncode == 2 and "holds a line break" in complaint and "secret" not in complaint


@pytest.mark.live
def test_the_page_needs_nothing_from_elsewhere() -> None:
    server = launch(serve.routes(Studio(), Channel()), name="files")
    try:
        for path in ask.FILES:
            answer = httpx.get(server.url + path, trust_env=False)
            policy = answer.headers["Content-Security-Policy"]
            assert answer.status_code == 200 and "default-src 'none'" in policy and "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy  # or another page of this machine could steal a click
            if path not in ask.VENDORED:
                assert not re.search(r"https?://|innerHTML|@import", answer.text), path
    finally:
        server.stop()


class Served:
    """The page, open in Chromium, before a studio that can be looked into."""

    server: LabServer

    def __init__(self, page: Any, studio: Studio) -> None:
        self.page, self.studio = page, studio
        self.requests: list[tuple[str, str]] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append((request.method, request.url)))
        page.on("pageerror", lambda problem: self.complaints.append(str(problem)))

    @property
    def generation(self) -> Any:
        return list(self.studio.generations.values())[-1]

    @property
    def questions(self) -> int:
        """How often the page asked for a new answer."""
        return sum(method == "POST" and "/cut" not in url for method, url in self.requests)

    def ask(self, prompt: str = "Who are you?", way: str = "answers") -> None:
        self.page.select_option("#way", way)
        self.page.fill("#prompt", prompt)
        self.page.click("#generate")

    def state(self, state: str, timeout: int = 20_000) -> None:
        from playwright.sync_api import expect

        expect(self.page.locator("#state")).to_have_attribute("data-state", state, timeout=timeout)

    def wait_for_tokens(self, count: int = 10) -> None:
        eventually(lambda: self.studio.generations and self.generation.token_count > count)

    @property
    def text(self) -> str:
        """The answer as it came, not what Markdown makes of it."""
        self.page.check("#as-text")
        text: str = self.page.evaluate(
            "[...document.querySelectorAll('#answer .words')].map(b => b.textContent).join('')"
        )
        return text

    @property
    def why(self) -> str:
        why: str = self.page.inner_text("#why")
        return why


@pytest.fixture
def visit(tool: Callable[[str], str]) -> Iterator[Callable[..., None]]:
    """Runs a visit to the page: visit(what_to_do, **the studio's settings)."""
    servers: list[LabServer] = []

    def run(do: Callable[[Served], None], origin: Callable[[str], str] = lambda url: url, **settings: Any) -> None:
        studio = Studio(**{"pace": SLOW, "words": 100, **settings})
        servers.append(launch(serve.routes(studio, Channel()), name="page test"))

        def in_browser(browser: Any) -> None:
            with browser.new_context() as context:
                served = Served(context.new_page(), studio)
                served.server = servers[-1]
                served.page.goto(origin(servers[-1].url + "/"))
                do(served)
                assert served.complaints == []

        in_chromium(tool("chromium"), in_browser)

    yield run
    for server in servers:
        server.stop()


@pytest.mark.browser
@pytest.mark.parametrize("way", WAYS)
def test_every_token_comes_and_finished_means_finished(visit: Callable[..., None], way: str, artifacts: Path) -> None:
    def do(served: Served) -> None:
        served.ask("Who\u0007 are\u0001 you? <b>\n\u202e", way)
        served.state("finished")
        assert served.text == served.generation.text
        served.page.wait_for_timeout(700)  # longer than a browser's reconnection time here
        assert served.questions == 1 and len(served.studio.generations) == 1 and served.generation.readers == 0
        numbers = served.page.inner_text("#numbers")
        pieces = len([token for token in served.studio.answer(served.generation.prompt) if token])
        tokens = served.generation.token_count
        counted = f"{pieces} pieces" if way == "answers" else f"{tokens} tokens in {pieces} pieces"
        assert counted in numbers and "first token after" in numbers and "a second from the question on" in numbers
        wire = served.page.inner_text("#wire")
        ends = {"answers": "event: done", "openai": "[DONE]", "responses": "response.completed", "gemini": '"STOP"'}
        assert {**ends, "anthropic": "message_stop", "ollama": '"done"'}[way] in wire
        served.page.screenshot(path=artifacts / f"page-{way}.png")

    visit(do, hostile=0.2, pace=QUICK)


@pytest.mark.browser
def test_cut_reload_and_a_second_tab_lose_nothing_and_ask_nothing_twice(visit: Callable[..., None]) -> None:
    def do(served: Served) -> None:
        served.ask()
        served.wait_for_tokens(20)
        served.page.click("#cut")
        served.state("reconnecting")
        served.state("typing")
        served.page.reload()
        second = Served(served.page.context.new_page(), served.studio)
        second.page.goto(served.page.url)
        for tab in (served, second):
            tab.state("finished")
            assert tab.text == served.generation.text
            assert tab.page.input_value("#prompt") == "Who are you?"
        assert served.questions == 1 and second.questions == 0 and len(served.studio.generations) == 1

    visit(do, words=200)


@pytest.mark.browser
def test_through_jupyters_own_proxy_the_page_works_as_it_does_directly(visit: Callable[..., None]) -> None:
    def do(served: Served) -> None:
        for way in ("answers", "openai"):
            served.ask(way=way)
            served.state("finished")
            assert served.text == served.generation.text
        served.page.goto(served.page.url.split("?")[0].split("#")[0] + "live")
        expect(served.page.get_by_role("button", name="Cut")).to_be_visible()

    from playwright.sync_api import expect

    async def main() -> None:
        async with jupyter_proxy() as through:
            await asyncio.to_thread(visit, do, origin=through, pace=QUICK)

    asyncio.run(main())


@pytest.mark.browser
def test_stop_stops_the_making(visit: Callable[..., None]) -> None:
    def do(served: Served) -> None:
        served.ask()
        served.wait_for_tokens()
        served.page.keyboard.press("Escape")
        served.state("stopped")
        assert served.generation.state == "cancelled" and served.text == served.generation.text
        assert served.generation.token_count < len(served.studio.answer("Who are you?"))
        assert served.why == "stopped by the reader"

    visit(do, words=1000)


@pytest.mark.browser
def test_who_leaves_a_post_sees_how_long_the_model_goes_on(visit: Callable[..., None]) -> None:
    def do(served: Served) -> None:
        from playwright.sync_api import expect

        served.ask(way="openai")
        served.wait_for_tokens()
        served.page.click("#stop")
        served.state("stopped")
        expect(served.page.locator("#why")).to_contain_text("nobody has read for 1 s", timeout=20_000)
        assert f"has made {served.generation.token_count}, and stopped" in served.why

    visit(do, words=3000, abandoned_after_s=1.0)


@pytest.mark.browser
def test_a_post_that_is_cut_is_told_and_not_asked_again(visit: Callable[..., None]) -> None:
    def do(served: Served) -> None:
        served.ask(way="anthropic")
        served.wait_for_tokens()
        served.page.click("#cut")
        served.state("broken")
        assert "not asked again" in served.why and 0 < len(served.text) < len(served.generation.text) + 100
        assert served.questions == 1

    visit(do, words=1000)


@pytest.mark.browser
@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (Trouble(status=401), "status 401"),
        (Trouble(status=429), "status 429"),
        (Trouble(error_after=5), "the model is overloaded"),
    ],
    ids=["401", "429", "under status 200"],
)
def test_refusals_and_failures_are_told(visit: Callable[..., None], trouble: Trouble, sentence: str) -> None:
    def do(served: Served) -> None:
        for way in WAYS:
            served.ask(way=way)
            eventually(lambda: served.page.evaluate("Boolean(asked.over)"))  # "failed" may be the last one's
            served.state("failed")
            assert sentence in served.why and served.page.is_enabled("#generate")

    visit(do, trouble=trouble, pace=QUICK)


@pytest.mark.browser
def test_bad_questions_and_answers_that_are_gone_are_told(visit: Callable[..., None]) -> None:
    def do(served: Served) -> None:
        served.ask("  ")
        served.state("failed")
        assert "the prompt is empty" in served.why
        served.page.evaluate("document.getElementById('prompt').value = 'x'.repeat(1e6)")
        served.page.click("#generate")
        served.state("failed")
        assert "1,000,000 characters" in served.why and "status 413" in served.why
        served.page.goto(served.page.url.partition("#")[0] + "#no-such-answer")
        served.state("failed")
        assert "there is no answer 'no-such-answer'" in served.why

    visit(do)


@pytest.mark.browser
def test_a_server_that_was_started_again_has_no_answers_and_that_is_told(visit: Callable[..., None]) -> None:
    def do(served: Served) -> None:
        served.ask()
        served.wait_for_tokens()
        generation = served.generation
        served.studio.generations.clear()  # as after a restart
        served.server.call(generation.cut)
        served.state("failed")
        assert "there is no answer" in served.why and 0 < len(served.text) <= len(generation.text)
        assert served.questions == 1

    visit(do, words=1000)


@pytest.mark.browser
def test_stop_before_the_answer_has_a_number_stops_it_too(visit: Callable[..., None]) -> None:
    def do(served: Served) -> None:
        def late(route: Any) -> None:
            served.page.wait_for_timeout(300)
            route.continue_()

        served.page.route("**/answers", late)
        served.ask()
        served.page.click("#stop")
        served.state("stopped")
        served.page.wait_for_timeout(600)  # playwright lets the request go on in its own calls alone
        eventually(lambda: served.studio.generations and served.generation.state == "cancelled")
        served.state("stopped")
        assert served.text == "" and "#" not in served.page.url

    visit(do, words=1000)


@pytest.mark.browser
def test_a_key_that_is_held_asks_once_and_the_focus_goes_along(visit: Callable[..., None]) -> None:
    def do(served: Served) -> None:
        served.page.focus("#prompt")
        served.page.keyboard.down("Enter")
        for _ in range(5):
            served.page.keyboard.down("Enter")  # repeats
        served.page.keyboard.up("Enter")
        served.state("finished")
        assert served.questions == 1
        served.page.focus("#generate")
        served.page.keyboard.press("Enter")
        served.state("typing")
        assert served.page.evaluate("document.activeElement.id") == "stop"
        served.page.keyboard.press("Enter")
        served.state("stopped")
        assert served.page.evaluate("document.activeElement.id") == "generate"

    visit(do)


class Webpage(File):
    post = File.get


@pytest.mark.browser
@pytest.mark.parametrize("behind", ["nobody", "a web page", "a wrong key"])
def test_what_is_wrong_with_the_upstream_is_told(visit: Callable[..., None], behind: str) -> None:
    other = launch(model_routes(Studio(key="right")), name="upstream")
    webpage = (Webpage, {"path": ask.FILES["/"]})
    page = launch(dict.fromkeys(("/v1/chat/completions", "/v1/models"), webpage), name="no upstream")
    url = {"nobody": "http://127.0.0.1:9", "a web page": page.url, "a wrong key": other.url}[behind]
    sentence = {"nobody": "cannot be made", "a web page": "Is it a model's server?", "a wrong key": "refuses the key"}

    def do(served: Served) -> None:
        served.ask()
        served.state("failed")
        assert sentence[behind] in served.why and "wrong-key" not in served.page.content()

    try:
        visit(do, upstream=Upstream(f"{url}/v1", "any", key="wrong-key"))
    finally:
        other.stop()
        page.stop()


@pytest.mark.browser
def test_reasoning_a_tool_and_two_answers_come_and_what_is_not_forwarded_is_said(visit: Callable[..., None]) -> None:
    behind = launch(model_routes(Studio(pace=QUICK, words=30)), name="upstream")

    def do(served: Served) -> None:
        page = served.page
        page.click("#more summary")
        page.check("#reasoning")
        for way in ("answers", "anthropic"):
            served.ask(way=way)
            served.state("finished")
            assert page.locator("details.reasoning").count() == (way == "answers")
        eventually(lambda: "not forwarded: reasoning" in page.inner_text("#notes"))
        page.fill("#choices", "2")
        served.ask()
        served.state("finished")
        assert page.locator(".choice h3").all_inner_texts() == ["Answer 1", "Answer 2"]
        page.check("#tool")
        page.fill("#choices", "1")
        served.ask()
        served.state("tool_calls")
        assert "get_weather" in page.inner_text(".part.tool") and '"city"' in page.inner_text(".part.tool pre")

    try:
        visit(do, upstream=Upstream(f"{behind.url}/v1", "any"))
    finally:
        behind.stop()


@pytest.mark.browser
def test_a_phone_in_the_dark_by_keyboard(visit: Callable[..., None], artifacts: Path) -> None:
    def do(served: Served) -> None:
        phone = {"viewport": {"width": 340, "height": 720}, "device_scale_factor": 2, "is_mobile": True}
        page = served.page.context.browser.new_page(**phone, color_scheme="dark")
        page.goto(served.page.url)
        page.keyboard.type("!")  # the prompt has the focus, and is selected
        page.keyboard.press("Shift+Enter")
        page.keyboard.type("?")
        page.keyboard.press("Enter")
        Served(page, served.studio).state("finished")
        assert served.generation.prompt == "!\n?"
        assert page.evaluate("document.documentElement.scrollWidth") <= 340
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert max(map(int, re.findall(r"\d+", colour))) < 60
        page.screenshot(path=artifacts / "page-phone-dark.png", full_page=True)

    visit(do)


class CutStreams(Fault):
    """Cuts event streams, `cuts` times in all, after a random number of bytes each; pages pass."""

    def __init__(self, cuts: int) -> None:
        self.cuts, self.done = cuts, 0

    def start(self, n: int, rng: Random) -> Machine:
        return _CutStream(self, rng.randrange(1, 300))


class _CutStream(Machine):
    def __init__(self, fault: CutStreams, after: int) -> None:
        self.fault, self.after, self.stream = fault, after, False

    def begin(self, now_s: float, headers: Headers, head_bytes: int) -> None:
        self.stream = any("event-stream" in value for _, value in headers)

    def feed(self, now_s: float, data: bytes) -> list[Action]:
        # Asked here, not in begin(): two streams may be open at the same time.
        if self.stream and self.fault.done < self.fault.cuts and len(data) >= self.after:
            self.fault.done += 1
            return [Send(data[: self.after]), Close("rst" if self.fault.done % 2 else "fin")]
        self.after -= len(data)
        return [Send(data)]


@pytest.mark.browser
def test_cut_at_a_hundred_random_places_the_page_shows_each_token_once(
    visit: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "RETRY_MS", 10)
    fault = CutStreams(100)
    proxies = []

    def through(url: str) -> str:
        proxies.append(launch_relay(url, fault, name="page cuts", seed=7))
        return proxies[0].url.rstrip("/")

    def do(served: Served) -> None:
        served.ask()
        served.state("finished", timeout=120_000)
        assert fault.done == 100 and served.text == served.generation.text
        assert served.questions == 1 and len(served.studio.generations) == 1

    try:
        visit(do, through, hostile=0.2, words=400, pace=AT_ONCE)
    finally:
        for proxy in proxies:
            proxy.stop()
