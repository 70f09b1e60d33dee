"""Every button of every widget, in a real JupyterLab: what the screen shows, and what the server saw."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from .conftest import Jupyter, Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

SERVER = """
    import asyncio
    from labkit.log import MemoryLog
    from labkit.server import Channel, launch
    from labkit.widgets import *
    channel = Channel(MemoryLog(epoch="e"), retry_ms=700)
    server = launch({"/words": channel})
    url = server.url + "/words"
"""
CLIENTS = """
    kernel = KernelClient(url, on_cut=channel.cut)
    native = BrowserClient(url, on_cut=channel.cut)
    fetched = BrowserClient(url, on_cut=channel.cut, via="fetch")
    clients = kernel, native, fetched
    side_by_side(*clients)
"""
CONNECTED = "for client in clients: await client.connected()"
NAMES = ("in the kernel: httpx", "in the browser: EventSource, direct", "in the browser: fetch, GET, direct")
HOSTILE = "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'>"


def client(page: Page, name: str) -> Locator:
    return page.locator(".labkit-client").filter(has_text=name)


def press(where: Locator, name: str) -> None:
    where.get_by_role("button", name=name, exact=True).click()


#: `allConnecting` becomes what the clients show at the first moment at which all of them are connecting.
WATCH_CONNECTING = """names => { window.allConnecting = new Promise((done) => {
  const clients = names.map((name) => [...document.querySelectorAll(".labkit-client")]
    .find((client) => client.innerText.includes(name)));
  (function look() {
    const away = clients.every((client) => client.querySelector(".status").innerText.includes("connecting"));
    if (away) done(clients.map((client) => client.innerText)); else requestAnimationFrame(look);
  })();
}); }"""


def test_a_cut_by_each_clients_click_and_all_three_resume_without_loss(
    run_cells: Callable[..., Lab], artifacts: Path
) -> None:
    play = f"""
        texts = [f"{{number}} {HOSTILE}" for number in range(90)]
        playing = server.play(channel, texts, every_s=0.1)
        await asyncio.gather(*(client.until(events=90) for client in clients))
        print([client.texts == texts for client in clients])
        print([len(client.gaps) for client in clients])
        print([visit.last_event_id for visit in channel.visits], [visit.left for visit in channel.visits])
        print([round((b.at_s - a.at_s) * 1000) for a, b in zip(list(native.received)[60:], list(native.received)[61:])])
    """
    lab = run_cells(SERVER, CLIENTS, CONNECTED, play)
    for whose in NAMES:
        for name in NAMES:
            expect(client(lab.page, name).locator(".status")).to_contain_text(
                re.compile(r"open · \d+ events .* ID e-\d+$"), timeout=30_000
            )
        lab.page.evaluate(WATCH_CONNECTING, NAMES)  # before the click: they are away for a second only
        press(client(lab.page, whose), "Cut all connections")
        while_away = lab.page.evaluate("allConnecting")
        assert all("the connection broke" in text for text in while_away), while_away
        assert all(re.search(r"again in 0\.\d s", while_away[place]) for place in (0, 2)), while_away
    lab.page.screenshot(path=artifacts / "widgets-cut.png")
    lab.wait_until_done()
    shown = lab.output("playing = ").inner_text().splitlines()
    assert shown[:2] == ["[True, True, True]", "[3, 3, 3]"]  # in order, none lost, none doubled, after three gaps each
    ids, left = (re.findall(r"'([^']*)'", part) for part in shown[2].split("] ["))
    assert ids[:3] == [""] * 3 and all(re.fullmatch(r"e-\d+", id) for id in ids[3:]) and len(ids) == 12
    assert left == ["cut"] * 9 + [""] * 3
    gaps_ms = [int(gap) for gap in re.findall(r"\d+", shown[3])]
    assert sum(40 <= gap <= 200 for gap in gaps_ms) > 20, gaps_ms  # one by one, a tenth of a second apart
    for name in NAMES:
        expect(client(lab.page, name).locator(".words")).to_contain_text("<script>window.hacked = 1</script>")
    assert lab.page.evaluate("window.hacked") is None
    assert lab.complaints == []


def test_stop_and_start(run_cells: Callable[..., Lab]) -> None:
    lab = run_cells(SERVER, CLIENTS, CONNECTED, "channel.publish('one')", "print(channel.clients)")
    for name in NAMES:
        expect(client(lab.page, name).locator(".words")).to_have_text("one", timeout=30_000)
        press(client(lab.page, name), "Stop")
        expect(client(lab.page, name).locator(".status")).to_contain_text("closed · 1 event · last event ID e-1")
        expect(client(lab.page, name).get_by_role("status")).to_have_text("stopped by you")
    run_again(lab, "print(channel.clients)")
    expect(lab.output("print(channel.clients)")).to_have_text(re.compile(r"^0\s*$"))
    run_again(lab, "channel.publish('one')")
    for name in NAMES:
        press(client(lab.page, name), "Start")
        expect(client(lab.page, name).locator(".status")).to_contain_text("open")
    # The two that remember their last event ID go on; a new EventSource of the browser begins anew.
    expect(client(lab.page, NAMES[0]).locator(".words")).to_have_text("one one")
    expect(client(lab.page, NAMES[2]).locator(".words")).to_have_text("one one")
    expect(client(lab.page, NAMES[1]).locator(".words")).to_have_text("one")
    new = "a new EventSource knows no id: what was published in between is not sent again"
    expect(client(lab.page, NAMES[1]).get_by_role("status")).to_have_text(new)
    expect(client(lab.page, NAMES[1]).locator("tbody tr").first).to_have_text(new)
    for name in (NAMES[0], NAMES[2]):
        expect(client(lab.page, name).locator("tbody .note")).to_have_count(0)
    assert lab.complaints == []


def test_a_view_that_comes_later_shows_each_event_once_and_so_does_the_first(run_cells: Callable[..., Lab]) -> None:
    """The kernel answers a new view with what came before, and every view hears it, while events go on coming."""
    lab = run_cells(
        SERVER,
        "playing = server.play(channel, [str(n) for n in range(300)], every_s=0.02)",
        "kernel = KernelClient(url, on_cut=channel.cut); kernel",
        "await kernel.until(events=60)",
        "kernel",
        "await kernel.until(events=90)",
        "kernel  # a third",
        "await kernel.until(events=300 - int(kernel.texts[0]))",
        "print(kernel.texts[-1], len(kernel.texts))",
    )
    lab.wait_until_done()
    last, count = lab.output("print(kernel.texts[-1]").inner_text().split()
    views = lab.page.locator(".labkit-client")
    expect(views).to_have_count(3)
    for number in range(3):
        expect(views.nth(number).locator(".status")).to_contain_text(f"{count} events · last event ID e-300")
        shown = [int(word) for word in views.nth(number).locator(".words").inner_text().split()]
        assert len(shown) >= 100 and shown == list(range(shown[0], 300)), shown
    assert last == "299" and lab.complaints == []


def run_again(lab: Lab, source: str) -> None:
    """Runs the cell in which this stands, once more."""
    lab.page.locator(".jp-CodeCell").filter(has_text=source).first.locator(".cm-content").click()
    lab.page.keyboard.press("Control+Enter")


def test_the_servers_panel(run_cells: Callable[..., Lab], artifacts: Path) -> None:
    lab = run_cells(
        SERVER,
        CLIENTS,
        CONNECTED,
        "ServerPanel(server)",
        "playing = server.play(channel, [str(n) for n in range(1000)], every_s=0.2)",
    )
    panel = lab.page.locator(".labkit-server")
    kernel = client(lab.page, NAMES[0])
    expect(panel.locator(".status")).to_contain_text(re.compile(r"serving at http://127\.0\.0\.1:\d+ · 3 clients"))
    expect(panel).to_contain_text("python-httpx 0.28")
    expect(panel).to_contain_text(re.compile(r"Chrome \d+"))
    press(panel, "Pause")
    expect(panel.get_by_role("button", name="Go on")).to_be_visible()
    panel.get_by_label("the message to publish").fill(HOSTILE)
    lab.page.keyboard.press("Enter")
    for name in NAMES:
        expect(client(lab.page, name).locator("tbody tr").first).to_contain_text(HOSTILE)
    newest = panel.get_by_role("table", name="the newest events").locator("tbody tr").first
    lab.page.wait_for_timeout(500)  # the panel is up to a tenth of a second behind the clients
    expect(newest).to_contain_text("3 readers")
    paused_at = newest.inner_text()
    lab.page.wait_for_timeout(600)
    assert newest.inner_text() == paused_at
    press(panel, "Go on")
    expect(newest).not_to_have_text(paused_at)
    panel.get_by_role("button", name="Kick reader").nth(2).click()  # the oldest: the kernel's
    expect(panel.locator("tbody").first).to_contain_text(re.compile(r"e-\d+"))  # and it is back, and said where it was
    lab.page.screenshot(path=artifacts / "widgets-panel.png")
    press(panel, "Take it down")
    expect(panel.locator(".status")).to_contain_text(re.compile(r"down at http://127\.0\.0\.1:\d+ · 0 clients"))
    expect(kernel.get_by_role("status")).to_contain_text("no connection")
    expect(newest).to_contain_text("0 readers")
    press(panel, "Bring it up")
    expect(panel.locator(".status")).to_contain_text("3 clients", timeout=15_000)
    expect(newest).to_contain_text("3 readers")
    press(panel, "Pause")
    for name in NAMES:
        ids = client(lab.page, name).locator("tbody td:first-child").all_inner_texts()
        numbers = [int(id.removeprefix("e-")) for id in ids]
        assert all(newer == older + 1 for newer, older in pairwise(numbers)), numbers
    assert lab.page.evaluate("window.hacked") is None
    assert lab.complaints == []


TYPEWRITERS = """
    from labkit.wire import Frame
    async def streamed(last_event_id):
        for word in ["Roses ", "are ", "red, <b>", "violets ", "are ", "blue."]:
            await asyncio.sleep(0.25)
            yield Frame(data=word)
        yield Frame(data="[DONE]")
    async def lump(last_event_id):
        await asyncio.sleep(1.5)
        for word in ["Roses ", "are ", "red, <b>", "violets ", "are ", "blue."]:
            yield Frame(data='{"choices": [{"delta": {"content": "' + word + '"}}]}')
    server.replace({"/streamed": streamed, "/lump": lump})
    one = Typewriter(server.url + "/streamed", "streamed")
    two = Typewriter(server.url + "/lump", "in one lump", text_at="choices.0.delta.content")
    side_by_side(one, two)
