"""The projector's page and the notebook's line, in a real Chromium: what is typed stays text, and nobody needs a reload."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from labkit.board import ClassBoard
from labkit.widgets.boardline import BoardLine

from ..chromium import in_chromium
from .conftest import QUESTION, Person

pytestmark = [pytest.mark.live, pytest.mark.browser]

HOSTILE = "<img src=x onerror='window.owned=1'>"


def test_the_room_sees_the_vote_and_only_the_secret_lifts_the_cover(
    board: ClassBoard, person: Callable[[str], Person], instructor: Person, tool: Callable[[str], str], artifacts: Path
) -> None:
    from playwright.sync_api import expect

    def visit(browser: Any) -> None:
        page = browser.new_page(viewport={"width": 1600, "height": 900})
        complaints: list[str] = []
        page.on("pageerror", lambda problem: complaints.append(str(problem)))
        page.goto(board.url)
        page.fill("#typed", "CCCCCC")
        page.keyboard.press("Enter")
        expect(page.locator("#door-why")).to_contain_text("not the code")
        page.fill("#typed", f"{board.folder.code[:3]} {board.folder.code[3:]}".lower())
        page.keyboard.press("Enter")
        expect(page.locator("#link")).to_have_text("live")
        fox, evil = person("fox"), person(HOSTILE)
        for one in (fox, evil):
            one.say("guess", **QUESTION | {"question": f"`{HOSTILE}`?"}, guess="1", lesson="04")
        expect(page.locator("#voted")).to_have_text("2 of 2 learners guessed")
        expect(page.locator("#question code")).to_have_text(HOSTILE)
        expect(page.locator(".person .name").nth(1)).to_have_text(HOSTILE[:20].strip())
        expect(page.locator("#vote-where")).to_have_text("04 what happens when it breaks")
        assert page.locator("#bars.covered .bar-count").all_inner_texts() == ["?", "?"]
        page.keyboard.press("l")  # who has no secret lifts nothing
        page.click("#be-instructor")
        page.fill("#secret", board.folder.code)
        page.keyboard.press("Enter")
        expect(page.locator("#why")).to_contain_text("not the instructor's secret")
        page.fill("#secret", board.folder.secret)
        page.keyboard.press("Enter")
        expect(page.locator("#controls")).to_be_visible()
        page.locator("#lift").click()
        expect(page.locator(".bar-count").nth(0)).to_have_text("2")
        page.fill("#notice", f"look at cell 14 {HOSTILE}")
        page.keyboard.press("Enter")
        expect(page.locator("#banner-text")).to_have_text(f"look at cell 14 {HOSTILE}")
        check = {"exercise": "carry", "level": 3, "levels": 3, "passed": True, "mistake": ""}
        fox.say("check", **check)
        fox.say("answer", exercise="carry", code=f"def carry(token):\n    return {HOSTILE!r}")
        page.locator("#show").click()
        expect(page.locator("#shown-code")).to_contain_text(HOSTILE)
        page.locator("#shown button").click()
        expect(page.locator("#shown")).to_be_hidden()
        expect(page.locator(".person.passed .stars")).to_have_text("✓ 1")
        board.folder.view._max_events = 1  # it forgets: what the page has missed is a gap, and it asks for the state
        board.server.take_down()
        board.desk.view.cut()
        expect(page.locator("#link")).to_have_text("connecting")
        hand = {"kind": "hand", "id": "h1", "notice": board.desk.notice()["id"]}
        board.server._background.run(board.desk.hear(board.desk.learner(fox.secret), [hand]))
        board.server.bring_up()
        fox.say("guess", **QUESTION | {"question": f"`{HOSTILE}`?"}, guess="2")
        expect(page.locator(".bar-count").nth(1)).to_have_text("1")  # it has resumed
        expect(page.locator("#hands")).to_have_text("1 said “me”: fox")
        page.screenshot(path=artifacts / "board.png")
        assert page.evaluate("window.owned") is None and page.locator("img").count() == 0 and complaints == []

    in_chromium(tool("chromium"), visit)


#: The widget's own module on an empty page, with a model that keeps what it is told.
SHOW = """async ([module, shown]) => {
  window.said = [];
  const heard = {};
  window.model = {
    get: () => window.shown, on: (name, act) => (heard[name] = act), off() {}, send: (message) => said.push(message),
  };
  window.draw = (shown) => { window.shown = shown; heard["change:shown"]?.(); };
  draw(shown);
  const place = document.body.appendChild(document.createElement("div"));
  const { default: widget } = await import(URL.createObjectURL(new Blob([module], { type: "text/javascript" })));
  window.leave = widget.render({ model, el: place });
}"""


def test_the_line_asks_first_and_the_banner_stands_over_the_notebook(tool: Callable[[str], str]) -> None:
    from playwright.sync_api import expect

    shown = {
        "stage": "asking",
        "why": "",
        "name": "fox",
        "code": "",
        "url": "http://10.0.0.5:8090/",
        "notice": {},
        "exercise": "",
    }

    def visit(browser: Any) -> None:
        page = browser.new_page()
        page.evaluate(SHOW, [str(BoardLine._esm), shown])
        expect(page.locator(".labkit-board")).to_contain_text(
            "Join the class board at 10.0.0.5:8090? It gets your guesses"
        )
        assert page.evaluate("said") == []
        page.get_by_label("a nickname").fill("heron")
        page.get_by_label("the code").fill("KMPR7T")
        page.get_by_role("button", name="Join", exact=True).click()
        assert page.evaluate("said.pop()") == {"ask": "join", "name": "heron", "code": "KMPR7T"}
        joined = {**shown, "stage": "joined", "name": "heron", "exercise": "carry"}
        page.evaluate("draw", joined)
        expect(page.locator(".labkit-board")).to_contain_text("On the class board as heron.")
        page.get_by_role("button", name="Show my answer to carry").click()
        notice = {"id": "n1", "text": f"who has 503? {HOSTILE}", "hands": []}
        page.evaluate("draw", {**joined, "notice": notice})
        banner = page.locator(".labkit-board-banner")
        expect(banner).to_contain_text(HOSTILE)
        banner.get_by_role("button", name="that is me").click()
        banner.get_by_role("button", name="×").click()
        expect(banner).to_have_count(0)
        page.evaluate("draw", {**joined, "notice": {**notice, "id": "n2", "text": "Ten minutes left"}})
        expect(banner).to_contain_text("Ten minutes left")
        page.get_by_role("button", name="Leave").click()
        assert [message["ask"] for message in page.evaluate("said")] == ["show", "hand", "leave"]
        page.evaluate("leave()")
        assert banner.count() == 0 and page.evaluate("window.owned") is None

    in_chromium(tool("chromium"), visit)


def test_the_line_reads_the_same_each_time_and_says_what_it_sends() -> None:
    class Nobody:
        stage, why, name, code, url, exercise = "asking", "", "", "", "http://x/", ""
        notice: dict[str, Any] = {}  # noqa: RUF012

    assert "choose a nickname and join, or not" in json.dumps(BoardLine(Nobody())._repr_mimebundle_()[0]["text/plain"])  # type: ignore[arg-type]
    assert "No code." in str(BoardLine._esm)
