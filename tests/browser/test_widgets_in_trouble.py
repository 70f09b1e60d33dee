"""What the widgets say when there is no stream, what they leave behind, and what is there when a lesson is opened again."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent

import pytest
from playwright.sync_api import expect

from labkit.command.contents import GONE

from .conftest import Lab
from .test_widgets import CLIENTS, CONNECTED, NAMES, SERVER, client, press, run_again

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

BAD = """
    from tornado.web import RequestHandler
    from labkit.widgets import *
    from labkit.server import launch
    class Status(RequestHandler):
        def get(self, status):
            self.set_header("Access-Control-Allow-Origin", "*")
            self.set_status(int(status))
            if status == "200":
                self.finish("<h1>a page</h1>")
    server = launch({r"/500": type("A", (Status,), {"get": lambda self: Status.get(self, "500")}),
                     r"/204": type("B", (Status,), {"get": lambda self: Status.get(self, "204")}),
                     r"/page": type("C", (Status,), {"get": lambda self: Status.get(self, "200")})})
    nobody = "http://127.0.0.1:9/"
"""
#: For each URL what the kernel's client says, and what the page's say.
URLS = {
    "server.url + '/500'": (
        "it answered status 500 .* look at its log",
        "answered 500, and only 200 opens a stream: look at the server's log",
    ),
    "server.url + '/204'": ("the server answered 204: the stream is finished", "answered 204: it has no more to say"),
    "server.url + '/page'": (
        "text/html.*Is this the URL of a page?",
        "answered with text/html.*: is this the URL of a page?",
    ),
    "server.url + '/nothing'": ("it answered status 404.* Is the path right?", "answered 404, .*: is the path right?"),
    "nobody": ("no connection .*next attempt in 3 s", "no answer from http://127.0.0.1:9/: is the server running"),
}


def test_one_sentence_says_why_there_is_no_stream(run_cells: Callable[..., Lab], artifacts: Path) -> None:
    show = """
        for widget in KernelClient(url), BrowserClient(url), BrowserClient(url, via="fetch"), Typewriter(url):
            display(widget)
    """
    lab = run_cells(BAD, *(f"url = {url}\n{dedent(show)}" for url in URLS))
    lab.wait_until_done()
    for url, sentences in URLS.items():
        by_kernel, by_page = (re.compile(pattern.replace("?", r"\?")) for pattern in sentences)
        faces = lab.output(f"url = {url}").locator(".labkit-client, .labkit-typewriter")
        expect(faces).to_have_count(4)
        for number, pattern in enumerate([by_kernel, by_page, by_page, by_page]):
            expect(faces.nth(number).get_by_role("status")).to_have_text(pattern, timeout=15_000)
            tries_again = url == "nobody" and number < 3  # a Typewriter asks once
            word = "^connecting" if tries_again else "^closed"
            expect(faces.nth(number).locator(".status")).to_have_text(re.compile(word))
        lab.page.screenshot(path=artifacts / f"widgets-no-stream-{re.sub('[^a-z0-9]', '', url)}.png")
    assert lab.complaints == []


def test_a_wrong_url_is_said_where_it_is_typed(run_cells: Callable[..., Lab]) -> None:
    lab = run_cells(
        "from labkit.widgets import *",
        "for url in ['localhost:8000/x', 'ftp://x/', '', 'http://']:\n"
        "    for make in KernelClient, BrowserClient, Typewriter:\n"
        "        try: make(url)\n"
        "        except Exception as problem: print(type(problem).__name__, problem)",
    )
    lab.wait_until_done()
    shown = lab.output("for url in").inner_text().splitlines()
    assert len(shown) == 12
    assert all(
        re.match(r"LabError .* is no URL of a stream: it must start with http:// or https://", line) for line in shown
    )


def test_four_proxied_streams_leave_saving_possible_and_a_fifth_says_why_not(run_cells: Callable[..., Lab]) -> None:
    show = """
        clients = [BrowserClient(url, route="proxy", via=via) for via in ["eventsource", "fetch"] * 2 + ["fetch"]]
        for client in clients: display(client)
    """
    lab = run_cells(SERVER, show)
    all_five = lab.page.locator(".labkit-client")
    # Which one comes last is the browser's business: on a busy machine not always the one that is shown last.
    refused = all_five.filter(has_text="4 streams go through Jupyter's proxy already: stop one")
    expect(refused).to_have_count(1, timeout=30_000)
    (last,) = (one for one in range(5) if "proxy already" in all_five.nth(one).inner_text())
    others = [all_five.nth(one) for one in range(5) if one != last]
    for one in others:
        expect(one.locator(".status")).to_contain_text("open", timeout=30_000)
    lab.wait_until_done()
    lab.page.keyboard.press("Control+s")
    with lab.page.expect_response(
        lambda answer: answer.request.method == "PUT" and "/api/contents" in answer.url
    ) as saved:
        lab.page.keyboard.press("Control+s")
    assert saved.value.status == 200
    press(others[0], "Stop")
    press(all_five.nth(last), "Start")
    expect(all_five.nth(last).locator(".status")).to_contain_text("open")
    assert lab.complaints == []


def port_of(lab: Lab) -> int:
    return int(lab.output("print(server.port)").inner_text())


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_closing_the_output_ends_the_pages_streams_and_a_restart_frees_the_port(run_cells: Callable[..., Lab]) -> None:
    lab = run_cells(SERVER, CLIENTS, CONNECTED, "print(server.port)", "print('open:', channel.clients)")
    lab.wait_until_done()
    expect(lab.output("print('open:'")).to_contain_text("open: 3")
    port = port_of(lab)
    lab.page.locator(".jp-CodeCell").nth(1).locator(".cm-content").click()
    lab.page.keyboard.press("Escape")
    lab.page.get_by_role("menuitem", name="Edit", exact=True).click()
    lab.page.get_by_role("menuitem", name="Clear Cell Output", exact=True).click()
    expect(lab.page.locator(".labkit-client")).to_have_count(0)
    run_again(lab, "print('open:'")
    expect(lab.output("print('open:'")).to_contain_text("open: 1")  # the kernel's own goes on
    run_again(lab, "side_by_side")
    expect(client(lab.page, NAMES[1]).locator(".status")).to_contain_text("open")
    lab.page.get_by_role("menuitem", name="Kernel", exact=True).click()
    lab.page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).click()
    lab.page.get_by_role("button", name="Confirm Kernel Restart").click()
    deadline_s = time.monotonic() + 20
    while listens(port):
        assert time.monotonic() < deadline_s, "the port is still taken"
        lab.page.wait_for_timeout(200)
    requests: list[str] = []
    lab.page.on("request", lambda request: requests.append(request.url) if f":{port}" in request.url else None)
    lab.page.wait_for_timeout(3000)
    assert requests == []  # nobody in the page knocks at a door that is gone
    assert lab.complaints == []


def test_closing_the_notebook_leaves_no_stream_of_the_page(run_cells: Callable[..., Lab]) -> None:
    lab = run_cells(SERVER, CLIENTS, CONNECTED, "print(server.port)")
    lab.wait_until_done()
    port = port_of(lab)
    lab.save()
    closed: list[str] = []
    lab.page.on("requestfailed", lambda request: closed.append(request.url))
    lab.page.on("requestfinished", lambda request: closed.append(request.url))
    lab.page.get_by_role("menuitem", name="File", exact=True).click()
    lab.page.get_by_role("menuitem", name=re.compile("^Close Tab")).click()
    expect(lab.page.locator(".labkit-client")).to_have_count(0)
    for _ in range(100):  # playwright notes what has ended in its own calls alone
        if sum(f":{port}/words" in url for url in closed) == 2:
            break
        lab.page.wait_for_timeout(50)
    assert sum(f":{port}/words" in url for url in closed) == 2
    assert lab.complaints == []


GUESS = """
    from labkit.widgets import predict
    guess = predict("How many words get lost?", ["none", "all of them"])
    guess
"""
END_KERNEL = """async () => {
    await window.jupyterapp.shell.currentWidget.sessionContext.shutdown();
}"""


def test_a_reload_brings_the_widgets_back_and_without_their_kernel_a_sentence(
    run_cells: Callable[..., Lab], artifacts: Path
) -> None:
    lab = run_cells(SERVER, CLIENTS, CONNECTED, GUESS)
    lab.wait_until_done()
    lab.save()
    lab.reload()
    expect(lab.page.locator(".labkit-client")).to_have_count(3, timeout=15_000)
    expect(lab.output("How many words")).to_contain_text("all of them")
    lab.page.evaluate(END_KERNEL)
    lab.reload()
    expect(lab.output("How many words")).to_contain_text(GONE)
    expect(lab.page.get_by_text("model not found")).to_have_count(0)
    lab.page.screenshot(path=artifacts / "reopened.png")
    lab.run_all()
    lab.wait_until_done()
    expect(lab.page.locator(".labkit-client")).to_have_count(3)
    assert lab.complaints == []
