"""Each lesson's widgets in a real JupyterLab: run the cells that make them, read the screen, read what the server noted.

nbval runs every cell of every lesson, twice; here lesson 00 runs whole, twice, and of the others what a page shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from labkit.lab.texts import ALICE

from .conftest import Lab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


def numbers_in_order(client: Locator) -> list[int]:
    """The newest ids that the client shows, newest first: the test that none is missing."""
    ids = client.locator("tbody td:first-child").all_inner_texts()
    numbers = [int(id.removeprefix("alice-")) for id in ids]
    assert numbers == list(range(numbers[0], numbers[0] - 8, -1)), numbers
    return numbers


def test_lesson_00_types_words_is_cut_by_a_click_and_loses_nothing_twice(
    open_lesson: Callable[..., Lab], artifacts: Path
) -> None:
    lab = open_lesson("00_start_here")
    lab.run_all()
    clients = lab.page.locator(".labkit-client")
    kernel, browser = clients.nth(0), clients.nth(1)
    for client in (kernel, browser):
        expect(client.locator(".words")).to_contain_text("Alice was beginning", timeout=30_000)
    told = " ".join([*ALICE[:12], *ALICE])  # the beginning, and then the whole story
    browser.get_by_role("button", name="Cut all connections").click()
    for client in (kernel, browser):
        expect(client.locator(".status")).to_contain_text("connecting")
    lab.page.screenshot(path=artifacts / "lesson-00-cut.png")
    lab.wait_until_done()
    for client in (kernel, browser):
        expect(client.locator(".words")).to_have_text(told)  # in order, none lost, none doubled
        expect(client.locator(".status")).to_contain_text("69 events · last event ID alice-69")
    expect(lab.output("guess.compare(")).to_contain_text("measured: no word")
    # The server's own record: two first visits, and two more for each cut - by the click and by the call - with an id.
    noted = lab.output("list(channel.visits)").inner_text()
    visits = re.findall(r"last_event_id='(.*?)', left='(.*?)'", noted)
    assert [left for _, left in visits] == ["cut"] * 4 + [""] * 2, noted
    assert [id for id, _ in visits[:2]] == ["", ""], noted
    assert all(re.fullmatch(r"alice-\d+", id) for id, _ in visits[2:]), noted
    lab.output("list(channel.visits)").scroll_into_view_if_needed()
    lab.page.screenshot(path=artifacts / "lesson-00-done.png")

    # A guess stands beside the measurement.
    lab.page.get_by_label("those of that second").check()
    compare = lab.page.locator(".jp-CodeCell").filter(has_text="guess.compare(").first
    compare.locator(".cm-content").click()
    lab.page.keyboard.press("Control+Enter")
    expect(lab.output("guess.compare(")).to_contain_text("you guessed: those of that second")

    # All cells again, in the same kernel.
    lab.run_all()
    lab.wait_until_done()
    expect(lab.output("guess.compare(")).to_contain_text("measured: no word")
    assert "Error" not in lab.page.locator(".jp-Notebook").inner_text().replace("ValueError", "")
    assert lab.complaints == []


def test_lesson_01_bytes_arrive_at_the_slider_and_an_exercise_answers(
    open_lesson: Callable[..., Lab], artifacts: Path
) -> None:
    lab = open_lesson(
        "01_what_is_on_the_wire", 'raw = b"""', "axes = anatomy(", "WireView(raw)", 'check("split_lines", split_lines)'
    )
    lab.run_all()
    lab.wait_until_done()
    expect(lab.output('check("split_lines"')).to_contain_text("Not yet")
    expect(lab.output("axes = anatomy(").locator("img")).to_have_count(1)
    view = lab.page.locator(".labkit-wire")
    expect(view.locator("ol")).to_have_text("nothing yet")  # not a byte has arrived
    slider = view.get_by_role("slider")
    slider.focus()
    for _ in range(9):
        lab.page.keyboard.press("ArrowRight")
    expect(view.locator(".cut")).to_contain_text("9 of 112 bytes have arrived")
    expect(view.locator("dd").first).to_have_text("retry:·20")
    lab.page.keyboard.press("End")
    expect(view.locator("ol b")).to_have_text(["retry", "comment", "event", "ignored"])
    expect(view.locator("ol")).to_contain_text("price: '3.50\\nEUR'")
    expect(view.locator("ol")).to_contain_text("'colour' is no field of the standard")
    view.scroll_into_view_if_needed()
    lab.page.screenshot(path=artifacts / "lesson-01-wireview.png")
    cell = lab.page.locator(".jp-CodeCell").filter(has_text='check("split_lines"').first
    cell.locator(".cm-content").click()
    lab.page.keyboard.press("Control+A")
    lab.page.keyboard.insert_text('check("split_lines", lambda text: text.splitlines())')
    lab.page.keyboard.press("Control+Enter")
    expect(lab.output('check("split_lines"')).to_contain_text("str.splitlines()", timeout=20_000)
    cell.scroll_into_view_if_needed()
    lab.page.screenshot(path=artifacts / "lesson-01-check.png")
    assert lab.complaints == []


