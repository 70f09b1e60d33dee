"""Firefox: the widgets in a real JupyterLab, the page of `labkit serve`, an app, and the table of lesson 05.

What each of them does in every case is asked of Chromium; here is what must be true in another engine as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from labkit.apps import launch_app
from labkit.board import ClassBoard
from labkit.command import serve
from labkit.lab.lesson_05.ends import SCRIPT, endings, serving_all
from labkit.lab.texts import ALICE
from labkit.llm import Pace, Studio
from labkit.pages import live
from labkit.server import Channel, launch
from labkit.wire.reconnecting import TABLE

from ..apps.random_cuts import asked
from ..bidi import Firefox, FirefoxPage, a_firefox
from ..board.conftest import Person
from ..helpers import eventually
from .conftest import LAST_ERROR, OPEN, READY, TOKEN, UNFINISHED, Jupyter

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def firefox(tool: Callable[[str], str]) -> Iterator[Firefox]:
    with a_firefox(tool("firefox")) as firefox:
        yield firefox


@pytest.fixture(scope="module")
def page(firefox: Firefox) -> FirefoxPage:
    return firefox.page()


@pytest.fixture(autouse=True)
def _no_page_complains(firefox: Firefox) -> Iterator[None]:
    firefox.complaints.clear()
    yield
    assert firefox.complaints == []


def test_the_table_of_lesson_05_says_what_firefox_does(page: FirefoxPage) -> None:
    """Two seconds: a stream that is tried again after half a second is told from one that is closed."""

    async def main() -> Any:
        async with serving_all(endings()) as servers:
            given = {"servers": servers, "wait_ms": 2000}
            return await asyncio.to_thread(page.evaluate, f"async (given) => {SCRIPT}", given)

    page.goto("about:blank")
    seen = asyncio.run(main())
    assert {about: "stop" if one["state"] == 2 else "again" for about, one in seen.items()} == {
        row.situation: row.firefox for row in TABLE
    }
    assert seen["the connection breaks"]["events"] > 1 and seen["status 502"]["opened"] == 1


def test_the_live_page_heals_after_a_cut(page: FirefoxPage) -> None:
    channel = Channel(retry_ms=100)
    with launch(live.routes(channel), name="firefox") as server:
        page.goto(server.url + "/live")
        page.wait_for_text("#word", "^open$")
        channel.publish("<b>one</b>")
        page.wait_for_text("#words", "<b>one")
        page.click("#cut")
        eventually(lambda: len(channel.visits) == 2, "it comes back")
        page.wait_for_text("#word", "^open$")
        channel.publish("two")
        page.wait_for_text("#words", "one.*two")
        assert [visit.last_event_id != "" for visit in channel.visits] == [False, True]


def test_an_answer_survives_a_cut_and_a_reload(page: FirefoxPage) -> None:
    studio = Studio(pace=Pace(0.05, 100.0, 0.3), words=150)
    with launch(serve.routes(studio, Channel()), name="firefox") as server:
        page.goto(server.url + "/")
        page.click("#generate")
        eventually(lambda: studio.generations and [*studio.generations.values()][-1].token_count > 20)
        page.click("#cut")
        page.wait("document.querySelector('#state').dataset.state === 'typing'")
        page.goto(page.evaluate("location.href"))
        page.wait("document.querySelector('#state').dataset.state === 'finished'")
        page.click("#as-text")
        (generation,) = studio.generations.values()
        words = page.evaluate("[...document.querySelectorAll('#answer .words')].map(b => b.textContent).join('')")
        assert words == generation.text


def test_an_apps_page_has_all_after_a_cut_and_after_the_server_was_away(page: FirefoxPage, tmp_path: Path) -> None:
    def say(text: str) -> None:
        assert asked(server.url, "post", me="alice", text=text).status_code == 204

    items = "[...document.querySelectorAll('li')].map(li => li.textContent.replace(/^new/, '').trim()).join()"
    with launch_app("notifications", tmp_path) as server:
        page.goto(server.url + "/?me=bob")
        page.wait_for_text("#state", "^open")
        say("@bob one")
        page.wait(f"{items} === 'alice: @bob one'")
        server.stop()
        page.wait_for_text("#state", "tries again")
    with launch_app("notifications", tmp_path, port=server.port) as server:
        say("@bob two")
        page.wait(f"{items} === 'alice: @bob two,alice: @bob one'")
        page.wait_for_text("#badge", "^2$")


def test_the_boards_page_resumes_and_what_a_name_holds_stays_text(page: FirefoxPage, tmp_path: Path) -> None:
    question = {"lesson": "04", "question": "How many?", "choices": ["1", "2"], "unit": ""}
    with ClassBoard(tmp_path / "class", lessons=["04 what happens when it breaks"], name="firefox") as board:
        fox = Person(board, "secret-of-the-fox-in-firefox")
        assert fox.join("<b>fox</b>").status_code == 200
        page.goto(f"{board.url}#{board.folder.code}")
        page.wait_for_text("#link", "^live$")
        fox.say("guess", **question, guess="1")
        page.wait_for_text("#voted", "1 of 1 learner guessed")
        page.wait_for_text(".person .name", "<b>fox")
        board.server.take_down()
        board.desk.view.cut()
        page.wait_for_text("#link", "^connecting$")
        board.server.bring_up()
        fox.say("guess", **question, guess="2")
        (key,) = board.desk.state.questions
        assert Person(board, board.folder.secret).command("lift", key=key, lifted=True).status_code == 200
        page.wait("[...document.querySelectorAll('.bar-count')].map(one => one.textContent).join() === '0,1'")
        page.wait_for_text("#link", "^live$")


#: After the cells of lesson 00 that make the server and both clients: its story, told faster.
STORY = """
    await words.connected()
    await wait_until(lambda: channel.clients == 2, seconds=20)
    server.play(channel, ALICE, every_s=0.05)
    await words.until(events=20)
    channel.cut()
    await words.until(events=len(ALICE))