"""


def test_two_typewriters_side_by_side(run_cells: Callable[..., Lab], artifacts: Path) -> None:
    tell = """
        await one.finished(); await two.finished()
        print(one.text == two.text, one.end_reason, "|", two.end_reason, "|", one.first_token_s < 1 < two.first_token_s)
        print(2 < one.tokens_per_s < 5, [token.text for token in one.tokens])
    """
    lab = run_cells(SERVER, TYPEWRITERS, tell)
    lab.wait_until_done()
    papers = lab.page.locator(".labkit-typewriter .paper")
    expect(papers).to_have_text(["Roses are red, <b>violets are blue."] * 2)
    shown = lab.output("one.finished()").inner_text().splitlines()
    assert shown[0] == "True finished: the answer said [DONE] | the answer ended | True"
    assert shown[1].startswith("True ['Roses ', 'are '")
    figures = lab.page.locator(".labkit-typewriter .status")
    expect(figures.nth(0)).to_have_text(
        re.compile(
            r"closed · first token after [23]\d\d ms · 6 tokens · [34]\.\d tokens a second from the question on"
            r" · all after 1\.\d s"
        )
    )
    expect(figures.nth(1)).to_have_text(
        re.compile(r"closed · first token after 1\.[567] s · 6 tokens · [34]\.\d tokens a second.*")
    )
    lab.page.screenshot(path=artifacts / "widgets-typewriters.png")
    press(lab.page.locator(".labkit-typewriter").nth(0), "Ask again")
    expect(papers.nth(0)).to_have_text("")
    expect(papers.nth(0)).to_have_text("Roses are red, <b>violets are blue.", timeout=10_000)
    assert lab.complaints == []


def test_a_guess_by_choice_and_by_number(run_cells: Callable[..., Lab]) -> None:
    lab = run_cells(
        "from labkit.widgets import predict\n(choice := predict('Which?', ['this', 'that']))",
        "number = predict('How long?', unit='s'); number",
        "print(choice.compare('that'))\nprint(number.compare(3))",
    )
    lab.wait_until_done()
    expect(lab.output("choice.compare")).to_contain_text("measured: that (no guess)")
    lab.page.get_by_label("that", exact=True).check()
    field, why = lab.page.get_by_placeholder("a number, in s"), lab.page.locator(".labkit-predict .why").nth(1)
    for text, said in (
        ("six", "this is no number yet"),
        ("6 s", ""),
        ("0,5", ""),
        ("s", "this is no number yet"),
        ("6", ""),
    ):
        field.fill(text)
        expect(why).to_have_text(said)
    run_again(lab, "choice.compare")
    expect(lab.output("choice.compare")).to_contain_text("you guessed: that ✓ as you said")
    expect(lab.output("choice.compare")).to_contain_text("measured: 3 s you guessed: 6 s ✗ 2 times too much")


#: How many events the second client has had.
COUNT = """Number(document.querySelectorAll(".labkit-client")[1].innerText.match(/(\\d+) events?/)[1])"""


def test_the_networks_panel(run_cells: Callable[..., Lab], artifacts: Path) -> None:
    relay = """
        from labkit.proxy import launch_relay
        relay = launch_relay(url)
        kernel, native = KernelClient(relay.url), BrowserClient(relay.url)
        clients = kernel, native
        playing = server.play(channel, [str(n) for n in range(1000)], every_s=0.2)
        side_by_side(*clients)
    """
    lab = run_cells(SERVER, relay, "FaultPanel(relay)", CONNECTED)
    panel = lab.page.locator(".labkit-fault")
    expect(panel.locator(".status")).to_contain_text("relaying · 2 open · fault: none", timeout=30_000)
    rows = panel.locator("tbody tr")
    for button, ended in [("Cut: end", "ended"), ("Cut: FIN", "cut by a FIN"), ("Cut: RST", "cut by a RST")]:
        expect(panel.locator(".status")).to_contain_text("2 open")
        press(panel, button)
        expect(rows.filter(has_text=ended)).to_have_count(2)
    expect(panel.locator(".status")).to_contain_text("2 open")
    panel.get_by_label("the fault").select_option("hold for a time")
    panel.get_by_label("its number").fill("1")
    panel.get_by_label("its number").press("Enter")
    expect(panel.locator(".status")).to_contain_text("fault: bytes wait 1 second, and then come together")
    panel.get_by_label("its number").fill("-1")
    press(panel, "Apply")
    expect(panel.get_by_role("status")).to_contain_text("-1 is outside: “hold for a time” takes a number (seconds)")
    panel.get_by_label("its number").fill("abc")
    press(panel, "Apply")
    expect(panel.get_by_role("status")).to_contain_text(re.compile("'abc' is no number: .* The fault stays as it was"))
    expect(panel.get_by_label("its number")).to_have_value("abc")
    expect(panel.locator(".status")).to_contain_text("2 open · fault: bytes wait 1 second, and then come together")
    expect(rows.filter(has_text="from before").filter(has_text="open")).to_have_count(2)
    before = lab.page.evaluate(COUNT)
    lab.page.wait_for_function(f"{COUNT} > {before + 8}")  # the table shows eight: all of them were held
    panel.scroll_into_view_if_needed()
    lab.page.screenshot(path=artifacts / "widgets-faults.png")
    gaps = lab.page.locator(".labkit-client").nth(1).locator("tbody td:last-child").all_inner_texts()
    assert sum(int(gap or 0) > 600 for gap in gaps) >= 1 and sum(int(gap or 0) < 50 for gap in gaps) >= 3, gaps
    panel.get_by_label("the fault").select_option("answer 502 to the next")
    # One for each client, and one for the page, which asks once more what its EventSource was told: in any order.
    panel.get_by_label("its number").fill("3")
    press(panel, "Apply")
    expect(panel.locator(".status")).to_contain_text("fault: the next 3 answers are 502")
    press(panel, "Cut: FIN")
    for one in lab.page.locator(".labkit-client").all():
        expect(one.locator(".status")).to_contain_text("closed: 502 · ", timeout=15_000)
    expect(lab.page.locator(".labkit-client").nth(1).get_by_role("status")).to_contain_text(
        "the server answered 502, and only 200 opens a stream"
    )
    expect(panel.locator(".status")).to_contain_text("over: 3 answers were 502, and what comes now passes")
    press(panel, "No fault")
    for client in lab.page.locator(".labkit-client").all():
        ids = client.locator("tbody td:first-child").all_inner_texts()
        numbers = [int(id.removeprefix("e-")) for id in ids]
        assert all(newer == older + 1 for newer, older in pairwise(numbers)), numbers
    assert lab.complaints == []


FORWARDED = """
    typed = Typewriter(url, "typed")
    direct = BrowserClient(url, route="direct")
    side_by_side(*clients[1:], typed, direct)
