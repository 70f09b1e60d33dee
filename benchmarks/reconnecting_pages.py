"""Libraries that reconnect for a page, in a real Chromium, while their streams break.

uv run python benchmarks/reconnecting_pages.py [--store]

It takes a minute. npm installs the libraries into a folder of the system's temporary one, once. --store keeps what was
seen in labkit/lab/recorded, where lesson 13 finds it, and the table in docs/measured.md.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from sections import store_section

from labkit.errors import LabError
from labkit.lab.lesson_13.page_server import INSTALLED, LIBRARIES
from labkit.lab.lesson_13.page_table import Habits, habits_of
from labkit.lab.lesson_13.reconnecting import watch_pages

FOLDER = Path(tempfile.gettempdir()) / "labkit-pages-node"
RECORDING = Path(__file__).parent.parent / "labkit" / "lab" / "recorded" / "reconnecting-pages.json"
COLUMNS = {
    "resumes after a cut": lambda one: one.resumes,
    "waits as `retry` says": lambda one: one.honours_retry,
    "also where it stands alone": lambda one: one.honours_retry_alone,
    "comes back after a 503 in between": lambda one: one.back_after_503,
    "after a 503 at first": lambda one: one.back_after_first_503,
    "asks again after a proper end": lambda one: one.asks_after_end,
    "repeats a POST that was cut": lambda one: one.repeats_post,
    "leaves when its tab is hidden": lambda one: one.leaves_when_hidden,
    "and repeats its POST then": lambda one: one.repeats_post_hidden,
}


def packages() -> Path:
    """The folder of npm's packages, which are installed if they are not there.

    Raises:
        LabError: npm is missing, or does not reach its registry.
    """
    found = FOLDER / "node_modules"
    if all((found / name).exists() for name in LIBRARIES.values() if name):
        return found
    npm = shutil.which("npm")
    if npm is None:
        raise LabError("npm is not installed: the libraries come from there. Install Node.js")
    FOLDER.mkdir(exist_ok=True)
    command = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--silent", *INSTALLED]
    if subprocess.run(command, cwd=FOLDER, timeout=180).returncode:
        raise LabError(f"npm could not install {' '.join(INSTALLED)}")
    return found


def table(seen: dict[str, Any], habits: list[Habits]) -> str:
    """The section of docs/measured.md."""
    named = [f"{one.library} {seen['versions'].get(one.library, '')}".strip() for one in habits]
    lines = [
        "## Libraries that reconnect for a page",
        "",
        f"What each did with its stream in {seen['browser']}, on {datetime.date.today()}, with its own defaults.",
        "Events had ids (but for `hidden-unnumbered`), and the server resumed behind them. Lost are events that the",
        "page never showed. Of datastar 1 npm has a beta: it listens to `datastar-merge-signals`, and datastar-py",
        "1.0.3 sends `datastar-patch-signals`, which it does not know; this server speaks the page's dialect.",
        "",
        f"| | {' | '.join(named)} |",
        "|---" * (len(named) + 1) + "|",
    ]
    for name, column in COLUMNS.items():
        lines.append(f"| {name} | {' | '.join('yes' if column(one) else 'no' for one in habits)} |")
    for name in ("refused", "post", "hidden", "hidden-unnumbered"):
        lines.append(f"| lost: {name} | {' | '.join(str(one.lost.get(name, 'cannot post')) for one in habits)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", action="store_true", help="into labkit/lab/recorded and docs/measured.md")
    options = parser.parse_args()
    seen = asyncio.run(watch_pages(packages()))
    habits = [habits_of(name, one) for name, one in seen["pages"].items()]
    print(table(seen, habits))
    if options.store:
        versions = ", ".join([seen["browser"], *(f"{name} {number}" for name, number in seen["versions"].items())])
        kept = {"date": f"{datetime.date.today()}", "versions": versions, "value": seen}
        RECORDING.write_text(json.dumps(kept, ensure_ascii=False) + "\n", "utf-8")
        store_section("reconnecting_pages", table(seen, habits))


if __name__ == "__main__":
    main()
