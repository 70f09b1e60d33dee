"""Two users of a real JupyterHub at once. It takes twenty seconds of a processor: LABKIT_THOROUGH=1 runs it."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from tornado.httpclient import HTTPRequest
from tornado.ioloop import IOLoop
from tornado.websocket import websocket_connect

from ..chromium import in_chromium
from .real_hub import Hub, missing, running_hub

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(400),
    pytest.mark.skipif("LABKIT_THOROUGH" not in os.environ, reason="takes long: LABKIT_THOROUGH=1 runs it"),
]
#: What each user's kernel runs. All of them are in one place, and none knows of the others.
LESSON = """
from labkit.llm import Pace, Studio, model_routes
from labkit.log import MemoryLog
from labkit.server import Channel, launch
channel = Channel(MemoryLog(epoch="e"))
for number in range(3):
    channel.publish(f"USER {number}")
server = launch({"/words": channel, **model_routes(Studio(pace=Pace(0.02, 200.0, 0.1), words=4))}, name="lesson")
print(server.port)
"""
#: What each user types into a terminal, and the port that it says.
SERVE = """
import subprocess, sys
command = [sys.executable, "-u", "-c", "from labkit.command.cli import main; main()", "serve", "--port", "0"]
served = subprocess.Popen([*command, "--origin", "ORIGIN"], stdout=subprocess.PIPE, text=True)
print(served.stdout.readline().rsplit(":")[-1].strip())
"""
#: A class board, and the port and code that it says.
BOARD = """
import re, subprocess, sys, tempfile
command = [sys.executable, "-u", "-c", "from labkit.command.cli import main; main()", "board", "--port", "0"]
command += ["--folder", tempfile.mkdtemp() + "/class", "--origin", "ORIGIN"]
served = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
print("".join(re.search(r":(\\d+)/#(\\w+)", served.stdout.readline()).expand(r"\\1#\\2")))
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    if lacking := missing():
        pytest.skip(lacking)
    with running_hub(tmp_path_factory.mktemp("hub")) as running:
        yield running


def run(base: str, token: str, code: str) -> str:
    """What this prints in a new kernel of the user, which runs on."""
    headers = {"Authorization": f"token {token}"}
    kernel = httpx.post(f"{base}/api/kernels", headers=headers, timeout=60).raise_for_status().json()["id"]
    url = f"{base.replace('http', 'ws', 1)}/api/kernels/{kernel}/channels"
    content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False, "stop_on_error": True}
    header = {
        "msg_id": "1",
        "msg_type": "execute_request",
        "session": "1",
        "username": "",
        "version": "5.3",
        "date": "",
    }
    message = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}, "content": content}

    async def ask() -> str:
        socket = await websocket_connect(HTTPRequest(url, headers=headers))
        await socket.write_message(json.dumps(message))
        while (text := await socket.read_message()) is not None:
            heard = json.loads(text)
            assert heard["msg_type"] != "error", heard["content"]
            if heard["msg_type"] == "stream":
                return str(heard["content"]["text"])
        raise AssertionError("the kernel is gone")

    return IOLoop(make_current=False).run_sync(ask, timeout=120)


def first_event(url: str, token: str, headers: Mapping[str, str] | None = None) -> str:
    """What a stream sends until the first blank line after an id; or the status of an answer that is none."""
    # Jupyter's proxy passes on at once only what accepts an event stream and nothing else.
    headers = {"Authorization": f"token {token}", "Accept": "text/event-stream", **(headers or {})}
    with httpx.stream("GET", url, headers=headers, timeout=30) as answer:
        if answer.status_code != 200:
            return str(answer.status_code)
        lines = []
        for line in answer.iter_lines():
            lines.append(line)
            if line == "" and any(known.startswith("id:") for known in lines):
                return "\n".join(lines)
    return ""


def test_two_users_at_once_each_have_their_own_and_nobody_comes_in_by_the_others_door(hub: Hub, tmp_path: Path) -> None:
    users = {user: hub.add(user) for user in ("ann", "bob")}
    ports: dict[str, int] = {}

    def begin(user: str) -> None:
        ports[user] = int(run(f"{hub.url}/user/{user}", users[user], LESSON.replace("USER", user)))

    threads = [threading.Thread(target=begin, args=[user]) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(ports.values())) == 2  # no clash
    for user, other in (("ann", "bob"), ("bob", "ann")):
        words = f"{hub.url}/user/{user}/proxy/{ports[user]}/words"
        shown = first_event(words, users[user], {"Last-Event-ID": "e-1"})
        assert f"data: {user} 1" in shown and f"data: {user} 0" not in shown  # it resumes, through two proxies
        assert first_event(words, users[other]) in ("302", "403")
        # The model takes no question of the hub's pages, before the learner has allowed it.
        ask = f"{hub.url}/user/{user}/proxy/{ports[user]}/v1/chat/completions"
        headers = {"Authorization": f"token {users[user]}", "Origin": hub.origin}
        body = {"stream": True, "messages": [{"role": "user", "content": "Who are you?"}]}
        refused = httpx.post(ask, headers=headers, json=body)
        assert refused.status_code == 403 and "LABKIT_ORIGINS" in refused.text


def log_in(browser: Browser, hub: Hub, user: str) -> Page:
    """A page of this user, in a context of its own."""
    page = browser.new_context().new_page()
    page.goto(f"{hub.origin}/hub/login")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", "any")
    page.click("input[type=submit]")
    page.wait_for_url("**/user/**", timeout=120_000)
    return page


def test_the_boards_page_is_live_through_the_hub(hub: Hub, tool: Callable[[str], str]) -> None:
    token = hub.add("eve")
    where = run(f"{hub.url}/user/eve", token, BOARD.replace("ORIGIN", hub.origin)).strip()
    port, code = where.split("#")
    learner = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": "Bearer the-foxs-secret-123"})

    def visit(browser: Browser) -> None:
        page = log_in(browser, hub, "eve")
        page.goto(f"{hub.origin}/user/eve/proxy/{port}/#{code}")
        expect(page.locator("#link")).to_have_text("live", timeout=60_000)
        joined = learner.post("/join", json={"code": code, "name": "fox", "who": "the-foxs-secret-123"})
        assert joined.status_code == 200
        expect(page.locator(".person .name")).to_have_text("fox")  # it came by the stream, through two proxies

    in_chromium(tool("chromium"), visit)


def test_two_users_serve_and_each_page_asks_its_own_model_through_the_hub(hub: Hub, tool: Callable[[str], str]) -> None:
    ports = {}
    for user in ("cleo", "dan"):
        token = hub.add(user)
        ports[user] = int(run(f"{hub.url}/user/{user}", token, SERVE.replace("ORIGIN", hub.origin)))

    def visit(browser: Browser) -> None:
        pages = {user: log_in(browser, hub, user) for user in ports}
        for user, page in pages.items():
            page.goto(f"{hub.origin}/user/{user}/proxy/{ports[user]}/")
        for way in ("answers", "openai", "anthropic"):
            for page in pages.values():  # both at once
                page.select_option("#way", way)
                page.fill("#prompt", "Who are you?")
                page.click("#generate")
            for page in pages.values():
                expect(page.locator("#state")).to_have_attribute("data-state", "finished", timeout=60_000)
                assert page.inner_text("#answer .words").strip()
        answer = pages["cleo"].goto(f"{hub.origin}/user/dan/proxy/{ports['dan']}/")
        assert answer is not None and (answer.status in (403, 404) or "oauth" in pages["cleo"].url)

    in_chromium(tool("chromium"), visit)