def test_lesson_02_the_server_notes_who_left(open_lesson: Callable[..., Lab], artifacts: Path) -> None:
    lab = open_lesson(
        "02_how_does_a_server_push",
        "class Tutorial",
        "server = launch",
        "ServerPanel(server)",
        "readers = [",
        "heard = ",
    )
    lab.run_all()
    lab.wait_until_done()
    expect(lab.output('print("the last three visits:"')).to_contain_text(
        "['client left', 'client left', 'client left']"
    )
    panel = lab.page.locator(".labkit-server")
    expect(panel.locator(".status")).to_contain_text("0 clients")
    expect(panel).to_contain_text("3 readers")
    panel.scroll_into_view_if_needed()
    lab.page.screenshot(path=artifacts / "lesson-02.png")
    assert lab.complaints == []


def test_lesson_03_three_states_on_the_screen(open_lesson: Callable[..., Lab], artifacts: Path) -> None:
    lab = open_lesson("03_what_does_a_client_do", "playing = server.play", "side_by_side(", "ServerPanel(server)")
    lab.run_all()
    lab.wait_until_done()
    clients, panel = lab.page.locator(".labkit-client"), lab.page.locator(".labkit-server")
    for number in range(2):  # eight words, so that a hole would show
        expect(clients.nth(number).locator("tbody tr")).to_have_count(8, timeout=15_000)
    panel.get_by_role("button", name="Take it down").click()
    for number in range(2):
        expect(clients.nth(number).locator(".status")).to_contain_text("connecting")
    panel.scroll_into_view_if_needed()
    lab.page.screenshot(path=artifacts / "lesson-03-down.png")
    panel.get_by_role("button", name="Bring it up").click()
    expect(panel.locator(".status")).to_contain_text("2 clients", timeout=15_000)
    for number in range(2):
        expect(clients.nth(number).locator(".status")).to_contain_text("open")
        numbers_in_order(clients.nth(number))  # none lost while it was down
    lab.page.screenshot(path=artifacts / "lesson-03.png")
    assert lab.complaints == []


def test_lesson_04_the_networks_knobs_and_both_clients(open_lesson: Callable[..., Lab], artifacts: Path) -> None:
    lab = open_lesson(
        "04_what_happens_when_it_breaks", "network = launch_relay", "side_by_side(", "FaultPanel(network)"
    )
    lab.run_all()
    lab.wait_until_done()
    panel, clients = lab.page.locator(".labkit-fault"), lab.page.locator(".labkit-client")
    for number in range(2):
        expect(clients.nth(number).locator("tbody tr")).to_have_count(8, timeout=15_000)
    panel.get_by_role("button", name="Cut: RST").click()
    for number in range(2):
        expect(clients.nth(number).get_by_role("status")).to_contain_text("the connection broke")
    expect(panel.locator(".status")).to_contain_text("2 open", timeout=15_000)
    panel.scroll_into_view_if_needed()
    lab.page.screenshot(path=artifacts / "lesson-04.png")
    for number in range(2):
        numbers_in_order(clients.nth(number))
    assert lab.complaints == []


