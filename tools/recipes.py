"""Measures the recipes, and writes the tables of docs/recipes/README.md.

uv run python tools/recipes.py            (three minutes; node, npm and chromium are needed)
uv run python tools/recipes.py servers    (one of the two tables alone: servers, clients)
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from playwright.async_api import async_playwright

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))
sys.path.insert(0, str(ROOT / "tools"))
import recipe_clients_measured as clients  # noqa: E402
import recipe_servers_measured as servers  # noqa: E402

from tests.chromium import QUIET  # noqa: E402
from tests.recipes.recipe_clients import scripted  # noqa: E402
from tests.recipes.recipe_servers import EXPRESS, node_modules  # noqa: E402

PAGE = ROOT / "docs" / "recipes" / "README.md"


def machine() -> str:
    """The machine and the date, as the page says them."""
    release = Path("/etc/os-release").read_text() if Path("/etc/os-release").exists() else ""
    found = re.search('PRETTY_NAME="(.*)"', release)
    system = found[1] if found else platform.system()
    return f"{system}, Python {platform.python_version()}, {os.cpu_count()} processors, {datetime.date.today()}"


def packages_of_npm(*wanted: str) -> str:
    """Node's version, and those of the packages that are installed for the recipes: name@range each."""
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    said = [f"Node {node.removeprefix('v')}"]
    for package in wanted:
        name = package.partition("@")[0]
        about = node_modules(package) / "node_modules" / name / "package.json"
        said.append(f"{name} {json.loads(about.read_text('utf-8'))['version']}")
    return ", ".join(said)


def table(first: str, columns: Sequence[str], rows: Mapping[str, Mapping[str, str]]) -> str:
    """A table of Markdown: one line for each row; a cell that was not measured is a dash."""
    lines = [f"| {first} | {' | '.join(columns)} |", "|" + "---|" * (len(columns) + 1)]
    lines += [
        f"| {name} | {' | '.join(cells.get(column, '–') for column in columns)} |" for name, cells in rows.items()
    ]
    return "\n".join(lines)


def store(name: str, text: str) -> None:
    """Puts the text between the markers of this name."""
    page = PAGE.read_text("utf-8")
    begin, end = f"<!-- {name}: written by tools/recipes.py -->", f"<!-- end of {name} -->"
    before, _, rest = page.partition(begin)
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.partition(end)[2]}", "utf-8")


def measure_servers() -> None:
    rows = {}
    for row in servers.ROWS:
        name = f"[{row.name}]({row.file})"
        rows[name] = servers.measure(row, lambda what: print(what, flush=True))
        print(name, rows[name], flush=True)
    packages = ["fastapi", "uvicorn", "django", "flask", "gunicorn", "aiohttp"]
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    express = json.loads((node_modules(*EXPRESS) / "node_modules" / "express" / "package.json").read_text("utf-8"))
    measured_on = f"Measured on {machine()}; {versions}, express {express['version']}."
    store("servers", f"{table('server', servers.COLUMNS, rows)}\n\n{measured_on}")


async def measure_clients() -> None:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(scripted())
        playwright = await stack.enter_async_context(async_playwright())
        browser = await playwright.chromium.launch(executable_path=path, args=QUIET)
        measured = await clients.measure(server, browser, lambda what: print(what, flush=True))
        rows = {f"[{file}](clients/{file})": cells for file, cells in measured.items()}
        which = f"Chromium {browser.version}"
        await browser.close()
    packages = packages_of_npm("eventsource@4", "htmx.org@4")
    store(
        "clients", f"{table('client', list(clients.QUESTIONS), rows)}\n\nMeasured on {machine()}; {which}, {packages}."
    )


if __name__ == "__main__":
    wanted = sys.argv[1:] or ["servers", "clients"]
    if "servers" in wanted:
        measure_servers()
    if "clients" in wanted:
        asyncio.run(measure_clients())