"""


def test_a_page_at_localhost_that_does_not_reach_the_kernel_goes_through_the_proxy(
    open_notebook: Callable[[Jupyter, str], Lab], jupyter: Jupyter
) -> None:
    """As where only Jupyter's port is forwarded: Docker's -p, ssh -L, a devcontainer."""
    jupyter.write("forwarded", SERVER, CLIENTS.replace("side_by_side(*clients)", ""), FORWARDED)
    lab = open_notebook(jupyter, "forwarded")
    own = jupyter.url.rpartition(":")[2]
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.url)
        route.abort("connectionrefused")

    elsewhere = re.compile(rf"^http://127\.0\.0\.1:(?!{own}/)")
    lab.page.route(elsewhere, refuse)
    try:
        lab.run_all()
        lab.wait_until_done()
        for name in ("EventSource, through", "fetch, GET, through"):
            box = client(lab.page, name)
            expect(box.locator(".status")).to_contain_text("open", timeout=15_000)
            expect(box.locator(".bar")).to_contain_text("for this browser does not reach the kernel's own ports")
        typed = lab.page.locator(".labkit-typewriter")
        expect(typed.locator(".status")).to_contain_text("through Jupyter's proxy", timeout=15_000)
        lab.run_more("channel.publish('over the proxy')")
        for name in ("EventSource, through", "fetch, GET, through"):
            expect(client(lab.page, name).locator(".words")).to_have_text("over the proxy")
        expect(typed.locator(".paper")).to_have_text("over the proxy")
        forced = client(lab.page, "EventSource, direct")
        expect(forced.locator(".status")).to_contain_text("connecting")
        # Nobody but the client that was told to go directly has asked at the stream.
        assert {url.partition("-")[0].rpartition("/")[2] for url in asked} == {"here", "words"}
        asked.clear()
        press(forced, "Stop")
    finally:
        lab.page.unroute(elsewhere)
    press(client(lab.page, "fetch, GET, through"), "Stop")  # the next start asks again, and the way is free now
    press(client(lab.page, "in the browser: fetch, GET"), "Start")
    expect(client(lab.page, "fetch, GET, direct").locator(".status")).to_contain_text("open", timeout=15_000)
    assert lab.complaints == []
