"""A real JupyterLab, opened in a real Chromium."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import dedent

import httpx
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, BrowserContext, Locator, Page, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from labkit.command.jupyter import command as jupyter_command
from labkit.command.jupyter import environment as jupyter_environment
from labkit.command.lessons import Place
from labkit.system.sockets import reserved_port

ROOT = Path(__file__).parent.parent.parent
TOKEN = "a-token-for-tests"
QUIET = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


# For one module, not the session: playwright's own loop runs on this thread until it is closed, and nobody else could
# call asyncio.run() meanwhile.
@pytest.fixture(scope="module")
def chromium(tool: Callable[[str], str]) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=tool("chromium"), args=QUIET)
        yield browser
        browser.close()


@dataclass
class Jupyter:
    """A running JupyterLab: its URL, and the folder that is its root."""

    url: str
    lessons: Path

    def part_of(self, lesson: str, *parts: str) -> str:
        """The name of a notebook of those code cells of a lesson that hold one of the texts: what a test needs of it,
        without the minutes that its measurements take. (nbval runs all of it.)"""
        book = nbformat.read(ROOT / "notebooks" / f"{lesson}.ipynb", as_version=4)
        missing = [part for part in parts if not any(part in cell.source for cell in book.cells)]
        assert not missing, f"{lesson} has no cell with {missing}"
        book.cells = [
            cell for cell in book.cells if cell.cell_type == "code" and any(part in cell.source for part in parts)
        ]
        nbformat.write(book, self.lessons / f"{lesson}_part.ipynb")
        return f"{lesson}_part"

    def write(self, name: str, *cells: str) -> None:
        """A notebook of these code cells."""
        book = new_notebook(cells=[new_code_cell(dedent(cell).strip()) for cell in cells])
        book.metadata["kernelspec"] = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(book, self.lessons / f"{name}.ipynb")


@pytest.fixture(scope="session")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """A JupyterLab that has the lessons in its root, as `labkit` would open it."""
    home = tmp_path_factory.mktemp("jupyter")
    shutil.copytree(ROOT / "notebooks", home / "lessons", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    with serve_jupyter(home) as running:
        yield running


@pytest.fixture(scope="session")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    """A JupyterLab as on a hub: its base_url is /user/NAME/, and its name is none of this machine's own.

    (To a page it is not: a browser takes hub.localhost for 127.0.0.1 without asking anybody.)"""
    home = tmp_path_factory.mktemp("hub")
    (home / "lessons").mkdir()
    with serve_jupyter(home, "/user/x/", "--ServerApp.allow_remote_access=True") as running:
        yield replace(running, url=running.url.replace("127.0.0.1", "hub.localhost"))


@contextmanager
def serve_jupyter(home: Path, base_url: str = "/", *options: str) -> Iterator[Jupyter]:
    """A JupyterLab whose root is home/lessons."""
    settings = home / "settings" / "@jupyterlab" / "notebook-extension"
    settings.mkdir(parents=True)
    # Every cell in the page, not only those on the screen: the tests read them all.
    (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
    place = Place(ROOT / "notebooks", home / "lessons", home / "lessons")
    # The page's own application object says when it is ready, and runs commands without a menu.
    more = [
        f"--IdentityProvider.token={TOKEN}",
        f"--ServerApp.base_url={base_url}",
        "--LabApp.expose_app_in_browser=True",
        *options,
    ]
    # Settings and state of its own: what a person has set at home must not change a test, nor a test change it.
    own = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")}
    environment = jupyter_environment() | own | {"JUPYTERLAB_SETTINGS_DIR": str(home / "settings")}
    with reserved_port() as port, (home / "jupyter.log").open("w") as log:
        command = jupyter_command(place, "", browser=False, port=port, options=more)
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}{base_url.rstrip('/')}"
            wait_until_it_answers(f"{url}/api?token={TOKEN}", process)
            yield Jupyter(url, home / "lessons")
        finally:
            process.terminate()
            process.wait(timeout=20)


# Each code cell without a number: its prompt, its source and its output; and the last error before, if one ended it all.
UNFINISHED = """[...document.querySelectorAll('.jp-CodeCell')].map(cell =>
    ['.jp-InputArea-prompt', '.cm-content', '.jp-OutputArea'].map(part => cell.querySelector(part)?.textContent ?? ''))
    .filter(([prompt]) => !/^\\[\\d+\\]:$/.test(prompt))"""
READY = """async path => {
    const panel = window.jupyterapp.shell.currentWidget;
    if (!panel?.sessionContext || panel.context.path !== path) return false;
    await panel.revealed;
    await panel.context.ready;
    await panel.sessionContext.ready;
    const kernel = panel.sessionContext.session?.kernel;
    const shown = panel.content.widgets.length > 0 && panel.isVisible;
    return shown && kernel?.status === 'idle' && kernel.connectionStatus === 'connected';
}"""
STARTED = """() => [...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')]
    .some(prompt => /\\[\\*\\]/.test(prompt.textContent))"""
OPEN = "async path => { await window.jupyterapp.commands.execute('docmanager:open', { path }); }"
# The notebook goes without a question, and its kernel with all that it serves; nobody waits for the kernel's end.
CLOSE = """() => {
    for (const panel of [...window.jupyterapp.shell.widgets('main')]) {
        const session = panel.sessionContext?.session?.id;
        panel.dispose();
        if (session) void window.jupyterapp.serviceManager.sessions.shutdown(session);
    }
    return document.querySelectorAll('.jp-CodeCell, .jp-Dialog').length;
}"""
EXECUTE = """async code => {
    const { kernel } = window.jupyterapp.shell.currentWidget.sessionContext.session;
    const { content } = await kernel.requestExecute({ code }).done;
    if (content.status !== 'ok') throw new Error(content.evalue);
}"""
LAST_ERROR = """[...document.querySelectorAll('[data-mime-type$=".stderr"]')].at(-1)?.textContent"""


@dataclass
class Lab:
    """One lesson, open in JupyterLab."""

    page: Page
    name: str
    complaints: list[str]

    def run_all(self) -> None:
        """Starts every cell, as Run All Cells does; wait_until_done() waits for them."""
        self.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(STARTED, polling=20)

    def run_more(self, code: str) -> None:
        """Runs this in the notebook's kernel, as one more cell would."""
        self.page.evaluate(EXECUTE, code)

    def save(self) -> None:
        """Saves the notebook, and waits until it is: JupyterLab asks before it closes what is not."""
        self.page.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
        self.page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")

    def reload(self) -> None:
        """Loads the page again, as it was saved."""
        self.page.reload()
        wait_until_open(self.page, self.name)

    def wait_until_done(self, seconds: float = 150) -> None:
        """Until every code cell has a number and none a star."""
        deadline_s = time.monotonic() + seconds
        while unfinished := self.page.evaluate(UNFINISHED):
            problem = f"{unfinished}; the last error: {self.page.evaluate(LAST_ERROR)}"
            assert time.monotonic() < deadline_s, problem
            self.page.wait_for_timeout(100)

    def output(self, source: str | re.Pattern[str]) -> Locator:
        """What the cell shows in whose source this text stands."""
        cell = self.page.locator(".jp-CodeCell").filter(has=self.page.locator(".jp-InputArea", has_text=source)).first
        return cell.locator(".jp-OutputArea").first


#: What JupyterLab throws when a notebook is closed before its kernel has answered all that it was asked.
JUPYTERLABS_OWN = "Canceled future for"


class Desk:
    """A page with a JupyterLab, in which one notebook after the other is opened: loading JupyterLab takes a processor
    five seconds, a notebook in it one. Each has a kernel of its own, and is closed before the next comes."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self._context, self._url = context, url
        self._page: Page | None = None
        self._complaints: list[str] = []

    def open(self, name: str) -> Lab:
        """Opens it. A page in which that takes too long, as where its kernel's connection was lost, is made anew once."""
        try:
            return self._open(name)
        except (AssertionError, PlaywrightError):
            assert self._page is not None
            self._page.close()
            self._page = None
            self._end_sessions()
        return self._open(name)

    def _end_sessions(self) -> None:
        """Ends all kernels: one that died while it started would be found again under its notebook's name."""
        own = {"Authorization": f"token {TOKEN}"}
        for session in httpx.get(f"{self._url}/api/sessions", headers=own, trust_env=False, timeout=30).json():
            httpx.delete(f"{self._url}/api/sessions/{session['id']}", headers=own, trust_env=False, timeout=30)

    def _open(self, name: str) -> Lab:
        self._complaints = []
        path = f"{name}.ipynb"
        if self._page is None:
            self._page = self._context.new_page()
            self._page.on("pageerror", self._note)
            self._page.goto(f"{self._url}/lab/tree/{path}?token={TOKEN}&reset")
        else:
            self._page.evaluate(OPEN, path)
        wait_until_open(self._page, name)
        return Lab(self._page, name, self._complaints)

    def _note(self, problem: object) -> None:
        if JUPYTERLABS_OWN not in str(problem):
            self._complaints.append(str(problem))

    def clear(self) -> None:
        """Closes the notebook, or the page where something stays behind: the next test then has a new one."""
        if self._page is None:
            return
        try:
            left = self._page.evaluate(CLOSE)
        except PlaywrightError:
            left = 1
        if left:
            self._page.close()
            self._page = None


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    yield context
    context.close()


@pytest.fixture(scope="module")
def desks(chromium: Browser) -> Iterator[dict[str, Desk]]:
    """By the URL of its JupyterLab: each has one page for all tests of a module."""
    yield (found := {})
    for desk in found.values():
        desk.clear()


@pytest.fixture
def open_notebook(chromium: Browser, desks: dict[str, Desk]) -> Iterator[Callable[[Jupyter, str], Lab]]:
    """Opens a notebook of a JupyterLab, and closes it after the test."""

    def open_it(where: Jupyter, name: str) -> Lab:
        if where.url not in desks:
            context = chromium.new_context(viewport={"width": 1280, "height": 900})
            desks[where.url] = Desk(context, where.url)
        return desks[where.url].open(name)

    yield open_it
    for desk in desks.values():
        desk.clear()


@pytest.fixture
def open_lesson(open_notebook: Callable[[Jupyter, str], Lab], jupyter: Jupyter) -> Callable[..., Lab]:
    """Opens a lesson, or of its code cells those in which one of the texts stands."""

    def open_it(name: str, *parts: str) -> Lab:
        return open_notebook(jupyter, jupyter.part_of(name, "short_errors()", *parts) if parts else name)

    return open_it


@pytest.fixture
def run_cells(open_notebook: Callable[[Jupyter, str], Lab], request: pytest.FixtureRequest) -> Callable[..., Lab]:
    """Opens a notebook of these cells and runs them all; the test waits for what it wants to see."""

    def run(*cells: str, where: Jupyter | None = None) -> Lab:
        name = re.sub(r"\W+", "_", request.node.name)
        where = where or request.getfixturevalue("jupyter")  # who has another one needs no second to be started
        where.write(name, *cells)
        lab = open_notebook(where, name)
        lab.run_all()
        return lab

    return run


def wait_until_open(page: Page, name: str) -> None:
    """Until the notebook that the page was sent to is shown, and has a kernel that is idle."""
    page.wait_for_function("() => window.jupyterapp", timeout=60_000)
    page.evaluate("async () => { await window.jupyterapp.restored; }")  # before that a key or a click is lost
    deadline_s = time.monotonic() + 45
    while not page.evaluate(READY, f"{name}.ipynb"):
        assert time.monotonic() < deadline_s, f"{name} was not opened"
        page.wait_for_timeout(50)


def wait_until_it_answers(url: str, process: subprocess.Popen[bytes], seconds: float = 40) -> None:
    deadline_s = time.monotonic() + seconds
    while True:
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, TimeoutError):
            assert process.poll() is None, "JupyterLab ended before it answered"
            assert time.monotonic() < deadline_s, "JupyterLab does not answer"
            time.sleep(0.2)