def test_lesson_06_two_typewriters(
    open_lesson: Callable[..., Lab], artifacts: Path, tool: Callable[[str], str]
) -> None:
    tool("nginx")
    lab = open_lesson("06_who_holds_my_events_back", "classic = Nginx(", "proxy = front(", "side_by_side(Typewriter")
    lab.run_all()
    writers = lab.page.locator(".labkit-typewriter")
    for number, first_token in ((0, r"first token after \d{1,3} ms"), (1, r"first token after [345]\.\d s")):
        expect(writers.nth(number)).to_contain_text(re.compile(first_token + " · 96 tokens"), timeout=60_000)
    lab.wait_until_done()
    for number in (1, 0):
        writers.nth(number).get_by_role("button", name="Ask again").click()
    writers.nth(0).scroll_into_view_if_needed()
    halfway = "() => /· [345][0-9] tokens/.test(document.querySelector('.labkit-typewriter').textContent)"
    lab.page.wait_for_function(halfway)  # looks at each frame
    expect(writers.nth(1)).to_contain_text("no token yet")
    lab.page.screenshot(path=artifacts / "lesson-06-typewriters.png")
    assert lab.complaints == []


def test_lesson_07_tokens_type_themselves_and_come_in_lumps(
    open_lesson: Callable[..., Lab], artifacts: Path, tool: Callable[[str], str]
) -> None:
    tool("nginx")
    lab = open_lesson("07_how_do_models_stream", "chat = server.url", "buffering = front(")
    lab.run_all()
    writers = lab.page.locator(".labkit-typewriter")
    writers.nth(0).wait_for(timeout=60_000)
    writers.nth(0).scroll_into_view_if_needed()
    halfway = "() => /· [45][0-9] tokens/.test(document.querySelector('.labkit-typewriter').textContent)"
    lab.page.wait_for_function(halfway)  # looks at each frame
    lab.page.screenshot(path=artifacts / "lesson-07-typewriters.png")
    for number, first_token in ((0, r"first token after [345]\d\d ms"), (1, r"first token after 1\.\d s")):
        expect(writers.nth(number)).to_contain_text(re.compile(first_token + " · 85 tokens"), timeout=60_000)
    lab.wait_until_done()
    assert lab.complaints == []


def test_lesson_08_is_read_before_it_is_run(open_lesson: Callable[..., Lab], artifacts: Path) -> None:
    """The committed results of the lesson that measures most: a reader sees its verdicts and figures without a run."""
    lab = open_lesson("08_sse_polling_or_websocket")
    for claim in range(35, 45):
        verdict = re.compile(f"C{claim}, .*: (true|not true here|cannot be told here)\\.")
        expect(lab.output(re.compile(rf"c{claim}_\w+\("))).to_contain_text(verdict)
    expect(lab.output("decide(**needs)")).to_contain_text("pushes now and then → SSE")
    for figure in ("talk_lanes(", "ecdf("):
        expect(lab.output(figure).locator("img").first).to_be_visible()
        lab.output(figure).scroll_into_view_if_needed()
        lab.page.screenshot(path=artifacts / f"lesson-08-{figure[:4]}.png")
    assert lab.complaints == []


def test_lesson_09_the_token_by_two_clients(open_lesson: Callable[..., Lab], artifacts: Path) -> None:
    lab = open_lesson("09_who_may_listen", "server = launch", "class Private", "side_by_side(BrowserClient")
    lab.run_all()
    lab.wait_until_done()
    clients = lab.page.locator(".labkit-client")
    expect(clients.nth(0).get_by_role("status")).to_contain_text(
        "the server answered 401, and only 200 opens a stream: does it want a header"
    )
    expect(clients.nth(1).locator(".words")).to_contain_text("Alice was beginning")
    clients.nth(0).scroll_into_view_if_needed()
    lab.page.screenshot(path=artifacts / "lesson-09.png")
    assert lab.complaints == []