"""
PANEL = """
    from labkit.widgets import ServerPanel, Typewriter, side_by_side
    from labkit.wire import Frame
    async def typed(last_event_id):
        for word in ["Roses ", "are ", "red, <b>", "[DONE]"]:
            yield Frame(data=word)
    server.replace({"/words": channel, "/typed": typed})
    panel, one = ServerPanel(server), Typewriter(server.url + "/typed")
    side_by_side(panel, one)
"""
CLIENT = "[...document.querySelectorAll('.labkit-client')][n]"
#: A mark for a button that is known by its text.
MARK = f"""(n) => [...{CLIENT}.querySelectorAll('button')]
    .find((button) => button.textContent === 'Cut all connections').classList.add('cuts')"""


def test_the_widgets_of_lesson_00_lose_nothing_and_the_panel_and_a_typewriter_work(
    firefox: Firefox, jupyter: Jupyter
) -> None:
    """Fifteen seconds, most of them for JupyterLab to open in a fresh Firefox: nothing else proves the widgets there."""
    parts = ("channel = Channel(", "words = KernelClient(", "BrowserClient(server.url")
    place = jupyter.lessons / f"{jupyter.part_of('00_start_here', 'short_errors()', *parts)}.ipynb"
    book = nbformat.read(place, as_version=4)
    book.cells = [cell for cell in book.cells if cell.cell_type == "code"]
    book.cells += [new_code_cell(dedent(cell).strip()) for cell in (STORY, PANEL, "await one.finished()")]
    nbformat.write(book, place)

    lab = firefox.page()
    lab.goto(f"{jupyter.url}/lab?token={TOKEN}&reset")
    lab.wait("Boolean(window.jupyterapp)", patience_s=60)
    lab.evaluate("async () => { await window.jupyterapp.restored; }")
    lab.evaluate(OPEN, place.name)
    lab.wait(READY, place.name, patience_s=60)
    lab.evaluate("() => void window.jupyterapp.commands.execute('notebook:run-all-cells')")
    for n in (0, 1):  # the kernel's client, and the browser's own EventSource
        lab.wait(f"(n) => {CLIENT}?.querySelector('.words').textContent.includes('Alice was')", n, 60)
    lab.evaluate(MARK, 1)
    lab.click(".cuts")
    assert lab.wait(f"({UNFINISHED}).length === 0 || {LAST_ERROR} || false", patience_s=60) is True
    for n in (0, 1):
        lab.wait(f"(n) => /ID alice-{len(ALICE)}$/.test({CLIENT}.querySelector('.status').innerText)", n)
        assert lab.evaluate(f"(n) => {CLIENT}.querySelector('.words').innerText", n) == " ".join(ALICE)
    assert lab.text(".labkit-typewriter .paper") == "Roses are red, <b>"
    lab.wait_for_text(".labkit-server", "2 clients.*Firefox \\d+")
    lab.click(".labkit-server [aria-label='the message to publish']")
    lab.type("THE END\ue007")  # and Enter
    for n in (0, 1):
        lab.wait(f"(n) => {CLIENT}.querySelector('.words').innerText.endsWith('THE END')", n)
