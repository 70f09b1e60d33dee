"""On a hub only Jupyter's own port can be reached: what the page reads goes through Jupyter's proxy."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, expect

from labkit.command import serve
from labkit.llm import Pace, Studio
from labkit.server import Channel, launch

from .conftest import TOKEN, Jupyter, Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]

SETUP = """
    from labkit.log import MemoryLog
    from labkit.server import Channel, launch
    from labkit.widgets import *
    channel = Channel(MemoryLog(epoch="e"), retry_ms=500)
    server = launch({"/words": channel}, name="hub")
    client = BrowserClient(server.url + "/words", on_cut=channel.end)
    client
"""
PLAY = """
    await client.connected()
    server.play(channel, [f"{number} <script>window.hacked = 1</script>" for number in range(40)], every_s=0.1)
    await client.until(events=40)
    print(client.texts == [f"{number} <script>window.hacked = 1</script>" for number in range(40)])
    print([visit.last_event_id for visit in channel.visits])
"""


def test_the_browsers_client_works_and_resumes_through_the_proxy(run_cells: Callable[..., Lab], hub: Jupyter) -> None:
    lab = run_cells(SETUP, PLAY, where=hub)
    client = lab.page.locator(".labkit-client")
    expect(client.locator(".bar")).to_contain_text("through Jupyter's proxy")
    expect(client.locator(".status")).to_contain_text(re.compile(r"last event ID e-(\d|1\d)\b"), timeout=30_000)
    client.get_by_role("button", name="Cut all connections").click()
    lab.wait_until_done()
    shown = lab.output("client.connected()").inner_text()
    assert shown.startswith("True"), shown  # each event once, in order, and text all the way
    assert re.search(r"\['', 'e-\d+'\]", shown), shown
    assert lab.page.evaluate("window.hacked") is None
    assert lab.complaints == []


ALL = """
    kernel = KernelClient(server.url + "/words", on_cut=channel.end)
    fetched = BrowserClient(server.url + "/words", via="fetch", headers={"X-Lab": "1"})
    typed = Typewriter(server.url + "/answer", "a POST", method="POST", body="{}")
    from labkit.proxy import launch_relay
    network = launch_relay(server.url + "/words")
    for widget in (kernel, fetched, typed, ServerPanel(server), FaultPanel(network), WireView(b"data: a\\n\\n"), predict("?", ["x"])):
        display(widget)
"""
ANSWER = """
    from labkit.llm import Pace, Studio, model_routes
    from labkit.server import StreamHandler
    from labkit.wire import Frame, encode
    class Answer(StreamHandler):
        async def post(self):
            for word in self.request.method, " ", self.request.body.decode():
                self.write(encode(Frame(data=word)))
                await self.flush()
    server.replace({"/words": channel, "/answer": Answer, **model_routes(Studio(pace=Pace(0.02, 200.0, 0.1), words=4))})
    question = '{"stream": true, "messages": [{"role": "user", "content": "Who are you?"}]}'
    model = Typewriter(server.url + "/v1/chat/completions", "a model", method="POST", body=question, text_at="choices.0.delta.content")
    model
"""


def test_all_widgets_work_where_only_jupyters_port_is_reachable(run_cells: Callable[..., Lab], hub: Jupyter) -> None:
    lab = run_cells(SETUP, ANSWER, ALL, "for _ in (kernel, fetched): await _.connected()", where=hub)
    lab.wait_until_done()
    page = lab.page
    panel = page.locator(".labkit-server")
    panel.get_by_label("the message to publish").fill("from the panel")
    panel.get_by_role("button", name="Publish").click()
    for name in ("in the kernel", "fetch, GET, through", "EventSource, through"):
        client = page.locator(".labkit-client").filter(has_text=name)
        expect(client.locator(".words")).to_have_text("from the panel", timeout=15_000)
    asks = page.locator(".labkit-typewriter").filter(has_text="a POST")
    expect(asks.locator(".paper")).to_have_text("POST {}", timeout=15_000)
    expect(asks.locator(".status")).to_contain_text("through Jupyter's proxy")
    page.locator(".labkit-wire").get_by_role("slider").press("End")
    expect(page.locator(".labkit-wire ol")).to_contain_text("message: 'a'")
    expect(page.get_by_label("x", exact=True)).to_be_visible()
    expect(page.locator(".labkit-fault .status")).to_contain_text("relaying")
    assert lab.complaints == []
    # The model's server does not know the hub's pages. What the page says mends it.
    model = page.locator(".labkit-typewriter").filter(has_text="a model")
    says = model.get_by_role("status")
    expect(says).to_contain_text("answered 403")
    sentence = says.inner_text()
    (cure,) = re.findall(r"%env LABKIT_ORIGINS=\S+", sentence)
    assert "it does not know this page. Run %env" in sentence and "ask again" in sentence
    lab.run_more(cure)
    model.get_by_role("button", name="Ask again").click()
    expect(model.locator(".status")).to_contain_text(re.compile(r"closed · first token .* tokens"), timeout=15_000)
    # While the server is down the proxy answers in its place, and an EventSource gives up: the lesson says so.
    lab.run_more("server.take_down()")
    native = page.locator(".labkit-client").filter(has_text="EventSource, through")
    expect(native.locator(".status")).to_contain_text("closed: 500", timeout=15_000)
    lab.run_more("server.bring_up()")
    lab.run_more(
        "assert 'in the browser: it gave up (the server answered 500' in told_outage(client), told_outage(client)"
    )
    # What was stopped says so, though the proxy answers 500 in its place.
    lab.run_more("server.stop()")
    for name in ("fetch, GET, through", "EventSource, through"):
        client = page.locator(".labkit-client").filter(has_text=name)
        expect(client.get_by_role("status")).to_contain_text("the server was stopped: run the cell", timeout=15_000)


COUNT_PIECES = """() => {
    window.pieces = [];
    for (const { prototype } of [Decoder, Lines]) {
        const { feed } = prototype;
        prototype.feed = function (bytes) { pieces.push(bytes.length); return feed.call(this, bytes); };
    }
}"""


def test_the_page_that_asks_a_model_works_below_the_hubs_path(
    context: BrowserContext, hub: Jupyter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LABKIT_ORIGINS", hub.url.removesuffix("/user/x"))
    studio = Studio(pace=Pace(0.02, 200.0, 0.1), words=60)
    server = launch(serve.routes(studio, Channel()), name="page on a hub")
    try:
        page = context.new_page()
        where = f"{hub.url}/proxy/{server.port}"
        page.goto(f"{where}?token={TOKEN}")  # Jupyter's proxy adds the slash, and keeps the token as a cookie
        assert page.url.startswith(f"{where}/")
        page.evaluate(COUNT_PIECES)
        for way in ("answers", "openai", "ollama"):
            page.select_option("#way", way)
            page.click("#generate")
            expect(page.locator("#state")).to_have_attribute("data-state", "finished", timeout=15_000)
            page.check("#as-text")
            assert page.evaluate("document.querySelector('.words').textContent") == studio.newest.text
            # Jupyter's proxy holds a whole answer back, unless the request accepts an event stream and nothing else.
            assert way == "answers" or page.evaluate("pieces.splice(0).length") > 5
            assert f"{studio.newest.token_count} " in page.inner_text("#numbers")
        page.goto(f"{where}/live")
        expect(page.locator("#word")).to_have_text("open", timeout=15_000)
    finally:
        server.stop()
