"""Real notebooks in a real Chromium that join a class board: for board.py."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from labkit.board.state import ClassState
from tests.browser.conftest import QUIET, Desk, serve_jupyter

#: Each notebook is a learner of its own, with its own memory of what was answered.
CELLS = (
    "import os\nos.environ['LABKIT_BOARD_CONSENT'] = os.environ['JPY_SESSION_NAME'].rpartition('/')[2] + '.consent'\n"
    "from labkit.check import check\nfrom labkit.widgets import predict\n"
    "guess = predict('What do the notebooks say?', ['yes', 'no', 'it depends'])\nguess",
    "def carry(token):\n    return f'data: {token}\\n\\n'\ncheck('carry', carry)",
)
CHOICES = ("yes", "no", "it depends")
ACTS_EVERY_S = 2.0


class Notebooks:
    """So many notebooks with the board's address in their environment, and the projector's page beside them.

    Call its methods on one thread.
    """

    def __init__(self, count: int, address: str) -> None:
        self.count, self.address = count, address
        self.pages: list[Page] = []
        self.last: dict[str, str] = {}
        self.checks: dict[str, int] = {}
        self.banners: dict[str, str] = {}
        self.projected = ""
        self._stack = contextlib.ExitStack()

    def open(self, projector: str) -> None:
        """Opens them, and presses Join in each."""
        os.environ["LABKIT_BOARD"] = self.address
        home = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        (home / "lessons").mkdir()
        jupyter = self._stack.enter_context(serve_jupyter(home))
        playwright = self._stack.enter_context(sync_playwright())
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=QUIET)
        self._stack.callback(browser.close)
        self._projector = browser.new_page(viewport={"width": 1600, "height": 900})
        self._projector.goto(projector)
        for number in range(self.count):
            name = f"notebook {number + 1}"
            jupyter.write(f"04_n{number}", *CELLS)
            context = browser.new_context(viewport={"width": 1100, "height": 800})
            lab = Desk(context, jupyter.url).open(f"04_n{number}")
            lab.run_all()
            lab.wait_until_done()
            lab.page.get_by_label("a nickname").fill(name)
            lab.page.get_by_role("button", name="Join", exact=True).click()
            lab.page.get_by_text(f"On the class board as {name}.").wait_for()
            self.pages.append(lab.page)
            self.checks[name] = 0

    def work(self, until_s: float) -> None:
        """Chooses and checks, one notebook after the other, until then."""
        turn = 0
        while time.monotonic() < until_s:
            for number, page in enumerate(self.pages):
                name, choice = f"notebook {number + 1}", CHOICES[(turn + number) % 3]
                page.locator(f".labkit-predict input[value='{choice}']").check()
                self.last[name] = choice
                cell = page.locator(".jp-CodeCell").nth(1)
                cell.locator(".cm-content").click()
                page.keyboard.press("Control+Enter")
                self.checks[name] += 1
                page.wait_for_timeout(1000 * ACTS_EVERY_S / len(self.pages))
            turn += 1

    def close(self) -> None:
        """Notes what is on the screens, and closes them."""
        for number, page in enumerate(self.pages):
            banner = page.locator(".labkit-board-banner span")
            self.banners[f"notebook {number + 1}"] = banner.inner_text() if banner.count() else ""
        self.projected = " ".join(self._projector.locator(".room").inner_text().split())
        self._stack.close()
        del os.environ["LABKIT_BOARD"]

    def rows(self, state: ClassState) -> list[tuple[str, Any]]:
        """What the board has of them, for the table."""
        rows: list[tuple[str, Any]] = []
        learners = {learner.name: learner for learner in state.learners.values()}
        question = next((one for one in state.questions.values() if "notebooks" in one.question), None)
        for name, done in self.checks.items():
            learner = learners[name]
            vote = question.votes.get(learner.id, "") if question is not None else ""
            tries = learner.exercises["carry"].tries
            rows.append((f"{name}: checks pressed, and kept", f"{done}, {tries}"))
            rows.append((f"{name}: its last vote is the board's", vote == self.last.get(name)))
            rows.append((f"{name}: the banner at the end", self.banners.get(name, "")))
        return [*rows, ("the projector's page at the end", self.projected)] if self.checks else rows
