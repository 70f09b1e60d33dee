"""What does a learner cost on a JupyterHub? All lessons by two users at once, in two real browser windows.

uv run --group hub python benchmarks/hub.py              # all lessons
uv run --group hub python benchmarks/hub.py 00 03 07     # those

A real hub (dummy login, simple spawner) with configurable-http-proxy from npm. Both users open the same lesson at the
same moment and run all its cells. Then: how long it took, which cells failed, what the boxes on the screen say, and
for each user the proportional memory (PSS) of the single-user server and of the kernel with all that it started, and
the processor seconds that the lesson took, and those of each minute while nobody does anything. Linux only.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from playwright.sync_api import BrowserContext, Page, sync_playwright
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests.browser.conftest import CLOSE, READY, ROOT, STARTED
from tests.browser.real_hub import Hub, missing, running_hub
from tests.chromium import QUIET

USERS = ("ann", "bob")
SHOWN = ("took_s", "processor_s", "server_mib", "kernel_mib", "peak_mib", "idle_ms_per_s", "unfinished")
LESSON_TIMEOUT_S = 300.0
#: No work for so long: nothing runs any more, though a cell was not run.
SURE_S = 5.0
IDLE_S = float(os.environ.get("LABKIT_IDLE_S", "20"))
MIB = 1024 * 1024
# After an error that a lesson shows on purpose JupyterLab takes the stars away from cells that are still to run.
WORKS = """() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.status !== 'idle' ||
    [...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')]
    .some(prompt => /\\[\\*\\]/.test(prompt.textContent))"""
LEFT = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter(({ model }) => model.type === 'code' && model.executionCount === null).length"""
ERRORS = """() => [...document.querySelectorAll('[data-mime-type$=".stderr"], [data-mime-type$=".error"]')]
    .map(output => output.textContent.trim().split("\\n").at(-1).slice(0, 120))"""
BOXES = """() => [...document.querySelectorAll('.labkit-client, .labkit-typewriter')]
    .map(box => box.querySelector('.status').textContent.slice(0, 12) + ": " + box.querySelector('.why').textContent)"""


@dataclass
class Cost:
    """What one user's lesson took: seconds, MiB (proportional), processor seconds."""

    took_s: float = 0.0
    server_mib: float = 0.0
    kernel_mib: float = 0.0
    peak_mib: float = 0.0
    processor_s: float = 0.0
    idle_ms_per_s: float = 0.0
    unfinished: int = 0
    errors: list[str] = field(default_factory=list)
    boxes: list[str] = field(default_factory=list)


def pss_mib(processes: list[psutil.Process]) -> float:
    """The memory of these, where what several share is divided among them."""
    total = 0
    for process in processes:
        try:
            total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total / MIB


def processor_s(processes: list[psutil.Process]) -> float:
    """Their processor seconds, with those of children that have ended."""
    total = 0.0
    for process in processes:
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:
            continue
    return total


@dataclass
class Learner:
    """A user of the hub, with a window of a browser."""

    name: str
    page: Page
    server: psutil.Process

    @property
    def children(self) -> list[psutil.Process]:
        return self.server.children(recursive=True)

    def open(self, hub: Hub, lesson: str) -> None:
        path = f"{lesson}.ipynb"
        self.page.goto(f"{hub.origin}/user/{self.name}/lab/tree/{path}?reset", timeout=120_000)
        self.page.wait_for_function("() => window.jupyterapp", timeout=120_000)
        self.page.evaluate("async () => { await window.jupyterapp.restored; }")
        deadline_s = time.monotonic() + 120
        while not self.page.evaluate(READY, path) and time.monotonic() < deadline_s:
            self.page.wait_for_timeout(100)

    def run(self) -> None:
        self.page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(STARTED, polling=20)


def log_in(context: BrowserContext, hub: Hub, user: str) -> Learner:
    """Logs the user in, and waits for the server."""
    main = psutil.Process(hub.process.pid)
    before = {process.pid for process in main.children(recursive=True)}
    hub.add(user)
    page = context.new_page()
    page.goto(f"{hub.origin}/hub/login")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", "any")
    page.click("input[type=submit]")
    page.wait_for_url("**/user/**", timeout=120_000)
    new = [one for one in main.children(recursive=True) if one.pid not in before]
    return Learner(user, page, next(one for one in new if "jupyterhub.singleuser" in one.cmdline()))


def measure(hub: Hub, learners: list[Learner], lesson: str) -> dict[str, Cost]:
    """Both run the lesson at once."""
    costs = {learner.name: Cost() for learner in learners}
    for learner in learners:
        learner.open(hub, lesson)
    begun = {one.name: processor_s([one.server, *one.children]) for one in learners}
    start_s = time.monotonic()
    for learner in learners:
        learner.run()
    running, working_s = list(learners), dict.fromkeys(costs, start_s)
    while running and time.monotonic() < start_s + LESSON_TIMEOUT_S:
        for learner in list(running):
            cost = costs[learner.name]
            cost.peak_mib = max(cost.peak_mib, pss_mib([learner.server, *learner.children]))
            now_s = time.monotonic()
            works, left = learner.page.evaluate(WORKS), learner.page.evaluate(LEFT)
            if works:
                working_s[learner.name] = now_s
            elif not left or now_s > working_s[learner.name] + SURE_S:
                cost.took_s = (working_s[learner.name] if left else now_s) - start_s
                running.remove(learner)
        time.sleep(0.5)
    for one in learners:
        cost, children = costs[one.name], one.children
        cost.processor_s = processor_s([one.server, *children]) - begun[one.name]
        cost.server_mib, cost.kernel_mib = pss_mib([one.server]), pss_mib(children)
        cost.unfinished = one.page.evaluate(LEFT)
        cost.errors, cost.boxes = one.page.evaluate(ERRORS), one.page.evaluate(BOXES)
    idle = {one.name: processor_s([one.server, *one.children]) for one in learners}
    time.sleep(IDLE_S)
    for one in learners:
        costs[one.name].idle_ms_per_s = (processor_s([one.server, *one.children]) - idle[one.name]) * 1000 / IDLE_S
        one.page.evaluate(CLOSE)
    return costs


def show(results: dict[str, dict[str, Cost]]) -> None:
    """Prints the table, and below it what was not as it should be."""
    console = Console(width=140)
    table = Table(title="Two users at once, the dearer of the two (memory: proportional MiB)")
    for column in (
        "lesson",
        "took, s",
        "processor, s",
        "server",
        "kernel and children",
        "peak of all",
        "idle, ms/s",
        "left",
    ):
        table.add_column(column, justify="left" if column == "lesson" else "right")
    for lesson, costs in results.items():
        worst = [max(getattr(cost, name) for cost in costs.values()) for name in SHOWN]
        table.add_row(lesson, *(f"{value:.1f}" if value < 10 and value % 1 else f"{value:.0f}" for value in worst))
    console.print(table)
    for lesson, costs in results.items():
        for user, cost in costs.items():
            for line in [*cost.errors, *cost.boxes]:
                console.print(f"{lesson} {user}: {line}", markup=False)


def main() -> None:
    if lacking := missing():
        sys.exit(lacking)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the hub and its users' servers end with it
    wanted = sys.argv[1:]
    books = [path.stem for path in sorted((ROOT / "notebooks").glob("*.ipynb"))]
    lessons = [book for book in books if not wanted or book[:2] in wanted]
    results: dict[str, dict[str, Cost]] = {}
    with tempfile.TemporaryDirectory(prefix="labkit-hub-") as home, sync_playwright() as playwright:
        settings = Path(home) / "settings" / "@jupyterlab" / "notebook-extension"
        settings.mkdir(parents=True)
        (settings / "tracker.jupyterlab-settings").write_text('{"windowingMode": "none"}')
        for user in USERS:
            shutil.copytree(ROOT / "notebooks", Path(home) / user)
        with running_hub(Path(home), JUPYTERLAB_SETTINGS_DIR=str(Path(home) / "settings")) as hub:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            contexts = [chromium.new_context(viewport={"width": 1280, "height": 900}) for _ in USERS]
            learners = [log_in(context, hub, user) for context, user in zip(contexts, USERS, strict=True)]
            for lesson in lessons:
                results[lesson] = measure(hub, learners, lesson)
                show({lesson: results[lesson]})
            chromium.close()
    show(results)


if __name__ == "__main__":
    main()
