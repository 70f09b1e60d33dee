"""What becomes of a learner who has gone home? Two lessons that play for ever, on a hub, until their kernels are ended.

uv run --group hub python benchmarks/hub_rest.py              # lessons 03 and 04, up to 30 minutes

A real hub (benchmarks/hub.py says which), whose users' servers end kernels that have been idle for two minutes, also
those that a page still shows. Each user runs a lesson, and then does nothing, with the page open. Every minute: whether
the kernel is there, its proportional memory and that of the single-user server, and the processor milliseconds of both
for each second. A lesson rests a quarter of an hour after its last cell; a kernel that sends nothing is idle then.
Linux only.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))
from hub import LESSON_TIMEOUT_S, WORKS, Learner, log_in, processor_s, pss_mib

from labkit.command.jupyter import environment
from tests.browser.conftest import ROOT
from tests.browser.real_hub import missing, running_hub
from tests.chromium import QUIET

LESSONS = {"ann": "03_what_does_a_client_do", "bob": "04_what_happens_when_it_breaks"}
CULLING = {"cull_idle_timeout": 120, "cull_interval": 10, "cull_connected": True}
MINUTE_S = 60.0
LONGEST_MINUTES = 30


@contextmanager
def two_learners() -> Iterator[list[Learner]]:
    """Two users of a hub that ends idle kernels, each with a window of one Chromium."""
    with tempfile.TemporaryDirectory(prefix="labkit-hub-") as folder, sync_playwright() as playwright:
        home = Path(folder)
        (home / "settings").mkdir()
        (home / "settings" / "jupyter_server_config.json").write_text(json.dumps({"MappingKernelManager": CULLING}))
        for user in LESSONS:
            shutil.copytree(ROOT / "notebooks", home / user)
        paths = os.pathsep.join([str(home / "settings"), environment({})["JUPYTER_CONFIG_PATH"]])
        with running_hub(home, JUPYTER_CONFIG_PATH=paths) as hub:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=QUIET)
            contexts = [chromium.new_context(viewport={"width": 1280, "height": 900}) for _ in LESSONS]
            learners = [log_in(context, hub, user) for context, user in zip(contexts, LESSONS, strict=True)]
            for learner in learners:
                learner.open(hub, LESSONS[learner.name])
            for learner in learners:
                learner.run()
            deadline_s = time.monotonic() + LESSON_TIMEOUT_S
            while any(one.page.evaluate(WORKS) for one in learners) and time.monotonic() < deadline_s:
                time.sleep(0.5)
            yield learners
            chromium.close()


def watch(learners: list[Learner], table: Table) -> None:
    """Adds a line each minute for each learner, until no kernel is left."""
    used = {one.name: processor_s([one.server, *one.children]) for one in learners}
    for minute in range(1, LONGEST_MINUTES + 1):
        time.sleep(MINUTE_S)
        for one in learners:
            now = processor_s([one.server, *one.children])
            per_second = (now - used[one.name]) * 1000 / MINUTE_S
            used[one.name] = now
            kernel = f"{pss_mib(one.children):.0f}" if one.children else "ended"
            row = [str(minute), LESSONS[one.name][:2], kernel, f"{pss_mib([one.server]):.1f}", f"{per_second:.1f}"]
            table.add_row(*row)
            print(*row, flush=True)
        if not any(one.children for one in learners):
            return


def main() -> None:
    """Prints the minutes as they pass, and then the table."""
    if lacking := missing():
        sys.exit(lacking)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # the hub and its users' servers end with it
    table = Table(title="A lesson that was left alone, on a hub that ends kernels after two idle minutes")
    for column in ("minute", "lesson", "kernel, MiB", "server, MiB", "processor, ms/s"):
        table.add_column(column, justify="right")
    with two_learners() as learners:
        watch(learners, table)
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
